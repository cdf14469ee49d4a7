"""A real clone of the project: what `git clone` gives, with the changes that nobody has committed yet.

Set-up finds nothing to install in it. `.tools` and `.venv` are folders of the clone's own, and what lies in them leads
to what this checkout has: neither `make clean` there nor a new environment can reach through them.
"""

import shutil
import subprocess
from pathlib import Path
from typing import Final

from tests.docker.command import ROOT

# Of one place each: paths of this checkout, and the daemon that it has started, which a clone must not stop.
_OWN: Final = ("env", "setup.log", "dockerd.")


def make_clone(folder: Path) -> None:
    """Fill `folder` with a clone, beside what it may hold already."""
    new = folder / ".clone"
    _git("clone", "--quiet", str(ROOT), str(new))
    _bring_changes(new)
    for entry in new.iterdir():
        entry.rename(folder / entry.name)
    new.rmdir()
    for installed in (".venv", ".tools", ".tools/pulumi"):
        _share(ROOT / installed, folder / installed)


def _bring_changes(clone: Path) -> None:
    """What differs from the last commit, files that git does not know yet among it; ignored ones are nobody's."""
    changed = _git("diff", "--name-only", "-z", "HEAD").split("\0")
    new = _git("ls-files", "--others", "--exclude-standard", "-z").split("\0")
    for path in filter(None, (*changed, *new)):
        there = clone / path
        there.unlink(missing_ok=True)
        if (ROOT / path).is_symlink() or (ROOT / path).exists():
            there.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / path, there, follow_symlinks=False)


def _share(installed: Path, folder: Path) -> None:
    """Make a folder of its own: its files are copies, its folders lead to those that are installed."""
    if folder.is_symlink():
        folder.unlink()
    folder.mkdir()
    for entry in installed.iterdir():
        if entry.name.startswith(_OWN):
            continue
        if entry.is_dir():
            (folder / entry.name).symlink_to(entry)
        else:
            shutil.copy2(entry, folder)


def _git(*words: str) -> str:
    done = subprocess.run(["git", *words], cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True)
    return done.stdout
