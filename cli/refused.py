"""What ends a command where its user has to do something first."""

import sys

import click

from portico.cli.screen import tell


class Refused(click.ClickException):
    """There is nothing to do; the message says why and what can be written. Ends with exit code 1."""

    def __str__(self) -> str:
        return self.message

    def show(self, file: object = None) -> None:
        """Print it in the words `error: ...`, with a full stop at its end."""
        end = "" if self.message.endswith((".", "!", "?", ":", "`")) or "\n" in self.message else "."
        tell(f"error: {self.message}{end}", err=True)


def translate(error: Exception) -> Exception:
    """The same as a sentence, where it is a mistake of the user or a service that does not answer; else itself."""

    # What is not loaded yet has raised nothing; to load it takes a second.
    def kind(module: str, name: str) -> type[Exception]:
        found: type[Exception] = getattr(sys.modules.get(module), name, _Never)
        return found

    if isinstance(
        error, (kind("portico.config.settings", "Mistakes"), kind("portico.config.stackfile", "UnreadableStack"))
    ):
        return Refused(str(error))
    if isinstance(error, kind("docker.errors", "DockerException")):
        return Refused(f"Docker could not be asked: {error}")
    if isinstance(error, OSError) and error.filename:
        return Refused(f"{error.filename}: {error.strerror}")
    if isinstance(error, OSError):
        return Refused(f"Docker could not be asked: {error}")
    return error


class _Never(Exception):
    """No error is one."""
