"""What an application runs besides the processes that answer requests."""

from typing import Final

from pydantic import Field

from portico.config.settings.job import Job
from portico.config.settings.origin import Origin
from portico.config.settings.release_command import ReleaseCommand
from portico.config.settings.secrets_as import SecretsAs
from portico.config.settings.worker import Worker

# What runs the jobs is a process like any worker, and has this name.
SCHEDULE: Final = "schedule"


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

    schedule: tuple[Job, ...] = Field(
        default=(), description="Commands that run at times of their own, such as each night."
    )
