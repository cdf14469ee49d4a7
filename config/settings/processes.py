"""What an application runs besides the processes that answer requests."""

from pydantic import Field, field_validator
from pydantic_core import PydanticCustomError

from portico.config.settings.origin import Origin
from portico.config.settings.release_command import ReleaseCommand
from portico.config.settings.secrets_as import SecretsAs
from portico.config.settings.worker import Worker


class Processes(Origin):
    """The processes of an application: what they share, and those that run beside the web's."""

    secrets_as: SecretsAs = Field(
        default="files",
        description="How its processes get the site's secrets: `environment` sets them as variables too, beside the "
        "files; for all of them, or by name.",
    )
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
