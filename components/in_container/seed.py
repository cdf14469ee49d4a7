"""Runs on ECS before an application that has data: a folder that is new begins with what the image has there.

The arguments are "volume=path": where the shared folder is here, and where the application finds it. Several tasks may
begin at the same time: one of them fills a folder, and the others wait for it.
"""

import shutil
import sys
import time
from pathlib import Path

# The image's files are copied here first; it is removed once all of them are in their place.
PARTIAL = ".portico-first"
# In each folder that was looked at once.
MARK = ".portico"
WHY = "Portico keeps this file here: it tells that the folder has begun with what the first image had.\n"
# Seconds after which the task that fills it counts as lost.
PATIENCE = 120.0
PAUSE = 0.5


def seed(volume: Path, source: Path) -> None:
    """Fill a folder that nobody had before with the image's files."""
    if (volume / MARK).exists():
        return
    if Path.cwd().is_relative_to(source):
        # The image's own WORKDIR: later releases would never be seen.
        sys.exit(f"data at {source} would hide the application itself, which is in {Path.cwd()}; write another path")
    if found := next((one for one in (source, *source.parents) if one.exists() and not one.is_dir()), None):
        sys.exit(f"data at {source}: {found} is a file of the image; write the path of a folder")
    partial = volume / PARTIAL
    # What was put there in another way is left as it is.
    if {one.name for one in volume.iterdir()} <= {PARTIAL} and begin(volume, partial):
        for entry in source.iterdir() if source.is_dir() else ():
            bring(entry, partial / entry.name, volume / entry.name)
        shutil.rmtree(partial, ignore_errors=True)
    if not (volume / MARK).exists():
        (volume / MARK).write_text(WHY)


def begin(volume: Path, partial: Path) -> bool:
    """Whether this task has to fill it; if another one does, wait for that."""
    try:
        partial.mkdir()
        return True
    except FileExistsError:
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            if (volume / MARK).exists():
                return False
            time.sleep(PAUSE)
        return True


def bring(entry: Path, copy: Path, target: Path) -> None:
    """Copy one entry, which appears when it is whole; what is there already stays."""
    if target.is_symlink() or target.exists():
        return
    if copy.is_dir() and not copy.is_symlink():
        shutil.rmtree(copy)
    copy.unlink(missing_ok=True)
    if entry.is_dir() and not entry.is_symlink():
        shutil.copytree(entry, copy, symlinks=True, copy_function=shutil.copy)
    else:
        shutil.copy(entry, copy, follow_symlinks=False)
    copy.rename(target)


for word in sys.argv[1:]:
    place, _, path = word.partition("=")
    seed(Path(place), Path(path))
