"""Runs before files.py where a site has data: takes over what the image has, and gives the folders to the site's user.

The arguments after files.py's own are "volume=path": where a volume is here, and where the application finds it.
"""

import errno
import os
import shutil
import stat
import struct
import sys
from pathlib import Path

NGINX = 101  # NGINX's user: it reads what has a URL, whatever mode the application's umask gives new files
# The image's files are copied here first; it is removed once all of them are in their place.
PARTIAL = ".portico-first"
# In each volume: into one that is empty, Docker copies the image's files each time that a container is made, and gives
# the folder to the image's user.
MARK = ".portico"
WHY = "Portico keeps this file here: each new container would fill an empty folder again, and change its owner.\n"


def take_over(volume: Path, source: Path, owner: int) -> None:
    """Fill a volume that nobody had before with the image's files, and give all of it to the owner.

    The folder itself is given last: its owner shows that all was done, also where this was interrupted.
    """
    if volume.stat().st_uid == owner:
        if not any(volume.iterdir()):
            mark(volume)
            os.chown(volume / MARK, owner, owner)
        return
    if Path.cwd().is_relative_to(source):
        # The image's own WORKDIR: later releases would never be seen.
        sys.exit(f"data at {source} would hide the application itself, which is in {Path.cwd()}; write another path")
    if found := next((one for one in (source, *source.parents) if one.exists() and not one.is_dir()), None):
        # Nothing could be mounted there, and Docker's own message would not help.
        sys.exit(f"data at {source}: {found} is a file of the image; write the path of a folder")
    partial = volume / PARTIAL
    if source.is_dir() and not any(volume.iterdir()):
        partial.mkdir()
    if partial.is_dir():
        fill(volume, source, partial)
    mark(volume)
    give(volume, owner)


def mark(volume: Path) -> None:
    """Make sure that the volume is never empty; a link of that name is not followed."""
    (volume / MARK).unlink(missing_ok=True)
    with open(os.open(volume / MARK, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o444), "w") as file:
        file.write(WHY)


def fill(volume: Path, source: Path, partial: Path) -> None:
    """Copy what is not there yet; each entry appears when it is whole."""
    for entry in source.iterdir():
        copy, target = partial / entry.name, volume / entry.name
        if target.is_symlink() or target.exists():
            continue
        if copy.is_dir() and not copy.is_symlink():
            shutil.rmtree(copy)
        copy.unlink(missing_ok=True)
        if entry.is_dir() and not entry.is_symlink():
            shutil.copytree(entry, copy, symlinks=True)
        else:
            shutil.copy2(entry, copy, follow_symlinks=False)
        copy.rename(target)
    shutil.rmtree(partial)


def give(volume: Path, owner: int) -> None:
    """Give everything below to the owner, and let NGINX read what others may read; no link is followed."""
    lists = True
    for _, folders, files, at in os.fwalk(volume, topdown=False, follow_symlinks=False):
        for name in (*folders, *files):
            os.chown(name, owner, owner, dir_fd=at, follow_symlinks=False)
            mode = os.stat(name, dir_fd=at, follow_symlinks=False).st_mode
            lists = lists and admit(name, at, mode, mode >> 3 & 7 | mode & 7)
    at = os.open(volume, os.O_RDONLY | os.O_DIRECTORY)
    lists = lists and admit(".", at, stat.S_IFDIR | 0o700, 5)
    if not lists:
        # A file system that keeps no lists: NGINX may pass, and reads what anybody may read.
        os.fchmod(at, 0o710)
    os.fchown(at, owner, owner if lists else NGINX)
    os.close(at)


def admit(name: str, at: int, mode: int, mask: int) -> bool:
    """Let NGINX read a file or folder as far as the mask goes, and all that is made in a folder later.

    So the umask of whoever makes it takes nothing away, while a mode that is asked for does: a file of mode 0600 is the
    application's alone. False where the file system keeps no lists of users.
    """
    if not stat.S_ISDIR(mode) and not stat.S_ISREG(mode):
        return True
    file = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=at)
    try:
        os.setxattr(file, "system.posix_acl_access", spell(mode >> 6 & 7, mode >> 3 & 7, mask, mode & 7))
        if stat.S_ISDIR(mode):
            os.setxattr(file, "system.posix_acl_default", spell(7, 5, 5, 0))
    except OSError as error:
        if error.errno != errno.ENOTSUP:
            raise
        return False
    finally:
        os.close(file)
    return True


def spell(owner: int, group: int, mask: int, others: int) -> bytes:
    """A list with NGINX's user in it, as the kernel takes it (acl(5)): each entry a kind, what it may, and a number."""
    nobody = 0xFFFFFFFF
    entries = ((1, owner, nobody), (2, 5, NGINX), (4, group, nobody), (16, mask, nobody), (32, others, nobody))
    return struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *entry) for entry in entries)


for word in sys.argv[8:]:
    place, _, path = word.partition("=")
    take_over(Path(place), Path(path), int(sys.argv[3]))
del sys.argv[8:]
