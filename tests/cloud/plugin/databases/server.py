"""The server of one database: PostgreSQL in a container, in a network of its own, at the address that is reported."""

import io
import subprocess
import tarfile
import time
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Final

import docker
import docker.errors
from docker import DockerClient
from docker.models.containers import Container

from portico.components.docker.container_command import run_in
from portico.config.settings.service import IMAGES, POSTGRES
from tests.cloud.plugin.cloud import Cloud, Thing
from tests.cloud.plugin.databases.authority import issue
from tests.cloud.plugin.owner import LABEL, name_owner
from tests.cloud.plugin.process import start
from tests.cloud.plugin.service_kinds import DATABASE_PARAMETERS

# RDS's own administrator, whom nobody else is.
ADMINISTRATOR: Final = "rdsadmin"
_USER: Final = 999  # the official image's `postgres`
_FOLDER: Final = "/tmp/server"
# Data lies in the container, which a restart leaves as it is.
_COMMAND: Final = f"""set -e
cd {_FOLDER}
if ! test -e data/PG_VERSION; then
  initdb -D data -U {ADMINISTRATOR} -A reject >/dev/null
  cp access.conf data/pg_hba.conf
fi
exec postgres -D data -c listen_addresses='*' -c unix_socket_directories={_FOLDER} \\
  -c ssl=on -c ssl_cert_file={_FOLDER}/server.pem -c ssl_key_file={_FOLDER}/server.key
"""
_WAIT: Final = 120.0  # seconds until it answers, on a machine that may be busy
_PAUSE: Final = 0.2


def name_server(id: str) -> str:
    """What Docker calls the server of a database, and its network."""
    return f"portico-test-{id}"


def open_database(cloud: Cloud, thing: Thing) -> None:
    """Start it, with the role and the database that are asked for. Raises ValueError where it does not answer."""
    engine = docker.from_env()
    try:
        server = _start(cloud, engine, thing)
        start("databases", cloud.folder, f"database-{thing.id}", thing.id)
        _await(server, thing)
        owner, name = thing.inputs["username"], thing.inputs["dbName"]
        _tell(
            server,
            # What RDS lets the first role do.
            f"CREATE ROLE {owner} LOGIN CREATEDB CREATEROLE PASSWORD '{thing.inputs['password']}';",
            f"CREATE DATABASE {name} OWNER {owner};",
        )
    except BaseException:
        close_database(thing.id)
        raise
    finally:
        engine.close()


def change_password(thing: Thing) -> None:
    """Give the first role the password that is asked for now."""
    engine = docker.from_env()
    server = engine.containers.get(name_server(thing.id))
    _tell(server, f"ALTER ROLE {thing.inputs['username']} PASSWORD '{thing.inputs['password']}';")
    engine.close()


def close_database(id: str) -> None:
    """Remove it, with all that is in it."""
    engine = docker.from_env()
    with suppress(docker.errors.NotFound):
        engine.containers.get(name_server(id)).remove(force=True, v=True)
    with suppress(docker.errors.APIError):
        network = engine.networks.get(name_server(id))
        for one in network.attrs.get("Containers") or {}:
            network.disconnect(one, force=True)
        network.remove()
    engine.close()


def _start(cloud: Cloud, engine: DockerClient, thing: Thing) -> Container:
    image = IMAGES[POSTGRES][str(thing.inputs["engineVersion"])]
    try:
        engine.images.get(image)
    except docker.errors.ImageNotFound:
        engine.images.pull(image)
    name, labels = name_server(thing.id), {LABEL: name_owner(cloud.folder)}
    engine.networks.create(name, internal=True, labels=labels)
    server = engine.containers.create(
        image,
        name=name,
        labels=labels,
        entrypoint=["sh", "-c", _COMMAND],
        command=[],
        user=str(_USER),
        network=name,
        networking_config={
            name: docker.types.EndpointConfig(engine.api.api_version, aliases=[str(thing.outputs["address"])])
        },
        mem_limit="512m",
    )
    key, certificate = issue(cloud, str(thing.outputs["address"]))
    files = {"server.key": key, "server.pem": certificate, "access.conf": _write_access(cloud, thing.inputs).encode()}
    server.put_archive("/tmp", _pack(files))
    server.start()
    return server


def _write_access(cloud: Cloud, inputs: Mapping[str, Any]) -> str:
    """Who may connect, and how: by TLS alone, as RDS has it from version 15 on where nobody says otherwise."""
    group = cloud.find(str(inputs.get("parameterGroupName")), DATABASE_PARAMETERS)
    given = {one["name"]: one["value"] for one in (group.inputs.get("parameters") or [] if group else [])}
    way = "hostssl" if str(given.get("rds.force_ssl", "1")) == "1" else "host"
    return f"local all {ADMINISTRATOR} trust\n{way} all {ADMINISTRATOR} all reject\n{way} all all all scram-sha-256\n"


def _pack(files: Mapping[str, bytes]) -> bytes:
    """An archive of the folder that the server finds; PostgreSQL takes a key that nobody else can read alone."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        folder = tarfile.TarInfo(_FOLDER.rpartition("/")[2])
        folder.type, folder.mode, folder.uid = tarfile.DIRTYPE, 0o700, _USER
        archive.addfile(folder)
        for name, content in files.items():
            file = tarfile.TarInfo(f"{folder.name}/{name}")
            file.mode, file.uid, file.size = 0o600, _USER, len(content)
            archive.addfile(file, io.BytesIO(content))
    return packed.getvalue()


def _await(server: Container, thing: Thing) -> None:
    until = time.monotonic() + _WAIT
    while run_in(server, ("pg_isready", "-q", "-h", _FOLDER)).code:
        server.reload()
        if server.status != "running" or time.monotonic() >= until:
            lines = server.logs(tail=10).decode(errors="replace")
            raise ValueError(f"{thing.id} does not answer:\n{lines}")
        time.sleep(_PAUSE)


def _tell(server: Container, *statements: str) -> None:
    """Have statements run by the administrator. They come by the standard input: a password is no word of a command."""
    psql = ["psql", "-XAtq", "-v", "ON_ERROR_STOP=1", "-h", _FOLDER, "-U", ADMINISTRATOR, "-d", "postgres"]
    done = subprocess.run(
        ["docker", "exec", "-i", str(server.id), *psql], input="\n".join(statements), capture_output=True, text=True
    )
    if done.returncode:
        raise ValueError(f"the database took no statement: {done.stderr}")


def ask_administrator(id: str, question: str) -> str:
    """What a database answers RDS's own administrator, without the spaces around it."""
    engine = docker.from_env()
    words = ("psql", "-XAtq", "-h", _FOLDER, "-U", ADMINISTRATOR, "-d", "postgres", "-c", question)
    ended = run_in(engine.containers.get(name_server(id)), words)
    engine.close()
    if ended.code:
        raise ValueError(ended.text)
    return ended.text.strip()
