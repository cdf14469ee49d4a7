"""Where a source lies, what its image is built from, and how its files are named to people."""

import os
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from config.settings.mistake import Mistake

# Where the context of a Dockerfile that Portico writes lies in the image.
APP = PurePosixPath("/app")


@dataclass(frozen=True, kw_only=True)
class Place:
    """A source and what its site says of its installation.

    `context` is the folder that the image is built from, the source itself or one above. `requirements` names the file
    in it that says what is installed, None for the one that is found. `extras` are those of the project, `variables`
    the names that a build has besides in its environment. `image` is Python's image, None where nobody chose one.
    """

    source: Path
    context: Path
    requirements: str | None = None
    extras: tuple[str, ...] = ()
    variables: Collection[str] = ()
    image: str | None = None
    found: list[Mistake] = field(default_factory=list, compare=False)

    @classmethod
    def of(cls, source: Path, context: str | None = None, **more: object) -> "Place":
        """The place of `source`; `context` counts from it."""
        folder = Path(os.path.normpath(source / context)) if context else source
        return cls(source=source, context=folder, **more)  # type: ignore[arg-type]

    @property
    def below(self) -> PurePosixPath:
        """The source, as a path inside the context."""
        return PurePosixPath(os.path.relpath(self.source.resolve(), self.context.resolve()))

    @property
    def workdir(self) -> PurePosixPath:
        """The source's folder in an image that Portico describes."""
        return APP / self.below

    def find(self, path: Path) -> PurePosixPath | None:
        """Where `path` lies in the context; None where that is outside."""
        inside = os.path.relpath(os.path.normpath(path.absolute()), self.context.absolute())
        return None if inside == ".." or inside.startswith("../") else PurePosixPath(inside)

    def refuse(self, path: Path, text: str, line: int | None = None) -> None:
        """Note that the file at `path` cannot be used, and what to write instead."""
        shown = f"{self.source.name}/{os.path.relpath(path, self.source)}"
        plain = os.fsencode(shown).decode("utf-8", "backslashreplace")
        plain = "".join(one if one.isprintable() else one.encode("unicode_escape").decode() for one in plain)
        said = "".join(one if one.isprintable() else one.encode("unicode_escape").decode() for one in text)
        self.found.append(Mistake(f"{plain}:{line}" if line else plain, said[:600]))
