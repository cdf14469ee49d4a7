"""Where a source lies, what its image is built from, and how its files are named to people."""

import os
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import Any, Final

from portico.config.mistake import Mistake
from portico.config.printable import spell_printable

# Where the context of a Dockerfile that Portico writes lies in the image.
APP: Final = PurePosixPath("/app")
# What says how a source is installed: a lock more than a list, and a list more than what a project wishes.
LOCKS: Final = ("uv.lock", "poetry.lock", "pdm.lock", "pylock.toml", "Pipfile.lock")
OTHERS: Final = ("requirements.txt", "pyproject.toml", "setup.py", "setup.cfg")
FORMS: Final = ("Dockerfile", "Pipfile", *LOCKS, *OTHERS)
# A Dockerfile and a shell take these as they are.
_PLAIN = re.compile(r"[A-Za-z0-9._/+@-]+")


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

    def afresh(self) -> "Place":
        """The same with nothing found yet."""
        return replace(self, found=[])

    def check(self) -> None:
        """Note that the source's name cannot stand in a Dockerfile."""
        if not _PLAIN.fullmatch(str(self.below)):
            said = "its name, from the context, holds characters that mean something else in a Dockerfile"
            self.refuse(self.source, f"{said}; use letters, digits and . _ + @ - in the names of its folders")

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
        plain = spell_printable(plain)
        said = spell_printable(text)
        self.found.append(Mistake(f"{plain}:{line}" if line else plain, said[:600]))


def place_source(root: Path, site: Mapping[str, Any]) -> Place:
    """The place of a site's source, by the site's settings as far as they are known; paths count from `root`.

    An image that the stack names counts as nobody's choice, as the stack has one by default.
    """
    source = Path(os.path.normpath(root / site["source"]))
    context = site.get("context")
    return Place(
        source=source,
        context=Path(os.path.normpath(source.absolute() / context)) if context else source,
        requirements=site.get("requirements"),
        extras=tuple(site.get("extras") or ()),
        variables=tuple(site.get("build_secrets") or ()),
        image=site.get("python_image"),
    )
