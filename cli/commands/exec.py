"""`portico exec`: a command in a container of its own, made as a replica of the live or of the next release is.

One text is given to a shell; several words are the command itself. Ends with the command's own exit code.
"""

import secrets
import signal
import subprocess
from contextlib import suppress
from pathlib import Path
from typing import Any

import click
from docker import DockerClient
from docker.errors import APIError, NotFound
from docker.models.containers import Container

from portico.cli.deployed import WEB, Deployed
from portico.cli.deployed_tasks import DeployedTasks
from portico.cli.engine import has_terminal, name_docker
from portico.cli.export import read_export
from portico.cli.next_release import NextRelease
from portico.cli.options import example, process_option, site_option, stack_option
from portico.cli.prepare import prepare
from portico.cli.refused import Refused
from portico.cli.spelling import assign, spell, spell_option
from portico.config.release.replica import SOCKETS

SECRETS = "/run/secrets"
LIVE, NEXT = "live", "next"
# Labels and variables of replicas only: where NGINX finds it, and which one it is.
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
        mounts.append(mount_secrets(labels))
    kept = ("User", "WorkingDir", "StopSignal")
    return {key: config.get(key) for key in kept} | {
        "Image": replica["Image"],
        # The image's own entrypoint, which may set what the command needs; the last argument is the process itself.
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
            # The engine removes it at its end, also where this command was killed.
            "AutoRemove": True,
        },
        "NetworkingConfig": {"EndpointsConfig": {name: {} for name in replica["NetworkSettings"]["Networks"]}},
    }


def mount_secrets(labels: dict[str, str]) -> dict[str, Any]:
    """A volume for a copy of the secrets, known by the stack's own labels."""
    own = {key: value for key, value in labels.items() if key.startswith("portico.")}
    return {"Type": "volume", "Target": SECRETS, "VolumeOptions": {"Labels": own}}


def make_container(client: DockerClient, secrets: bytes, config: dict[str, Any], name: str) -> Container:
    """Make it, and give it the secrets, an archive of files; nothing runs in it yet."""
    endpoints = dict(config["NetworkingConfig"]["EndpointsConfig"])
    mode = config["HostConfig"].get("NetworkMode")
    first = mode if mode in endpoints else next(iter(endpoints), "")
    # Before Docker 25 a container is made in one network, and put into the others afterwards.
    alone = {"EndpointsConfig": {first: endpoints.pop(first)} if first else {}}
    made: dict[str, Any] = client.api.create_container_from_config(  # type: ignore[no-untyped-call]
        {**config, "NetworkingConfig": alone}, name
    )
    container = client.containers.get(made["Id"])
    try:
        for network in endpoints:
            client.api.connect_container_to_network(made["Id"], network)
        if any(one["Target"] == SECRETS for one in config["HostConfig"]["Mounts"]):
            # Owner and mode travel with the files.
            container.put_archive(SECRETS, secrets)
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
    for reported in (signal.SIGINT, signal.SIGTERM):
        signal.signal(reported, lambda *_: container.stop())
    return process.wait()


def execute(stack: str, site: str, words: tuple[str, ...], process: str = WEB, release: str = LIVE) -> int:
    """Run the words to their end, and return their exit code. Raises Refused and DockerException.

    `process` is whose memory and variables they have; `release` is live or next.
    """
    if not any(word.strip() for word in words):
        raise Refused(f"which command? Write {spell('exec', command='flask routes')}")
    command = list(words) if len(words) > 1 else ["sh", "-c", words[0]]
    export = read_export(stack)
    if tasks := DeployedTasks.find(stack, export):
        return execute_task(tasks, site, command, process, release)
    deployed = Deployed.of(stack, export)
    if release == NEXT and process == WEB and deployed.is_begun(site):
        # Nothing is live yet, and this command may be needed before anything is.
        replica = deployed.choose_begun(site, "exec")
        site = str(replica.labels["portico.site"])
    else:
        site = deployed.choose_site(site, "exec")
        replica = deployed.list_process(site, process)[0]
    terminal = has_terminal()
    config = describe(replica.attrs, command, terminal=terminal)
    if release == NEXT:
        following = NextRelease.find(deployed, Path.cwd(), site)
        following.require_image(deployed, Path.cwd())
        config = following.dress(config, command)
        data = [one for one in config["HostConfig"]["Mounts"] if one["Target"] != SECRETS]
        config["HostConfig"]["Mounts"] = data + ([mount_secrets(config["Labels"])] if following.secrets else [])
        files = following.pack_secrets()
    else:
        given = any(one["Target"] == SECRETS for one in config["HostConfig"]["Mounts"])
        files = read_secrets(replica) if given else b""
    container = make_container(deployed.client, files, config, f"{site}-exec-{secrets.token_hex(4)}")
    try:
        start = ("start", "--attach", "--interactive", str(container.id))
        return run(name_docker(deployed.engine, *start, terminal=terminal), container, terminal=terminal)
    finally:
        remove(container)


def execute_task(tasks: DeployedTasks, site: str, command: list[str], process: str, release: str) -> int:
    """The same on ECS. Raises Refused also for what can not be had there."""
    from portico.cli import task_exec

    if process != WEB:
        what = f"always runs as the web of a site, not as {process}; leave out {spell_option('process')}"
        raise Refused(f"on ECS a command {what}")
    if release != LIVE:
        raise Refused(f"on ECS a command runs in the live release alone; leave out {assign('release', release)}")
    return task_exec.execute(tasks, site, command)


def read_secrets(replica: Container) -> bytes:
    """The files of a replica's secrets, with their owner and mode."""
    chunks, _ = replica.get_archive(f"{SECRETS}/.")
    return b"".join(chunks)


@click.command(
    context_settings={"ignore_unknown_options": True}, epilog=example("portico exec --site shop -- flask routes")
)
@stack_option
@site_option
@process_option("As in a container of which process: web, release or the name of a worker.")
@click.option(
    "--release",
    type=click.Choice([LIVE, NEXT]),
    default=LIVE,
    show_default=True,
    help="In the image of the live release, or of what up would deploy, which is built where it is not there.",
)
@click.argument("words", nargs=-1, type=click.UNPROCESSED, metavar="-- COMMAND...")
@click.pass_context
def command(context: click.Context, stack: str, site: str, process: str, release: str, words: tuple[str, ...]) -> None:
    """Run a command in a container of a release, apart from the traffic; its exit code is the command's.

    One text is given to a shell; several words are the command itself.
    """
    prepare(stack)
    context.exit(execute(stack, site, words, process, release))
