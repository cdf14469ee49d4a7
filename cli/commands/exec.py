"""`portico exec`: a command in a container of its own, made as a replica of the live release is.

One text is given to a shell; several words are the command itself. Ends with the command's own exit code.
"""

import secrets
import signal
import subprocess
from contextlib import suppress
from typing import Any

import click
from docker import DockerClient
from docker.errors import APIError, NotFound
from docker.models.containers import Container

from portico.cli.deployed import Deployed
from portico.cli.engine import has_terminal, name_docker
from portico.cli.options import example, site_option, stack_option
from portico.cli.prepare import prepare
from portico.cli.refused import Refused
from portico.cli.spelling import spell

SECRETS = "/run/secrets"
SOCKETS = "/run/portico"
# What makes a replica of a container: where NGINX finds it, and which one it is.
OF_A_REPLICA = ("PORTICO_ADDRESS=", "PORTICO_REPLICA=", "PORTICO_PROGRESS=")


def describe(replica: dict[str, Any], command: list[str], *, terminal: bool) -> dict[str, Any]:
    """The container to make, in the engine's own words, from those that it has for a `replica`.

    Its limits, its user and what it may do are the replica's. Sockets are left out and no name of the
    network is its own, so no request reaches it. Its secrets are a copy: no release has to wait for it.
    """
    config: dict[str, Any] = replica["Config"]
    host: dict[str, Any] = replica["HostConfig"]
    labels: dict[str, str] = {**(config.get("Labels") or {}), "portico.role": "exec"}
    # The site's data is the one thing that it shares. The engine copies nothing of the image into it.
    mounts: list[dict[str, Any]] = [
        {"Type": "volume", "Source": one["Name"], "Target": one["Destination"], "VolumeOptions": {"NoCopy": True}}
        for one in replica["Mounts"]
        if one["Destination"] not in (SOCKETS, SECRETS)
    ]
    if any(one["Destination"] == SECRETS for one in replica["Mounts"]):
        own = {key: value for key, value in labels.items() if key.startswith("portico.")}
        mounts.append({"Type": "volume", "Target": SECRETS, "VolumeOptions": {"Labels": own}})
    kept = ("User", "WorkingDir", "StopSignal")
    return {key: config.get(key) for key in kept} | {
        "Image": replica["Image"],
        # Its image's own, which may set what the command needs; the last word is Gunicorn.
        "Entrypoint": (config.get("Entrypoint") or [])[:-1],
        "Cmd": command,
        "Env": [line for line in config["Env"] if not line.startswith(OF_A_REPLICA)],
        "Labels": labels,
        "Healthcheck": {"Test": ["NONE"]},
        "Tty": terminal,
        "OpenStdin": True,
        "StdinOnce": True,
        "AttachStdin": True,
        "AttachStdout": True,
        "AttachStderr": True,
        "HostConfig": {
            **host,
            "Binds": None,
            "Mounts": mounts,
            "RestartPolicy": {"Name": "no"},
            # The engine removes it at its end, also where nobody here is left to do so.
            "AutoRemove": True,
        },
        "NetworkingConfig": {"EndpointsConfig": {name: {} for name in replica["NetworkSettings"]["Networks"]}},
    }


def make_container(client: DockerClient, replica: Container, config: dict[str, Any], name: str) -> Container:
    """Make it, and give it the replica's secrets; nothing runs in it yet."""
    made: dict[str, Any] = client.api.create_container_from_config(config, name)  # type: ignore[no-untyped-call]
    container = client.containers.get(made["Id"])
    try:
        if any(one["Target"] == SECRETS for one in config["HostConfig"]["Mounts"]):
            # Owner and mode travel with the files.
            chunks, _ = replica.get_archive(f"{SECRETS}/.")
            container.put_archive(SECRETS, b"".join(chunks))
    except BaseException:
        remove(container)
        raise
    return container


def remove(container: Container) -> None:
    """Remove it with what is in it."""
    # The engine may be removing it already.
    with suppress(NotFound, APIError):
        container.remove(force=True, v=True)


def run(words: list[str], container: Container, *, terminal: bool) -> int:
    """Run it to its end. TERM ends the command, as Ctrl-C does, which in a terminal is a key like any other."""
    # Docker's own command would hear Ctrl-C too, and then not say how the container ended.
    process = subprocess.Popen(words, start_new_session=not terminal)
    for told in (signal.SIGINT, signal.SIGTERM):
        signal.signal(told, lambda *_: container.stop())
    return process.wait()


def execute(stack: str, site: str, words: tuple[str, ...]) -> int:
    """Run the words to their end, and return their exit code. Raises Refused and DockerException."""
    if not any(word.strip() for word in words):
        raise Refused(f"which command? Write {spell('exec', command='flask db upgrade')}")
    deployed = Deployed.read(stack)
    site = deployed.choose_site(site, "exec")
    replica = deployed.list_replicas(site)[0]
    terminal = has_terminal()
    command = list(words) if len(words) > 1 else ["sh", "-c", words[0]]
    config = describe(replica.attrs, command, terminal=terminal)
    container = make_container(deployed.client, replica, config, f"{site}-exec-{secrets.token_hex(4)}")
    try:
        start = ("start", "--attach", "--interactive", str(container.id))
        return run(name_docker(deployed.engine, *start, terminal=terminal), container, terminal=terminal)
    finally:
        remove(container)


@click.command(
    context_settings={"ignore_unknown_options": True}, epilog=example("portico exec --site shop -- flask db upgrade")
)
@stack_option
@site_option
@click.argument("words", nargs=-1, type=click.UNPROCESSED, metavar="-- COMMAND...")
@click.pass_context
def command(context: click.Context, stack: str, site: str, words: tuple[str, ...]) -> None:
    """Run a command in a container of the live release, apart from the traffic; its exit code is the command's.

    One text is given to a shell; several words are the command itself.
    """
    prepare(stack)
    context.exit(execute(stack, site, words))
