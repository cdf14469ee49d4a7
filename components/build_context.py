"""Build contexts on disk: the frozen files that an image is made of."""

import os
import re
import shlex
import shutil
import stat
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path, PurePosixPath

import pulumi
import pulumi_docker as docker

from portico.components.shutdown import at_end
from portico.config.release.release import Release
from portico.config.source.files import File

# All users of the image may enter and read; root alone may write.
_FOLDER = 0o755
# Contexts of a site that stay: more than stacks of one checkout build of it at a time.
_KEPT = 5
# What pip is given while an image is built, from the environment of the machine that builds.
_PIP = {
    "PIP_INDEX_URL": "index-url",
    "PIP_EXTRA_INDEX_URL": "extra-index-url",
    "PIP_TRUSTED_HOST": "trusted-host",
    "PIP_TIMEOUT": "timeout",
}


def write_context(root: Path, release: Release, ca_bundle: str | None) -> str:
    """Write the build context of `release` below .portico/ and return its path, relative to `root`.

    The path is named by content: the same source gives the same path on every machine. pip's
    settings and certificates lie beside the contexts and reach a build as secrets only.
    Raises pulumi.RunError where the disk takes no file.
    """
    return write_files(root, release.site.name, release.image, release.context, ca_bundle, release.tokens)


def write_files(
    root: Path,
    name: str,
    digest: str,
    context: Mapping[str, File],
    ca_bundle: str | None,
    tokens: Mapping[str, str] | None = None,
) -> str:
    """The same for any image: `name` and `digest` name it, `tokens` are secrets that its build may read."""
    try:
        return _write(root, name, digest, context, ca_bundle, tokens or {})
    except OSError as error:
        raise pulumi.RunError(
            f"{root / '.portico'}, where the build of {name} is prepared, cannot be written: "
            f"{error.strerror or error}.\nFree disk space for it, or change its permissions, then run this again; "
            "what serves keeps serving."
        ) from None


def _write(
    root: Path, site: str, digest: str, context: Mapping[str, File], ca_bundle: str | None, given: Mapping[str, str]
) -> str:
    home = root / ".portico"
    _write_secrets(root, home, ca_bundle)
    name = f"{site}-{digest}"
    if given:
        lines = [f"{key}={shlex.quote(text)}\n" for key, text in sorted(given.items())]
        tokens = root / _name_tokens(f".portico/contexts/{name}")
        tokens.parent.mkdir(mode=0o700, exist_ok=True)
        _write_private(tokens, "".join(lines).encode())
        # As long as something may be built: that is the program's life.
        at_end(lambda: tokens.unlink(missing_ok=True))
    target = home / "contexts" / name
    log = root / name_log(f".portico/contexts/{name}")
    log.parent.mkdir(exist_ok=True)
    # Each build adds to it: the output of an earlier one is not needed.
    log.unlink(missing_ok=True)
    if not _is_whole(target, context):
        # One that is not as it was written would make another image under the same name.
        spoilt, partial = target.exists(), target.with_name(f".{name}.{os.getpid()}")
        try:
            _fill(partial, context)
            if spoilt:
                shutil.rmtree(target)
            partial.rename(target)
        except OSError:
            # Unless another run of the same source was first.
            if not target.exists():
                raise
        finally:
            shutil.rmtree(partial, ignore_errors=True)
    # The newest are those that were used last, whichever stack used them.
    os.utime(target)
    _prune(target.parent, site)
    return f".portico/contexts/{name}"


def _prune(contexts: Path, site: str) -> None:
    """Remove the older contexts of a site, and what their builds said: their images are built, or never will be."""
    used = [path for path in contexts.iterdir() if re.fullmatch(rf"{re.escape(site)}-[0-9a-f]+", path.name)]
    with suppress(FileNotFoundError):  # another run was first
        for path in sorted(used, key=lambda one: one.stat().st_mtime_ns)[:-_KEPT]:
            (contexts.parent / "builds" / f"{path.name}.log").unlink(missing_ok=True)
            shutil.rmtree(path, ignore_errors=True)


def _fill(folder: Path, context: Mapping[str, File]) -> None:
    """Write all files. The image takes over their modes, so none is left to the umask."""
    shutil.rmtree(folder, ignore_errors=True)
    for path in _list_folders(context):
        (folder / path).mkdir(parents=True, exist_ok=True)
        (folder / path).chmod(_FOLDER)
    for path, file in context.items():
        if file.link is not None:
            (folder / path).symlink_to(file.link)
        elif not file.folder:
            (folder / path).write_bytes(file.content)
            (folder / path).chmod(stat.S_IMODE(file.mode))
            if file.modified is not None:
                # The image takes over the time, too. A time in the future comes from a wrong clock, and is not taken.
                os.utime(folder / path, ns=(moment := min(file.modified, time.time_ns()), moment))


def _is_whole(folder: Path, context: Mapping[str, File]) -> bool:
    """Whether a context lies there as `_fill` writes it, by modes and sizes: its name stands for the contents."""
    try:
        if any((folder / path).lstat().st_mode != stat.S_IFDIR | _FOLDER for path in _list_folders(context)):
            return False
        for path, file in context.items():
            if file.link is not None:
                if os.readlink(folder / path) != file.link:
                    return False
            elif not file.folder:
                found = (folder / path).lstat()
                if (found.st_mode, found.st_size) != (file.mode, len(file.content)):
                    return False
    except OSError:
        return False
    return True


def _list_folders(context: Mapping[str, File]) -> list[str]:
    """All folders of a context, itself as "." and the outer ones first."""
    found = {str(parent) for path in context for parent in PurePosixPath(path).parents}
    return sorted(found | {path for path, file in context.items() if file.folder})


def name_log(context: str) -> str:
    """The file that the build of this context writes its output to."""
    return context.replace("/contexts/", "/builds/") + ".log"


def list_secrets(context: str, tokens: bool) -> list[docker.RemoteImageBuildSecretArgs]:
    """What a build from this context may read, and no image keeps; with `tokens` also secrets of its site."""
    found = {"pip": ".portico/pip.conf", "ca": ".portico/ca.pem", "apt": ".portico/apt.conf"}
    if tokens:
        found["env"] = _name_tokens(context)
    return [docker.RemoteImageBuildSecretArgs(id=name, src=path) for name, path in found.items()]


def _name_tokens(context: str) -> str:
    return context.replace("/contexts/", "/tokens/") + ".env"


def _write_secrets(root: Path, home: Path, ca_bundle: str | None) -> None:
    home.mkdir(exist_ok=True)
    bundle = ca_bundle or os.environ.get("PORTICO_CA_BUNDLE", "")
    certificates = (root / bundle).read_bytes() if bundle and (root / bundle).is_file() else b""
    lines = [f"{key} = {os.environ[name]}" for name, key in _PIP.items() if os.environ.get(name)]
    if certificates:
        lines.append("cert = /run/secrets/ca.pem")
    _write_private(home / "ca.pem", certificates or b"\n")
    # As pip: what is fetched over HTTPS is checked with these, where there are any.
    _write_private(home / "apt.conf", b'Acquire::https::CAInfo "/run/secrets/ca.pem";\n' if certificates else b"\n")
    _write_private(home / "pip.conf", "\n".join(["[global]", *lines, ""]).encode())


def _write_private(path: Path, content: bytes) -> None:
    if path.is_file() and path.read_bytes() == content:
        return
    partial = path.with_name(f"{path.name}.{os.getpid()}")
    with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(content)
    partial.rename(path)
