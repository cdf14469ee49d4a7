"""The copy that a rehearsal is made on: folders and servers as a backup has them, in a network without a way out."""

import secrets
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any, Final

from docker.errors import APIError, DockerException, NotFound
from docker.models.containers import Container

from portico.cli.backups import call
from portico.cli.deployed import Deployed
from portico.cli.engine import name_docker
from portico.cli.refused import Refused
from portico.cli.restoring import describe as describe_helper
from portico.cli.restoring import find_service
from portico.cli.services import find_folder, name_psql
from portico.config.backups import DATA, SERVERS
from portico.config.in_container import read_script
from portico.config.release.replica import SOCKETS
from portico.config.services.containers import USER
from portico.config.services.labels import NAME
from portico.config.services.labels import ROLE as SERVICE
from portico.config.services.urls import name_host
from portico.config.settings.service import POSTGRES

ROLE: Final = "rehearsal"
_LONGEST_START = 180.0  # seconds until a server is healthy
_ROLES = (
    "SELECT format('CREATE ROLE %I WITH LOGIN CONNECTION LIMIT %s PASSWORD %L;', rolname, rolconnlimit, rolpassword) "
    "FROM pg_authid WHERE rolname !~ '^pg_' AND rolname <> 'postgres'"
)
Source = Mapping[str, str]


