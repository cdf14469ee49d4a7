"""What a machine needs for a stack, looked at piece by piece: for `portico doctor`. Nothing is changed."""

import os
import platform
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from portico.cli.engine import find_engine
from portico.cli.export import read_export
from portico.cli.finding import Finding
from portico.cli.holder import describe, find_backend, find_state
from portico.cli.project import HOME, list_stacks, read_config
from portico.cli.refused import Refused
from portico.cli.spelling import spell

_VERSIONS = HOME / "scripts" / "setup" / "versions.sh"
_LEAST_DISK = 2.0  # GB: an image of an application, and the one before it
_LEAST_MEMORY = 0.5


def examine(root: Path | None, stack: str) -> Iterator[Finding]:
    """Look at everything; `root` is the project's folder, None where there is none."""
    yield _look_at_python()
    yield from _look_at_pulumi()
    config: dict[str, Any] = {}
    if root is None:
        yield Finding("note", "project", "there is no Pulumi.yaml here", "portico init writes one")
    elif stack not in list_stacks(root):
        yield Finding(
            "missing", "settings", f"there is no Pulumi.{stack}.yaml", f"name one of {' '.join(list_stacks(root))} (-s)"
        )
    else:
        config = read_config(root, stack)
        yield Finding("ok", "settings", f"{root}/Pulumi.{stack}.yaml, target {config.get('target') or 'local'}")
    target = str(config.get("target") or "local")
    yield from _look_at_plugins(target)
    yield from _look_at_programs(target)
    if target in ("local", "ecs"):
        yield _look_at_docker()
    yield _look_at_disk(root or Path.cwd())
    yield from _look_at_memory()
    if root is not None and stack in list_stacks(root):
        yield from _look_at_state(root, stack)
        if target == "local":
            yield from _look_at_ports(root, stack, config)
        if target in ("aws", "ecs") and shutil.which("aws"):
            yield from _look_at_account(root, stack, config)


def _look_at_python() -> Finding:
    reported = f"{platform.python_version()} ({sys.executable})"
    return Finding("ok", "Python", reported)


def _read_version(name: str) -> str:
    reported = re.search(rf"(?m)^{name}=(\S+)", _VERSIONS.read_text()) if _VERSIONS.is_file() else None
    return reported[1] if reported else ""


def _look_at_pulumi() -> Iterator[Finding]:
    place, oldest = shutil.which("pulumi"), _read_version("PULUMI_OLDEST")
    if not place:
        yield Finding("missing", "Pulumi", "there is no pulumi", spell("setup"))
        return
    version = _run("pulumi", "version").lstrip("v")
    old = [int(part) for part in re.findall(r"\d+", version)[:3]] < [int(part) for part in oldest.split(".") if part]
    reported = f"{version} ({place})"
    yield (
        Finding("missing", "Pulumi", f"{reported} is older than {oldest}", spell("setup"))
        if old
        else Finding("ok", "Pulumi", reported)
    )
    host = shutil.which("pulumi-language-python")
    yield Finding(
        "ok" if host else "missing", "language host", host or "there is none for Python", "" if host else spell("setup")
    )


def _look_at_plugins(target: str) -> Iterator[Finding]:
    home = Path(os.environ.get("PULUMI_HOME") or Path.home() / ".pulumi") / "plugins"
    wanted = {"docker": _read_version("DOCKER_PLUGIN_VERSION")}
    if target in ("aws", "ecs"):
        wanted["aws"] = _read_version("AWS_PLUGIN_VERSION")
    for name, version in wanted.items():
        there = sorted(found.name for found in home.glob(f"resource-{name}-v*") if found.is_dir())
        good = f"resource-{name}-v{version}" in there if version else bool(there)
        if good:
            yield Finding("ok", "plugin", ", ".join(there))
            continue
        besides = f"; there is {', '.join(there)}" if there else ""
        yield Finding(
            "missing", "plugin", f"{' '.join([name, version]).strip()} is not in {home}{besides}", spell("setup")
        )


