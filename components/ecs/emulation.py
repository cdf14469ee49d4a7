"""Whether the user's own Docker can run programs for the tasks' processor: building their images takes that."""

import os
from pathlib import Path
from typing import Final

import pulumi

from portico.components.docker.engine_client import Engine

# Where Linux lists what it runs by an interpreter.
_INTERPRETERS: Final = Path("/proc/sys/fs/binfmt_misc")
# What Docker calls its own processor, and how a program for it begins: the two bytes at 18 of its ELF header.
_PLATFORMS: Final = {"x86_64": "linux/amd64", "aarch64": "linux/arm64"}
_MACHINES: Final = {"linux/amd64": "3e00", "linux/arm64": "b700"}


def require_platform(engine: Engine, platform: str, folder: Path = _INTERPRETERS) -> None:
    """Refuse, with pulumi.RunError, a Docker that cannot build for `platform`; a preview warns.

    Nothing is said where that cannot be known from here: Docker runs on another machine, in a VM of its own, or tells
    nothing. `folder` is where the interpreters of this machine are listed.
    """
    own = _find_platform(engine)
    if own is None or own == platform or _emulates(folder, platform) is not False:
        return
    wanted, has = platform.removeprefix("linux/"), own.removeprefix("linux/")
    text = (
        f"ecs.architecture: the images are for {wanted}, and Docker here runs programs for {has} alone. Let it emulate "
        f"the other (docker run --privileged --rm tonistiigi/binfmt --install {wanted}), or write "
        f"{'x86_64' if has == 'amd64' else has} at ecs.architecture."
    )
    if pulumi.runtime.is_dry_run():
        pulumi.log.warn(text)
    else:
        raise pulumi.RunError(f"{text} Nothing was changed.")


def _find_platform(engine: Engine) -> str | None:
    """The platform of a Docker that shares this machine's kernel; None for any other."""
    import docker.errors

    try:
        reported = engine.connect().info()
    except (docker.errors.DockerException, OSError):
        return None
    return (
        _PLATFORMS.get(str(reported.get("Architecture")))
        if reported.get("KernelVersion") == os.uname().release
        else None
    )


def _emulates(folder: Path, platform: str) -> bool | None:
    """Whether Linux has an interpreter for programs of that platform; None where it does not tell."""
    if not (folder / "register").exists():
        return None
    return any(_interprets(one.read_text(), _MACHINES[platform]) for one in folder.iterdir() if _is_entry(one))


def _is_entry(file: Path) -> bool:
    return file.name not in ("register", "status")


def _interprets(entry: str, machine: str) -> bool:
    """Whether an entry as Linux prints it (`enabled`, `offset 0`, `magic 7f454c46...`) is for programs of that kind."""
    lines = dict(line.split(maxsplit=1) for line in entry.splitlines() if " " in line)
    magic = lines.get("magic", "")
    return entry.startswith("enabled") and magic.startswith("7f454c46") and magic[36:40] == machine
