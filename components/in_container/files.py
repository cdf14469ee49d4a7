"""Runs once in a release's own image: writes the static files and the folder of sockets into shared volumes."""

import gzip
import hashlib
import os
import shutil
import sys
from fnmatch import fnmatch
from pathlib import Path

site, release, uid, static, url, compress, hidden = sys.argv[1:]
EDGE = 101  # NGINX's group: it may enter the folder of sockets, other sites may not
TEXTS = ".css .js .mjs .json .svg .txt .html .xml .map .webmanifest .ico .wasm .md"
# NGINX makes an ETag of a file's time and size. So the time follows from the content: the same file has the same ETag
# and Last-Modified in every release and on every machine. It is one of 2020 to 2024, never in the future.
BEGIN, SECONDS = 1_577_836_800, 1 << 27
OWN = ("/dev/", "/proc/", "/run/", "/sys/", "/tmp/")  # what is there belongs to a container, not to its image
OUT = "->.."  # among the hidden patterns: a link may not point out of the folder
KEPT = 5  # static files of this many releases stay, for pages that were opened before

folder = Path("/run/portico") / site
if not folder.is_dir():
    folder.mkdir()
    folder.chmod(0o750)
os.chown(folder, int(uid), EDGE)


def leave_out(folder: str, names: list[str]) -> list[str]:
    """Of the names in a folder, those that are not published."""
    # By their real names: links may point to one another in a circle.
    above = {os.path.realpath(one) for one in (Path(folder), *Path(folder).parents)}
    return [name for name in names if is_hidden(name) or misleads(Path(folder, name), above)]


def is_hidden(path: str) -> bool:
    """Whether a name of the path is one of those that are never published."""
    return any(fnmatch(name.lower(), pattern) for name in path.split("/") for pattern in hidden.split())


def misleads(path: Path, above: set[str]) -> bool:
    """Whether it is a link to nothing, to a folder that it lies in, to what is this container's, or hidden."""
    if not path.is_symlink():
        return False
    real, base = os.path.realpath(path), os.path.realpath(static)
    if not os.path.exists(real) or real in above or real.startswith(OWN):
        return True
    shared = os.path.commonpath([real, base])
    # config/source/published.py takes the same links out of what the image is built from.
    return (shared != base and OUT in hidden.split()) or is_hidden(os.path.relpath(real, shared))


def pack(path: Path) -> None:
    """Write a compressed file beside a text."""
    packed = path.with_name(f"{path.name}.gz")
    packed.write_bytes(gzip.compress(path.read_bytes(), 9, mtime=0))


def date(path: Path) -> None:
    """Give a file the time that follows from its content; a compressed one has that of the file beside it."""
    plain = path.with_suffix("")
    digest = hashlib.sha256()
    with (plain if path.suffix == ".gz" and plain.is_file() else path).open("rb") as file:
        while part := file.read(1 << 20):
            digest.update(part)
    moment = BEGIN + int.from_bytes(digest.digest()[:8], "big") % SECONDS
    os.utime(path, (moment, moment))


if static != "-":
    served = Path("/srv/static") / site
    served.mkdir(exist_ok=True)
    target, partial = served / release, served / f".{release}"
    shutil.rmtree(partial, ignore_errors=True)
    shutil.copytree(static, partial / url.strip("/"), ignore=leave_out)
    for path in list(partial.rglob("*")) if compress == "compress" else ():
        # Below 1 KiB a compressed file saves no packet.
        if path.suffix in TEXTS.split() and path.stat().st_size >= 1024:
            pack(path)
    for path in [partial, *partial.rglob("*")]:
        path.chmod(0o755 if path.is_dir() else 0o644)
        if path.is_file():
            date(path)
    shutil.rmtree(target, ignore_errors=True)
    partial.rename(target)
    os.utime(target)
    past = sorted(served.iterdir(), key=lambda path: path.stat().st_mtime)
    for path in past[:-KEPT]:
        shutil.rmtree(path, ignore_errors=True)

incoming = Path("/incoming")
if incoming.is_dir():
    secrets = Path("/run/secrets")
    for path in incoming.iterdir():
        target = secrets / path.name
        target.unlink(missing_ok=True)
        target.write_bytes(path.read_bytes())
        target.chmod(0o400)
        os.chown(target, int(uid), int(uid))
        path.unlink()
