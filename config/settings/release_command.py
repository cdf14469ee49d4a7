"""What runs once for each release, before any of its replicas starts."""

from pydantic import Field

from portico.config.settings.command import Command
from portico.config.settings.quantity import Duration, Size
from portico.config.settings.section import Section
from portico.config.settings.text import UrlPath


class ReleaseCommand(Section):
    """A command that runs once for each release, in the new image, before any new replica starts."""

    command: Command = Field(
        examples=["flask db upgrade"],
        description="The command, split into words and run without a shell. Where it fails, the release fails, and "
        "the one before it keeps serving.",
    )
    timeout: Duration = Field(
        default=Duration.parse("10m"), description="How long it may take; then it is ended, and the release fails."
    )
    rehearse: bool = Field(
        default=False,
        description="Let `portico up` try each new release on a copy of the newest proven backup first, as `portico "
        "rehearse` does, and deploy nothing where that fails. Needs `backups`.",
    )
    rehearse_paths: tuple[UrlPath, ...] = Field(
        default=(),
        description="Paths that the live and the new release are asked for in a rehearsal, besides the health path.",
    )
    memory: Size = Field(default=Size.parse("512M"), description="Memory limit of its container.")
