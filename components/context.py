"""Build contexts on disk: the frozen files that an image is made of."""

import os
import shutil
from pathlib import Path

import pulumi

from config.release import Release

# What pip is told while an image is built, from the environment of the machine that builds.
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
    try:
        return _write(root, release, ca_bundle)
    except OSError as error:
        raise pulumi.RunError(
            f"{root / '.portico'}, where {release.site.name} is made ready to be built, takes no file: "
            f"{error.strerror or error}.\nMake room for it, or mend who may write there, then run this again; "
            "what serves keeps serving."
        ) from None


def _write(root: Path, release: Release, ca_bundle: str | None) -> str:
    home = root / ".portico"
    _write_secrets(root, home, ca_bundle)
    name = f"{release.site.name}-{release.image}"
    target = home / "contexts" / name
    log = root / name_log(f".portico/contexts/{name}")
    log.parent.mkdir(exist_ok=True)
    # Each build adds to it: what an earlier one said is of no use.
    log.unlink(missing_ok=True)
    if not target.exists():
        partial = target.with_name(f".{name}.{os.getpid()}")
        try:
            _fill(partial, release)
            partial.rename(target)
        except OSError:
            # Unless another run of the same source was first.
            if not target.exists():
                raise
        finally:
            shutil.rmtree(partial, ignore_errors=True)
    return f".portico/contexts/{name}"


def _fill(folder: Path, release: Release) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    for path, file in release.context.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        if file.link is not None:
            (folder / path).symlink_to(file.link)
            continue
        (folder / path).write_bytes(file.content)
        (folder / path).chmod(0o755 if file.executable else 0o644)


def name_log(context: str) -> str:
    """The file that the build of this context writes its output to."""
    return context.replace("/contexts/", "/builds/") + ".log"


def _write_secrets(root: Path, home: Path, ca_bundle: str | None) -> None:
    home.mkdir(exist_ok=True)
    bundle = ca_bundle or os.environ.get("PORTICO_CA_BUNDLE", "")
    certificates = (root / bundle).read_bytes() if bundle and (root / bundle).is_file() else b""
    lines = [f"{key} = {os.environ[name]}" for name, key in _PIP.items() if os.environ.get(name)]
    if certificates:
        lines.append("cert = /run/secrets/ca.pem")
    _write_private(home / "ca.pem", certificates or b"\n")
    _write_private(home / "pip.conf", "\n".join(["[global]", *lines, ""]).encode())


def _write_private(path: Path, content: bytes) -> None:
    if path.is_file() and path.read_bytes() == content:
        return
    partial = path.with_name(f"{path.name}.{os.getpid()}")
    with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(content)
    partial.rename(path)
