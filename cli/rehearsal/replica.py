"""Containers of the old and of the new release in a copy, made as their replicas are, and what they answer there."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from docker.errors import APIError
from docker.models.containers import Container

from portico.cli.commands.exec import OF_A_REPLICA, SECRETS, describe, read_secrets
from portico.cli.next_release import NextRelease
from portico.cli.rehearsal.copy import Copy
from portico.components.docker.container_command import run_in
from portico.config.in_container import read_script
from portico.config.release.launch import begin
from portico.config.release.replica import SOCKETS, describe_environment, describe_replica, find_nowhere
from portico.config.settings.command import split_command

_MEBIBYTE: Final = 2**20
# The answers of a working application, as components/in_container/health.py has them.
_WELL = ("401", "403", "404", "405", "429")


@dataclass(frozen=True)
class Answers:
    """What a replica answered: {path: three digits, or why there was no answer}; the health path comes first."""

    by_path: Mapping[str, str]

    def list_bad(self) -> list[str]:
        """The paths whose answer no working application gives: none, or 5xx; health is judged as a replica's is."""
        health = next(iter(self.by_path), "")
        return [path for path, said in self.by_path.items() if not is_well(said, strict=path == health)]

    def __str__(self) -> str:
        return ", ".join(f"{path} {said}" for path, said in self.by_path.items())


def is_well(said: str, *, strict: bool) -> bool:
    """Whether an answer is one of a working application; `strict` is as a replica's health is judged."""
    if strict:
        return said[:1] in ("2", "3") or said in _WELL
    return said[:1] in ("2", "3", "4") and len(said) == 3


def make_old(copy: Copy, replica: Container) -> Container:
    """One like a replica that serves, in the copy."""
    config = replica.attrs["Config"]
    data = {
        str(one["Name"]).rpartition(".")[2]: str(one["Destination"])
        for one in replica.attrs["Mounts"]
        if one["Destination"] not in (SOCKETS, SECRETS)
    }
    given = any(one["Destination"] == SECRETS for one in replica.attrs["Mounts"])
    made = {key: config.get(key) for key in ("Entrypoint", "Cmd", "Env")} | {"Image": replica.attrs["Image"]}
    return _make(copy, replica, made, data, read_secrets(replica) if given else b"", "old")


def make_new(copy: Copy, replica: Container, following: NextRelease) -> Container:
    """A replica of the release that `up` would deploy, in the copy."""
    release = following.release
    described = describe_replica(release, 0, find_nowhere(release, secrets=bool(following.secrets)))
    made = _spell(following, described["entrypoints"], described["command"], described["envs"])
    return _make(copy, replica, made, _list_data(following), _pack(following), "new", described["memory"])


def make_command(copy: Copy, replica: Container, following: NextRelease) -> Container:
    """The container of its release command, in the copy."""
    release, settings = following.release, following.release.site.release
    assert settings
    words = split_command(settings.command)
    made = _spell(following, [*begin(release), words[0]], words[1:], describe_environment(release))
    return _make(copy, replica, made, _list_data(following), _pack(following), "command", settings.memory.mebibytes)


def _list_data(following: NextRelease) -> dict[str, str]:
    return {one.name: one.path for one in following.release.site.data}


def _pack(following: NextRelease) -> bytes:
    return following.pack_secrets() if following.secrets else b""


def _spell(
    following: NextRelease, entrypoint: Sequence[str], command: Sequence[str], environment: Mapping[str, str]
) -> dict[str, Any]:
    return {
        "Image": following.image,
        "Entrypoint": [*entrypoint],
        "Cmd": [*command],
        "Env": [f"{name}={value}" for name, value in environment.items()],
        "User": f"{following.release.uid}:{following.release.uid}",
        # The image's own.
        "WorkingDir": "",
    }


def _make(
    copy: Copy,
    replica: Container,
    made: Mapping[str, Any],
    data: Mapping[str, str],
    files: bytes,
    part: str,
    memory: int = 0,
) -> Container:
    """`memory` is in MiB; the replica's own where it is 0."""
    config = describe(replica.attrs, [], terminal=False)
    mounts = [copy.mount(copy.name_data(name), path) for name, path in data.items()] + [copy.mount("sockets", SOCKETS)]
    mounts += [copy.mount(f"secrets-{part}", SECRETS)] if files else []
    host = config["HostConfig"] | ({"Memory": memory * _MEBIBYTE, "MemorySwap": memory * _MEBIBYTE} if memory else {})
    apart = {"OpenStdin": False, "StdinOnce": False, "AttachStdin": False, "NetworkingConfig": copy.join()}
    container = copy.make({**config, **apart, **made, "HostConfig": copy.confine(host, mounts)}, part)
    if files:
        # Owner and mode travel with the files.
        container.put_archive(SECRETS, files)
    return container


def ask(container: Container, host: str, paths: Sequence[str], seconds: float) -> Answers:
    """Ask a replica for its health path, the first one, until it is well or for so many seconds; then for others."""
    address = next(
        (line.partition("=")[2] for line in container.attrs["Config"]["Env"] if line.startswith(OF_A_REPLICA[0])), ""
    )
    words = ["python3", "-I", "-S", "-c", read_script("ask_paths.py"), address, host, f"{seconds:g}", *paths]
    try:
        by_path: dict[str, str] = json.loads(run_in(container, words).output.splitlines()[-1])
    except (APIError, IndexError, ValueError):
        last = container.logs(tail=3).decode(errors="replace")
        why = "".join(one for one in " ".join(last.split())[-300:] if one.isprintable())
        return Answers(dict.fromkeys(paths, f"no answer: it ended ({why})"))
    return Answers(by_path)
