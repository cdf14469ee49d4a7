"""What runs once for each release, before any of its replicas starts."""

from pydantic import Field

from portico.config.settings.command import Command
from portico.config.settings.quantity import Duration, Size
from portico.config.settings.section import Section


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
    memory: Size = Field(default=Size.parse("512M"), description="Memory limit of its container.")
