"""What Docker and the kernel say of the containers: nothing is allowed that is not needed."""

from typing import Any

import pytest

from docker.models.containers import Container
from portico.components.docker.container_command import run_in
from tests.docker.commands import PROJECT
from tests.docker.engine import Deployment, execute

pytestmark = pytest.mark.docker

# Every role, whether it keeps running, and the only powers that it may have.
ROLES: dict[str, tuple[bool, set[str]]] = {
    "port": (True, set()),
    "nginx": (True, set()),
    "gunicorn": (True, set()),
    "switch": (False, {"CAP_KILL", "CAP_CHOWN", "CAP_DAC_OVERRIDE"}),
    "check": (False, {"CAP_CHOWN"}),
    "files": (False, {"CAP_CHOWN"}),
}
SERVING = ("port", "nginx", "gunicorn")


def each(deployment: Deployment, *roles: str) -> list[tuple[str, Container, dict[str, Any]]]:
    """Role, container, and what `docker inspect` says of it."""
    listed = [
        (str(found.labels["portico.role"]), found, dict(found.attrs))
        for found in deployment.containers()
        if not roles or found.labels["portico.role"] in roles
    ]
    assert {role for role, _, _ in listed} == set(roles or ROLES)
    return listed


def test_powers_are_dropped(two_sites: Deployment) -> None:
    for role, found, attrs in each(two_sites):
        host, (_, kept) = attrs["HostConfig"], ROLES[role]
        assert host["CapDrop"] == ["ALL"], found.name
        assert set(host["CapAdd"] or []) == kept, found.name
        assert "no-new-privileges:true" in host["SecurityOpt"], found.name
        assert not any("unconfined" in option for option in host["SecurityOpt"]), found.name
        assert not host["Privileged"] and not host["Devices"], found.name


def test_users_are_not_root(two_sites: Deployment) -> None:
    users = {role: attrs["Config"]["User"] for role, _, attrs in each(two_sites, *SERVING)}
    assert all(user and not user.startswith(("0", "root")) for user in users.values()), users
    sites = {found.labels["portico.site"]: attrs["Config"]["User"] for _, found, attrs in each(two_sites, "gunicorn")}
    assert len(set(sites.values())) == len(sites), f"sites share a user: {sites}"


def test_resources_are_bounded(two_sites: Deployment) -> None:
    for role, found, attrs in each(two_sites):
        host, (runs, _) = attrs["HostConfig"], ROLES[role]
        assert 0 < host["Memory"] == host["MemorySwap"], found.name
        assert host["LogConfig"]["Type"] == "json-file", found.name
        assert set(host["LogConfig"]["Config"]) == {"max-size", "max-file"}, found.name
        limits = {limit["Name"]: limit["Hard"] for limit in host["Ulimits"] or []}
        assert limits.get("nproc", 0) > 0, found.name
        # One replica leaves processes to the others: the user's limit is for all of them.
        assert role != "gunicorn" or 0 < host["PidsLimit"] * 4 <= limits["nproc"], found.name
        assert host["Init"], found.name
        assert host["RestartPolicy"]["Name"] == ("unless-stopped" if role in SERVING else "no"), found.name
        assert attrs["State"]["Running"] == runs, found.name


def test_files_and_names_of_the_host_stay_outside(two_sites: Deployment) -> None:
    edge = two_sites.container("nginx").id
    for role, found, attrs in each(two_sites):
        host = attrs["HostConfig"]
        assert {mount["Type"] for mount in attrs["Mounts"]} <= {"volume", "tmpfs"}, found.name
        assert "docker.sock" not in str(attrs["Mounts"]) + str(host["Binds"]), found.name
        # The one that reloads NGINX sees NGINX's processes and network, and nobody else's.
        allowed = {"", f"container:{edge}"} if role == "switch" else {""}
        assert host["PidMode"] in allowed, found.name
        assert host["NetworkMode"] != "host" and host["IpcMode"] != "host" and not host["UsernsMode"], found.name
        published = {bound["HostIp"] for ports in (host["PortBindings"] or {}).values() for bound in ports}
        assert published == ({"127.0.0.1"} if role == "port" else set()), found.name


