"""The containers of a release, as plain values: they are made of these, and so is the release's id.

Whatever replaces a replica must make another id: only then NGINX switches before the old replica stops. So nothing
about these containers is said anywhere else (gunicorn.py and flask_app.py of components/docker/ add what other
resources supply), and what is said here is in the id without being listed there.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from portico.config.in_container import read_script
from portico.config.release.data import VOLUMES, mount_apart, mount_data
from portico.config.release.hardening import drop_capabilities, list_labels, restrict
from portico.config.release.launch import begin
from portico.config.release.release import Release
from portico.config.release.static_question import list_question
from portico.config.settings import Site
from portico.config.settings.hidden import list_hidden

# Where sockets and static files are mounted, in the edge and in every replica alike.
SOCKETS = "/run/portico"
STATIC = "/srv/static"
_SECRETS = "/run/secrets"
# Seconds that one process of the health check goes on asking: to start one in a container takes 75 ms of a processor
# (measured: docs/faults.md), which a small VM has better uses for.
_WATCH = "30"
# Linux counts the processes of a user, whatever their container: those of two releases, and what workers and commands
# have besides the replicas; at least so many.
_FURTHER, _OF_USER = 2048, 4096

# Arguments by the names of docker.ContainerArgs.
Described = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where the containers of a release are made: it is no part of what they are, and makes no other release.

    Pulumi knows some of it only while it deploys. `sockets`, `static` and `secrets` are names of volumes; `secrets` is
    None where the site has none. `network` is the network's name. `data` are names of volumes by the name of the data,
    `services` names of networks by the name of the service that is there.
    """

    project: str = ""
    stack: str = ""
    sockets: Any = ""
    static: Any = ""
    secrets: Any = None
    network: Any = ""
    data: Mapping[str, Any] = field(default_factory=dict)
    services: Mapping[str, Any] = field(default_factory=dict)


def find_nowhere(release: Release, *, secrets: bool = False) -> Place:
    """A place without names, to tell what the containers of `release` are wherever they are made."""
    return Place(
        secrets="" if secrets else None,
        data={one.name: "" for one in release.site.data},
        services=dict.fromkeys(release.site.uses, ""),
    )


def describe_release(release: Release, secrets: Collection[str]) -> Described:
    """All containers of a release and what they are handed, wherever that is; `secrets` are names."""
    place = find_nowhere(release, secrets=bool(secrets))
    return {
        **({"asked": describe_question(release, place)} if release.site.asked else {}),
        "replicas": [describe_replica(release, index, place) for index in range(release.replicas)],
        "files": describe_files(release, place),
        "uploads": describe_uploads(dict.fromkeys(secrets, "")),
    }


def describe_replica(release: Release, index: int, place: Place) -> Described:
    """The `index`th replica, but for its image. `envs` are {name: value}, since not every value is known yet."""
    site, bind = release.site, release.bind[index]
    alias = f"{site.name}-{release.id}"
    return restrict(site.gunicorn.memory.mebibytes, count_processes(release)) | {
        "entrypoints": [*begin(release), "gunicorn"],
        "command": ["--config", "/etc/gunicorn/gunicorn.conf.py", site.entry],
        "envs": {
            **describe_environment(release),
            "PORTICO_REPLICA": str(index),
            "PORTICO_ADDRESS": bind,
            # For components/in_container/health.py: when the last request ended.
            "PORTICO_PROGRESS": "/tmp/.portico/progress",
            # For components/in_container/prove.sh: what became of its workers.
            "PORTICO_BOOTS": f"{SOCKETS}/{site.name}/{release.id}-{index}.boots",
        },
        "labels": label("gunicorn", release, place),
        # Its own user and group: the folder of its socket lets in that user and NGINX, no other site.
        "user": f"{release.uid}:{release.uid}",
        "volumes": mount_shared(release, place),
        "tmpfs": describe_scratch(release),
        "networks_advanced": [
            {"name": place.network, "aliases": [alias, f"{alias}-{index}"]},
            *join_services(site, place),
        ],
        "healthcheck": {
            "tests": [
                *("CMD", "python3", "-I", "-S", "-c", read_script("health.py")),
                *(_WATCH, site.hang_limits, bind),
                *(site.locate(site.health), site.hosts[0].replace("*", "www")),
            ],
            # Short, for a new replica is waited for; later on a process stays for longer: see _WATCH.
            "interval": "1s",
            # It ends by itself after 34 s; a busy machine takes seconds to start it, and it must come to act.
            "timeout": "45s",
            "start_period": "2s",
            "retries": 3,
        },
        "restart": "unless-stopped",
        # Longer than Gunicorn's own graceful timeout, or Docker would cut its last requests.
        "destroy_grace_seconds": site.gunicorn.timeout.seconds + 5,
    }