class Copy:
    """All of it, by names that begin with `name`. Whatever is made for it has the labels by which it is removed."""

    def __init__(self, deployed: Deployed, site: str, sources: Sequence[Source]) -> None:
        self.deployed, self.site, self.sources = deployed, site, sources
        self.name = f"{ROLE}-{secrets.token_hex(4)}"
        self.labels = {
            "portico.project": deployed.project,
            "portico.stack": deployed.stack,
            "portico.role": ROLE,
            "portico.site": site,
        }
        self.databases: dict[str, Container] = {}

    def name_volume(self, part: str) -> str:
        """The volume of a part of it: the sockets, or what `name_data` and `name_service` say."""
        return f"{self.name}-{part}"

    @staticmethod
    def name_data(data: str) -> str:
        """The part that is a folder of data: it may be called as any other part is."""
        return f"data-{data}"

    @staticmethod
    def name_service(service: str) -> str:
        """The part that is a service."""
        return f"service-{service}"

    def fill(self, maker: Container, snapshot: str, uid: int, folders: Sequence[str]) -> None:
        """Lay the backup out, and start the servers on it. `folders` are names of data; new ones stay empty.

        Raises Refused and DockerException.
        """
        client = self.deployed.client
        client.networks.create(self.name, driver="bridge", internal=True, labels=self.labels)
        mounts = {f"{DATA}/{self.site}/{one}": self.name_data(one) for one in folders} | {SOCKETS: "sockets"}
        names = [one["name"] for one in self.sources]
        served = [one for one in self.sources if find_service(one)]
        mounts |= {f"{SERVERS}/{one['name']}": self.name_service(find_service(one)) for one in served}
        for part in mounts.values():
            client.volumes.create(self.name_volume(part), labels=self.labels)
        helper = self.make(self._describe_helper(maker, mounts), "helper")
        helper.start()
        if names:
            call(self.deployed, helper, "lay", snapshot, *names)
        own = [path for path in mounts if path.startswith(f"{DATA}/")]
        self._run(helper, ["sh", "-c", _OWN, "own", f"{SOCKETS}/{self.site}", str(uid), *own])
        for source in served:
            self._serve(source, helper)
        helper.remove(force=True)

    def make(self, config: Mapping[str, Any], part: str) -> Container:
        """A container of the copy, which does not run yet."""
        made: dict[str, Any] = self.deployed.client.api.create_container_from_config(  # type: ignore[no-untyped-call]
            {**config, "Labels": self.labels}, f"{self.name}-{part}"
        )
        return self.deployed.client.containers.get(made["Id"])

    def mount(self, part: str, target: str, *, read_only: bool = False) -> dict[str, Any]:
        """One of its volumes, as a container has it."""
        return {
            "Type": "volume",
            "Source": self.name_volume(part),
            "Target": target,
            "ReadOnly": read_only,
            "VolumeOptions": {"NoCopy": True, "Labels": self.labels},
        }

    def join(self, *aliases: str) -> dict[str, Any]:
        """Its network, as a container is put into it."""
        return {"EndpointsConfig": {self.name: {"Aliases": [*aliases]}}}

    def confine(self, host: Mapping[str, Any], mounts: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        """The limits of a container of the site's, in the copy: no port, no other network, no second start."""
        apart = {"Binds": None, "PortBindings": None, "AutoRemove": False, "RestartPolicy": {"Name": "no"}}
        return {**host, **apart, "Mounts": [*mounts], "NetworkMode": self.name}

    def _describe_helper(self, maker: Container, mounts: Mapping[str, str]) -> dict[str, Any]:
        described = describe_helper(maker.attrs, ())
        kept = [one for one in described["HostConfig"]["Mounts"] if not one["Target"].startswith("/spool")]
        described["HostConfig"]["Mounts"] = kept + [self.mount(part, path) for path, part in mounts.items()]
        return described

    def _serve(self, source: Source, helper: Container) -> None:
        """Start a server of the same image with the same words on its copy, and fill it. Raises Refused."""
        service = find_service(source)
        (live,) = self.deployed.list_containers(role=SERVICE, **{NAME.removeprefix("portico."): service})
        folder, config = find_folder(live), live.attrs["Config"]
        if source["kind"] != POSTGRES:
            # Who may do what, as in production: names with digests of passwords.
            chunks, _ = live.get_archive(f"{folder}/users.acl")
            helper.put_archive(f"{SERVERS}/{source['name']}", b"".join(chunks))
        kept = ("Image", "User", "Entrypoint", "Cmd", "Env", "Healthcheck", "StopSignal")
        server = self.make(
            {key: config.get(key) for key in kept}
            | {
                "Image": live.attrs["Image"],
                "HostConfig": self.confine(live.attrs["HostConfig"], [self.mount(self.name_service(service), folder)]),
                "NetworkingConfig": self.join(name_host(service)),
            },
            self.name_service(service),
        )
        server.start()
        until = time.monotonic() + _LONGEST_START
        while server.health != "healthy":
            if time.monotonic() > until or server.status not in ("created", "running"):
                said = server.logs(tail=5).decode(errors="replace")
                raise Refused(f"the copy of {service} did not start: {' '.join(said.split())[-500:]}")
            time.sleep(0.5)
            server.reload()
        if source["kind"] == POSTGRES:
            self._fill_database(source["name"].split("/")[1], live, server, folder)
            self.databases[service] = server

    def _fill_database(self, database: str, live: Container, server: Container, folder: str) -> None:
        # What PostgreSQL keeps of the passwords goes by no word of a command: the site's own fits.
        roles = self._run(live, name_psql(live, "psql", "postgres", "-XqAt", f"--command={_ROLES}"), user=USER)
        ask = name_psql(server, "psql", "postgres", "-XqAt", "--set=ON_ERROR_STOP=1")
        self._run(server, ask, user=USER, given=roles)
        script = read_script("dumper_postgres.sh") + 'mkdir -p "$copy"; do_fill "$3"; rm -r "$copy" "$spool/dump"\n'
        self._run(server, ["sh", "-c", script, "fill", folder, folder, database], user=USER)

    def _run(self, container: Container, words: Sequence[str], *, user: str = "", given: str = "") -> str:
        """What a command in a container prints. Raises Refused where it fails."""
        options = ["--interactive", *(["--user", user] if user else [])]
        command = name_docker(self.deployed.engine, "exec", *options, str(container.id), *words, terminal=False)
        done = subprocess.run(command, input=given, capture_output=True, text=True, check=False)
        if done.returncode:
            why = " ".join(done.stderr.split())[-500:] or f"exit code {done.returncode}"
            raise Refused(f"{container.name} could not be made ready: {why}")
        return done.stdout


# The folder of the sockets, and the folders of data, are the site's own.
_OWN = (
    'umask 022; mkdir -p "$1"; folder=$1; user=$2; shift 2; chown "$user:$user" "$folder" "$@"; '
    'chmod 0750 "$folder" "$@"'
)


@contextmanager
def make_copy(deployed: Deployed, site: str, sources: Sequence[Source]) -> Iterator[Copy]:
    """A copy that is empty yet; at the end, whatever it is, nothing of it is left."""
    # One that was killed before its end has left something.
    clear(deployed)
    try:
        yield Copy(deployed, site, sources)
    finally:
        # Whoever asks for the end now gets it when nothing is left.
        for one in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(one, signal.SIG_IGN)
        clear(deployed)


def clear(deployed: Deployed) -> None:
    """Remove everything that any rehearsal of the stack has made."""
    client, labels = deployed.client, deployed.label(role=ROLE)
    for container in client.containers.list(all=True, filters={"label": labels}, ignore_removed=True):
        # Nobody waits for its last request.
        with suppress(NotFound, APIError):
            container.remove(force=True, v=True)
    for kind in (client.networks, client.volumes):
        for one in kind.list(filters={"label": labels}):
            with suppress(DockerException):
                one.remove()
