"""A real clone of the project: what `git clone` gives, with the changes that nobody has committed yet.

Set-up finds nothing to install in it. `.tools` and `.venv` are folders of the clone's own, and what lies in them leads
to what this checkout has: neither `make clean` there nor a new environment can reach through them.
"""

import os
import shutil
import subprocess
from pathlib import Path
from typing import Final

from tests.docker.command import ROOT

# Of one place each: paths of this checkout, what its commands have said, and the daemon that it has started, which a
# clone must not stop.
_OWN: Final = ("env", "setup.log", "logs", "dockerd.")


def make_clone(folder: Path, source: Path = ROOT) -> None:
    """Fill `folder` with a clone, beside what it may hold already."""
    new = folder / ".clone"
    _git(source, "clone", "--quiet", str(source), str(new))
    _bring_changes(source, new)
    _bring_bytecode(source, new)
    for entry in new.iterdir():
        entry.rename(folder / entry.name)
    new.rmdir()
    for installed in (".venv", ".tools"):
        _share(source / installed, folder / installed)
    # Pulumi writes into its home, beside the plugins that set-up has put there.
    home = folder / ".tools" / "pulumi"
    home.unlink()
    home.mkdir()
    (home / "plugins").symlink_to(source / ".tools" / "pulumi" / "plugins")


def _bring_changes(source: Path, clone: Path) -> None:
    """What differs from the last commit, files that git does not know yet among it; ignored ones are nobody's."""
    changed = _git(source, "diff", "--name-only", "--no-renames", "-z", "HEAD").split("\0")
    new = _git(source, "ls-files", "--others", "--exclude-standard", "-z").split("\0")
    for path in filter(None, (*changed, *new)):
        there = clone / path
        there.unlink(missing_ok=True)
        if (source / path).is_symlink() or (source / path).exists():
            there.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source / path, there, follow_symlinks=False)


def _bring_bytecode(source: Path, clone: Path) -> None:
    """What Python has compiled of the modules: it takes them for the same where their times and sizes are.

    Half a second of a processor for each clone; that a new one compiles them itself is seen by `make test-bare`.
    """
    for package in ("cli", "components", "config"):
        for compiled in (source / package).rglob("__pycache__"):
            if (there := clone / compiled.parent.relative_to(source)).is_dir():
                shutil.copytree(compiled, there / compiled.name)
                for module in compiled.parent.glob("*.py"):
                    if (there / module.name).is_file():
                        time = module.stat().st_mtime_ns
                        os.utime(there / module.name, ns=(time, time))


def _share(installed: Path, folder: Path) -> None:
    """Make a folder of its own: its files are copies, its folders lead to those that are installed."""
    folder.mkdir()
    for entry in installed.iterdir():
        if entry.name.startswith(_OWN):
            continue
        if entry.is_dir():
            (folder / entry.name).symlink_to(entry)
        else:
            shutil.copy2(entry, folder)


def _git(source: Path, *words: str) -> str:
    done = subprocess.run(["git", *words], cwd=source, check=True, stdout=subprocess.PIPE, text=True)
    return done.stdout