def test_labels_say_whose_it_is(two_sites: Deployment) -> None:
    releases = two_sites.outputs()["releases"]
    for role, found, _ in each(two_sites):
        labels = found.labels
        assert (labels["portico.project"], labels["portico.stack"]) == (PROJECT, two_sites.name)
        if role in ("gunicorn", "files"):
            assert labels["portico.release"] == releases[labels["portico.site"]]


def test_the_root_cannot_be_written(two_sites: Deployment) -> None:
    for role, found, attrs in each(two_sites, *SERVING):
        assert attrs["HostConfig"]["ReadonlyRootfs"], found.name
        # Not even by root.
        for user in ("", "0"):
            done = run_in(found, ["touch", "/written"], user=user)
            assert done.code != 0 and b"Read-only file system" in done.output, (found.name, done.output)
        if role == "nginx":
            done = run_in(found, ["touch", "/etc/portico/written"], user="0")
            assert b"Read-only file system" in done.output, done.output


def test_processes_have_no_powers(two_sites: Deployment) -> None:
    for role, found, _ in each(two_sites, *SERVING):
        processes = [read_status(text) for text in execute(found, "sh", "-c", PROCESSES).split("\0")[:-1]]
        # NGINX shares its process namespace with the one that reloads it, which is no child of its own.
        ours = [one for one in processes if role != "nginx" or one["Name"] in ("docker-init", "tini", "perl", "nginx")]
        assert len(ours) > 2, processes
        for one in ours:
            powers = [int(one[name], 16) for name in ("CapEff", "CapPrm", "CapBnd", "CapInh", "CapAmb")]
            assert powers == [0] * 5, f"{found.name}: {one}"
            assert one["NoNewPrivs"] == "1", f"{found.name}: {one}"
            assert "0" not in one["Uid"].split() + one["Gid"].split(), f"{found.name}: {one}"


def test_no_application_is_given_the_public_ports(two_sites: Deployment) -> None:
    """Whoever reaches the holder's socket is: it lies in a folder of NGINX's user, in a volume of NGINX's own."""
    found = execute(two_sites.container("port"), "stat", "-c", "%a %u:%g", "/etc/portico/port").strip()
    assert found == "700 101:101"
    (volume,) = [mount["Name"] for mount in two_sites.container("port").attrs["Mounts"] if mount["Type"] == "volume"]
    sharing = {role for role, _, attrs in each(two_sites) for mount in attrs["Mounts"] if mount.get("Name") == volume}
    assert sharing == {"port", "nginx", "switch", "check"}


def test_one_site_cannot_reach_the_sockets_of_another(two_sites: Deployment) -> None:
    connect = "import socket, sys; socket.socket(socket.AF_UNIX).connect(sys.argv[1])"
    places = {
        site: execute(two_sites.containers("gunicorn", site)[0], "sh", "-c", "echo ${PORTICO_ADDRESS#unix:}").strip()
        for site in ("hello", "httpbin")
    }
    for site, other in (("hello", "httpbin"), ("httpbin", "hello")):
        replica = two_sites.containers("gunicorn", site)[0]
        own = run_in(replica, ["python3", "-c", connect, places[site]])
        assert own.code == 0, own.output
        foreign = run_in(replica, ["python3", "-c", connect, places[other]])
        assert b"Permission denied" in foreign.output, f"{site} reached {places[other]}: {foreign}"


PROCESSES = r"for one in /proc/[0-9]*/status; do cat $one && printf '\0'; done 2>/dev/null"


def read_status(text: str) -> dict[str, str]:
    pairs = (line.split(":", 1) for line in text.splitlines())
    return {name: value.strip() for name, value in pairs}