def _look_at_programs(target: str) -> Iterator[Finding]:
    for name in {
        "ssh": ["ssh"],
        "aws": ["ssh", "aws"],
        "ecs": ["aws", "docker-credential-portico"],
    }.get(target, []):
        place = shutil.which(name)
        yield Finding(
            "ok" if place else "missing", name, place or f"{name} was not found", "" if place else f"install {name}"
        )


def _look_at_docker() -> Finding:
    from docker.errors import DockerException

    from portico.components.docker.engine_client import Engine

    where = os.environ.get("DOCKER_HOST") or "this machine's engine"
    try:
        client = Engine().connect()
        version, info = client.version(), client.info()
    except (DockerException, OSError) as error:
        return Finding("missing", "Docker", f"{where} does not answer: {error}", f"start it, or {spell('setup')}")
    buildx = " with buildx" if (_run("docker", "buildx", "version")) else ""
    memory = int(info.get("MemTotal") or 0) / 1e9
    return Finding(
        "ok", "Docker", f"{version.get('Version')}{buildx}, {info.get('NCPU')} cores, {memory:.1f} GB ({where})"
    )


def _look_at_disk(root: Path) -> Finding:
    free = shutil.disk_usage(root).free / 1e9
    good = free >= _LEAST_DISK
    return Finding(
        "ok" if good else "missing",
        "disk",
        f"{free:.1f} GB are free",
        "" if good else "docker system prune, or another disk",
    )


def _look_at_memory() -> Iterator[Finding]:
    file = Path("/proc/meminfo")
    reported = re.search(r"MemAvailable:\s+(\d+) kB", file.read_text()) if file.is_file() else None
    if reported:
        free = int(reported[1]) / 1e6
        good = free >= _LEAST_MEMORY
        yield Finding(
            "ok" if good else "missing", "memory", f"{free:.1f} GB are free", "" if good else "end something else"
        )


def _look_at_state(root: Path, stack: str) -> Iterator[Finding]:
    backend = find_backend(root)
    if backend is None:
        url = os.environ.get("PULUMI_BACKEND_URL") or "where `pulumi whoami --verbose` says"
        yield Finding("note", "state", f"kept elsewhere: {url}; that backend reports who works on the stack")
        return
    file = find_state(stack, root)
    reported = f"{file}" if file else f"none yet in {backend.parent}"
    folder = next(one for one in (backend, *backend.parents) if one.exists())
    good = os.access(folder, os.W_OK)
    yield Finding(
        "ok" if good else "missing", "state", reported, "" if good else f"give yourself write permission for {folder}"
    )
    lock = describe(stack, root)
    yield Finding("missing" if lock else "ok", "lock", lock or "nobody works on the stack")


def _look_at_ports(root: Path, stack: str, config: dict[str, Any]) -> Iterator[Finding]:
    tls = config.get("tls")
    ports = [config.get("port", 8080), tls.get("port", 443) if isinstance(tls, dict) else None]
    try:
        own = find_engine(read_export(stack, root)) is not None
    except Refused:
        own = False
    # Pulumi writes numbers as texts.
    for port in (int(one) for one in ports if str(one).isdecimal()):
        if _is_free(str(config.get("address") or "127.0.0.1"), port):
            yield Finding("ok", "port", f"{port} is free")
        elif own:
            yield Finding("ok", "port", f"{port} is in use; the stack {stack} is up")
        else:
            remedy = f"another portico:port in Pulumi.{stack}.yaml, or stop the program that uses it"
            yield Finding("missing", "port", f"{port} is in use", remedy)


def _look_at_account(root: Path, stack: str, config: dict[str, Any]) -> Iterator[Finding]:
    # It loads the settings, which takes a while.
    from portico.cli.aws_health import examine_account
    from portico.cli.aws_needs import Needs

    try:
        export = read_export(stack, root)
    except Refused:
        export = {}
    if (needs := Needs.of(config, export)) is None:
        yield Finding("missing", "AWS", f"the section {config['target']} holds mistakes", spell("preview", stack=stack))
        return
    yield from examine_account(needs)


def _is_free(address: str, port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address, port))
        except OSError:
            return False
    return True


def _run(*words: str) -> str:
    """What a command says; "" where it fails."""
    try:
        done = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=20)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if not done.returncode else ""
