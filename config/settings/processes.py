"""What an application runs besides the processes that answer requests."""

from pydantic import Field, field_validator
from pydantic_core import PydanticCustomError

from portico.config.settings.origin import Origin
from portico.config.settings.release_command import ReleaseCommand
from portico.config.settings.worker import Worker


class Processes(Origin):
    """The further processes of an application: each is a container of the same release with another command."""

    release: ReleaseCommand | None = Field(
        default=None, description="A command that runs once for each release, before it goes live."
    )
    workers: tuple[Worker, ...] = Field(
        default=(), description="Processes that answer no requests, such as the workers of a queue."
    )

    @field_validator("workers")
    @classmethod
    def _refuse_twin_workers(cls, value: tuple[Worker, ...]) -> tuple[Worker, ...]:
        names = [worker.name for worker in value]
        if twin := next((name for name in names if names.count(name) > 1), None):
            raise PydanticCustomError("twin", '"{name}" names two workers; write another name', {"name": twin})
        return value
