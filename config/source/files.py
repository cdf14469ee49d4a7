"""The files of an application's source, as its image will see them."""

import os
import stat
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from portico.config.mistake import Mistake, Mistakes, show_text
from portico.config.printable import spell_printable
from portico.config.source.dockerignore import Pattern, Unreadable, list_files, make_pattern, parse_ignore

# What no image wants, where the source has no .dockerignore of its own to say so.
IGNORED = (
    ".git",
    ".hg",
    ".venv",
    "venv",
    "**/__pycache__",
    "**/*.pyc",
    "**/.DS_Store",
    "**/.env",
    "**/node_modules",
    "**/.mypy_cache",
    "**/.pytest_cache",
    "**/.ruff_cache",
    ".portico",
)
# What patterns of files take at most.
_LONGEST = 1 << 20
# Places of each container that a link may lead to.
_EVERYWHERE = ("/tmp/", "/run/", "/dev/", "/proc/")


@dataclass(frozen=True)
class File:
    """A file's content and whether it is executable.

    Or, where `link` is set, what a symbolic link points to; or a `folder` that holds nothing. `modified` is when it was
    last changed, in nanoseconds, where that is known: files that differ in nothing else are the same.
    """

    content: bytes
    executable: bool = False
    link: str | None = None
    folder: bool = False
    modified: int | None = field(default=None, compare=False)

    @property
    def mode(self) -> int:
        """How it lies in an image, with its type: the umask of whoever wrote it is of no interest."""
        if self.link is not None:
            return stat.S_IFLNK | 0o777
        if self.folder:
            return stat.S_IFDIR | 0o755
        return stat.S_IFREG | (0o755 if self.executable else 0o644)


def read_source(folder: Path, without: Sequence[Pattern] = ()) -> Mapping[str, File]:
    """Read every file that belongs to the image: {path relative to `folder`: file}, sorted.

    What a pattern of `without` means is left out, unless .dockerignore takes it back in.
    A `.dockerignore` is honoured as Docker itself reads it. Symbolic links stay links; one that leaves the folder is
    refused, since nothing is there in the image. Folders that hold nothing are kept, as Docker keeps them.
    Raises Mistakes with a line that Docker would not read, or with all files that cannot be taken.
    """
    mistakes: list[Mistake] = []

    def refuse(name: str, why: str) -> None:
        mistakes.append(Mistake(_show(f"{folder.name}/{name}"), why))

    patterns = [*without, *_read_patterns(folder, refuse)]
    files: dict[str, File] = {}
    for name in sorted(list_files(folder, patterns, lambda path, error: refuse(path, _complain(folder, error)))):
        if wrong := _find_bytes(name):
            refuse(wrong, f"the name is not UTF-8; rename it, or leave it out in {folder.name}/.dockerignore")
            continue
        try:
            file = _read(folder, name)
        except OSError as error:
            refuse(name, _complain(folder, error))
            continue
        if file and file.link and _find_bytes(file.link):
            refuse(
                name, f"it links to {_show(file.link)}, a name that is not UTF-8; rename that file, and change the link"
            )
        elif file and file.link and _leaves(folder, name, file.link):
            refuse(
                name,
                f"it links to {_show(file.link)}, which is not in the folder that the image is built from; put a copy "
                f"there, write context: with a folder above both, or leave it out in {folder.name}/.dockerignore",
            )
            continue
        if file:
            files[name.rstrip("/")] = file
    if mistakes:
        raise Mistakes(mistakes)
    return files


def tell_unreadable(error: OSError) -> Mistake:
    """What is wrong where a file of a source was looked at before all of them are."""
    return Mistake(_show(str(error.filename)), f"it cannot be read ({error.strerror}); give yourself read permission")


def _read_patterns(folder: Path, refuse: Callable[[str, str], None]) -> list[Pattern]:
    file = folder / ".dockerignore"
    try:
        # A pipe would be waited for, and a device has no end.
        if not stat.S_ISREG(found := file.stat().st_mode) and not stat.S_ISDIR(found):
            refuse(".dockerignore", "it is not a file; write one, or remove it")
            return []
        if file.stat().st_size > _LONGEST:
            refuse(".dockerignore", f"it is longer than {_LONGEST >> 20} MB; write folders, or fewer of them")
            return []
        text = file.read_text("utf-8", "surrogateescape")
        return [make_pattern(".portico"), *parse_ignore(text)]
    except (FileNotFoundError, IsADirectoryError):
        pass
    except Unreadable as error:
        text = f"{show_text(str(error))} {error.why}"
        raise Mistakes([Mistake(_show(f"{folder.name}/.dockerignore"), text)]) from None
    except OSError as error:
        refuse(".dockerignore", f"it cannot be read ({error.strerror}); give yourself read permission")
    return [make_pattern(line) for line in (*IGNORED, *_list_environments(folder))]


def _list_environments(folder: Path) -> list[str]:
    """Virtual environments of any name, in the folder or one below it: each has a file that says so."""
    found = []
    for pattern in ("*/pyvenv.cfg", "*/*/pyvenv.cfg"):
        for mark in folder.glob(pattern):
            name = str(mark.parent.relative_to(folder))
            found += [name] if name.isascii() and not set(name) & set("*?[]\\!#") else []
    return found


def _read(folder: Path, name: str) -> File | None:
    """What lies at `name`; None where an image has nothing there. Raises OSError."""
    path = folder / name
    found = path.lstat()
    if stat.S_ISLNK(found.st_mode):
        return File(b"", link=os.readlink(path))
    if stat.S_ISDIR(found.st_mode):
        return File(b"", folder=True)
    if not stat.S_ISREG(found.st_mode):
        return None
    return File(path.read_bytes(), bool(found.st_mode & stat.S_IXUSR), modified=found.st_mtime_ns)


def _leaves(folder: Path, name: str, target: str) -> bool:
    """Whether a link leads out of `folder`, and to no place that every image has."""
    inside = folder.resolve()
    if os.path.isabs(target):
        return not target.startswith(_EVERYWHERE)
    # normpath, not resolve: links may lead to one another in a circle.
    reached = os.path.normpath(inside / os.path.dirname(name) / target)
    return not Path(reached).is_relative_to(inside)


def _complain(folder: Path, error: OSError) -> str:
    why = f"it cannot be read ({error.strerror})"
    return f"{why}; give yourself read permission, or leave it out in {folder.name}/.dockerignore"


def _find_bytes(name: str) -> str | None:
    """The path down to the first part of `name` that is no text; None where all of it is."""
    parts = name.rstrip("/").split("/")
    for count, part in enumerate(parts, 1):
        try:
            part.encode()
        except UnicodeEncodeError:
            return "/".join(parts[:count])
    return None


def _show(name: str) -> str:
    """A file's name so that it can be printed: bytes that are no text, such as \\xe9, by their numbers.

    Of a very long one its beginning and its end.
    """
    shown = spell_printable(os.fsencode(name).decode("utf-8", "backslashreplace"))
    return shown if len(shown) <= 600 else f"{shown[:300]}…{shown[-200:]}"