def describe_files(release: Release, place: Place) -> Described:
    """What lays out static files and secrets, but for its image and the secrets themselves."""
    site = release.site
    # What is done for data comes first, and takes its own words away. Its powers are not needed without it.
    scripts, powers = (["data.py"], ["CAP_DAC_OVERRIDE", "CAP_FOWNER"]) if site.data else ([], [])
    further = ["static_tree.py"] if site.asked else []
    return restrict(128) | {
        "entrypoints": ["python3", "-I", "-c", read_script(*scripts, "files.py", *further)],
        "command": [
            *(site.name, release.id, str(release.uid), release.static or "-"),
            *(
                site.locate(site.static_url),
                "compress" if release.compress else "plain",
                " ".join(list_hidden(site.publish)),
            ),
            *(f"{VOLUMES}/{one.name}={one.path}" for one in site.data),
        ],
        "labels": label("files", release, place),
        "volumes": [
            _mount(place.sockets, SOCKETS),
            _mount(place.static, STATIC),
            *([] if place.secrets is None else [_mount(place.secrets, _SECRETS)]),
            *mount_apart(site, place.data),
        ],
        # Root without powers but this one: folders are given to the site's own user.
        "user": "0:0",
        "capabilities": drop_capabilities("CAP_CHOWN", *powers),
        # Uploads are refused by a read-only root; this container lives for a moment.
        "read_only": place.secrets is None,
        "network_mode": "none",
        "attach": True,
        "logs": True,
        "must_run": False,
        "restart": "no",
    }


def describe_question(release: Release, place: Place) -> Described:
    """What asks the application for its static files, but for its image: without network, secrets and data."""
    site = release.site
    scratch = describe_scratch(release)
    return restrict(site.gunicorn.memory.mebibytes) | {
        "entrypoints": list_question(release),
        "envs": describe_environment(release),
        "labels": label("static", release, place),
        "user": f"{release.uid}:{release.uid}",
        # It may write where it will find its data.
        "tmpfs": scratch | {one.path: scratch["/tmp"] for one in site.data},
        "network_mode": "none",
        "attach": True,
        "logs": True,
        "must_run": False,
        "restart": "no",
    }


def describe_uploads(secrets: Mapping[str, str]) -> list[dict[str, str]]:
    """How secrets, {NAME: value}, reach what lays them out."""
    return [
        {"file": f"/incoming/{name}", "content": value, "permissions": "0400"}
        for name, value in sorted(secrets.items())
    ]


def bound_own(release: Release) -> int:
    """The processes and threads that one container of a site may have: see components/docker/process_limit.py."""
    return release.site.gunicorn.count_processes()


def count_processes(release: Release) -> int:
    """The processes and threads that the site's user may have on a machine: all containers, stacks and projects of it.

    So it is far more than one container may have, or one of them would leave none to the others.
    """
    return max(_OF_USER, 2 * release.replicas * bound_own(release) + _FURTHER)


def describe_environment(release: Release) -> dict[str, str]:
    """The variables that every process of a release has."""
    site = release.site
    return {
        **site.environment,
        "HOME": "/tmp",
        "USER": site.name,
        "PORTICO_SITE": site.name,
        "PORTICO_RELEASE": release.id,
    }


def mount_shared(release: Release, place: Place) -> list[dict[str, Any]]:
    """The volumes that every process of a release has."""
    return [
        _mount(place.sockets, SOCKETS),
        *([] if place.secrets is None else [_mount(place.secrets, _SECRETS) | {"read_only": True}]),
        *mount_data(release.site, place.data),
    ]


def join_services(site: Site, place: Place) -> list[dict[str, Any]]:
    """The networks of the services that a site uses: each has its own, which nobody else is in.

    One that AWS runs has none here.
    """
    return [{"name": place.services[name]} for name in sorted(site.uses) if name in place.services]


def describe_scratch(release: Release) -> dict[str, str]:
    """The only folder that every process of a release can write to, and loses at its end."""
    return {"/tmp": f"rw,noexec,nosuid,nodev,size={release.site.scratch.mebibytes}m"}


def label(role: str, release: Release, place: Place) -> list[dict[str, str]]:
    """The labels of a container of a release, in the form that docker.Container takes."""
    labels = list_labels(place.project, place.stack, role, release.site.name, release.id)
    return [{"label": key, "value": value} for key, value in labels.items()]


def _mount(volume: Any, path: str) -> dict[str, Any]:
    return {"volume_name": volume, "container_path": path}
