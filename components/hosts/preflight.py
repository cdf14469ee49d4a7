"""Asks a machine, before anything is changed, whether it can be used; what is wrong is one sentence."""

import re
import subprocess
from pathlib import Path

import pulumi

from portico.components.docker.engine_client import read_free
from portico.components.docker.ssh_tunnel import run_remotely
from portico.components.hosts.connection import Connection

_OLDEST = (20, 10)  # the first whose builds take secrets without a line in the Dockerfile
_LEAST = 500 * 2**20  # bytes: an image of an application takes 200 MB to 400 MB beside its base

_SCRIPT = """
command -v docker >/dev/null 2>&1 || { echo missing; exit; }
version=$(docker version --format '{{.Server.Version}}' 2>&1) || { echo refused; echo "$version"; exit; }
echo ready
echo "$version"
df -Pk "$(docker info --format '{{.DockerRootDir}}')" | tail -n 1
"""
_NOTHING = "Nothing was changed."

_OTHER_KEY = r"REMOTE HOST IDENTIFICATION HAS CHANGED|Host key verification failed|No .* host key is known"

# What ssh says, and what it means: {port}, {user}, {key} and {known} are filled in. The first that fits is reported.
_REASONS = (
    (
        _OTHER_KEY,
        "shows another host key than the one in {known}; if it was set up again, remove its line from that file, "
        "and if not, another machine answers in its place",
    ),
    (
        r"UNPROTECTED PRIVATE KEY FILE|bad permissions",
        "was not asked: others may read the key {key}; run chmod 600 on it",
    ),
    (
        r"Permission denied|Too many authentication failures",
        "does not let {user} in with {key}; put its public half into ~/.ssh/authorized_keys there, or write another "
        "at ssh.key",
    ),
    (r"Could not resolve hostname", "is a name that DNS does not know; write another at ssh.host"),
    (
        r"Connection refused|timed out|No route to host|Network is unreachable|Connection reset|closed by",
        "does not answer on port {port}: it is down, or a firewall blocks the way",
    ),
)


def require_ready(connection: Connection) -> None:
    """Refuse with pulumi.RunError, in one sentence, a machine that cannot be reached or used. It takes a second."""
    if sentence := find_obstacle(connection):
        raise pulumi.RunError(f"{sentence}. {_NOTHING}")


def find_obstacle(connection: Connection) -> str | None:
    """What stands in the way of using Docker there; None where nothing does."""
    key = _list_options(connection).get("IdentityFile", "").strip('"').replace("%%", "%")
    # ssh would try without it, and say that nobody is let in.
    if key and not Path(key).expanduser().is_file():
        return _fill("was not asked: there is no key {key}; write the path of a private key at ssh.key", connection)
    try:
        done = run_remotely(connection.url, connection.options, _SCRIPT, 60)
    except FileNotFoundError:
        return "There is no ssh on this machine; install it (openssh-client)"
    except subprocess.TimeoutExpired:
        return _fill("does not answer on port {port}: no data came for a minute", connection)
    if done.returncode == 255:
        return _explain(done.stderr, connection)
    return _judge(done.stdout, done.stderr, connection)


def _explain(said: str, connection: Connection) -> str:
    if "StrictHostKeyChecking=yes" in connection.options and re.search(_OTHER_KEY, said):
        pinned = "shows another host key than ssh.hostKey; write the new one if it was set up again, and if not, "
        return _fill(pinned + "another machine answers in its place", connection)
    for pattern, meaning in _REASONS:
        if re.search(pattern, said):
            return _fill(meaning, connection)
    words = (said.strip().splitlines() or ["it ended without a message"])[-1]
    return _fill("cannot be reached; ssh says: ", connection) + words


def _judge(said: str, errors: str, connection: Connection) -> str | None:
    state, *rest = said.splitlines() or [""]
    if state == "missing":
        found = "has no Docker that {user} finds; install it there (on Debian: apt-get install docker.io)"
        return _fill(found, connection)
    if state == "refused":
        words = " ".join(rest)
        if "permission denied" in words:
            return _fill("does not let {user} use Docker; run there: sudo usermod -aG docker {user}", connection)
        if "Cannot connect" in words:
            return _fill("has Docker, and it does not run; start it there: sudo systemctl start docker", connection)
        return _fill("has a Docker that does not answer: ", connection) + words
    if state != "ready":
        words = ((errors or said).strip().splitlines() or ["it said nothing"])[-1]
        return _fill("cannot be used: ", connection) + words
    version = tuple(int(number) for number in re.findall(r"\d+", rest[0])[:2])
    if version < _OLDEST:
        return _fill("has Docker ", connection) + f"{rest[0]}, which is too old; install 20.10 or newer there"
    try:
        free = read_free(rest[1] if len(rest) > 1 else "")
    except ValueError:
        return None
    if free < _LEAST:
        reported = f"{free // 2**20} MB left on the disk of its Docker, and a release takes {_LEAST // 2**20}"
        return _fill("has ", connection) + f"{reported}; `docker system prune` there frees what nothing uses"
    return None


def _list_options(connection: Connection) -> dict[str, str]:
    return dict(option.split("=", 1) for option in connection.options[1::2])


def _fill(sentence: str, connection: Connection) -> str:
    options = _list_options(connection)
    return f"{connection.host} " + sentence.format(
        port=connection.port,
        user=connection.user,
        known=options.get("UserKnownHostsFile", "known_hosts"),
        key=options.get("IdentityFile", "the keys of the agent").strip('"'),
    )
