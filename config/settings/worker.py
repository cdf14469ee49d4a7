"""A process of an application that answers no requests: a queue's worker, a beat, a consumer."""

from collections.abc import Iterator
from typing import Annotated

from pydantic import Field

from portico.config.settings.command import Command
from portico.config.settings.quantity import Duration, Size
from portico.config.settings.section import Section
from portico.config.settings.text import grammar

ProcessName = Annotated[
    str,
    grammar(
        "the name of a process",
        r"(?!(web|release)$)[a-z]([a-z0-9-]{0,30}[a-z0-9])?",
        "write 1 to 32 lower-case letters, digits and dashes, starting with a letter, such as queue; "
        "web and release are taken",
    ),
]


class Worker(Section):
    """A process beside the web's: the same image, secrets, data and network, and no NGINX in front."""

    name: ProcessName = Field(examples=["queue"], description="Its name, for `--process` and in container names.")
    command: Command = Field(
        examples=["celery --app shop.jobs worker"], description="The command, split into words and run without a shell."
    )
    replicas: int = Field(default=1, ge=1, le=32, description="Containers that run it.")
    single: bool = Field(
        default=False,
        description="Never two at once, such as Celery's beat: the old one ends before the new one begins.",
    )
    stop: Duration = Field(
        default=Duration.parse("30s"),
        description="How long it has to end after SIGTERM, then it is killed. Write more than the longest job takes.",
    )
    memory: Size = Field(default=Size.parse("512M"), description="Memory limit of each of its containers.")

    def tell_clashes(self) -> Iterator[str]:
        """See Section."""
        if self.single and self.replicas != 1:
            yield f"single means one container, and replicas is {self.replicas}; leave one of them out"
