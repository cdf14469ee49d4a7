"""Compares a stack (`pulumi stack export`) with what its Docker engine has: check.py ENV. Exit code 1: they differ."""

import json
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import docker  # noqa: E402
from docker.errors import DockerException  # noqa: E402
from docker.models.containers import Container as DockerContainer  # noqa: E402

from portico.components.docker.engine_client import Engine  # noqa: E402
from portico.components.docker.live_files import read_live  # noqa: E402
from portico.config.live.drift import Container, Live, compare_containers, compare_files, compare_releases  # noqa: E402
from portico.config.live.served import find_releases  # noqa: E402
from scripts.engine import (  # noqa: E402
    CONTAINER,
    SERVICE,
    find_engine,
    find_provider,
    list_resources,
    list_serving,
    name_provider,
)

Export = dict[str, Any]


def find(export: Export, role: str) -> list[Export]:
    """The containers of one role that the last update left."""
    label = {"label": "portico.role", "value": role}
    return [one["outputs"] for one in list_serving(export) if label in one["outputs"]["labels"]]


def find_wanted(export: Export) -> dict[str, str]:
    """The release of each site that the last update asked for, whether it went live or not."""
    labels = [{one["label"]: one["value"] for one in found["labels"]} for found in find(export, "gunicorn")]
    return {one["portico.site"]: one["portico.release"] for one in labels}


def list_expected(export: Export, served: Mapping[str, str]) -> list[Container]:
    """The containers that should run: what holds the port, NGINX, and the replicas of the releases that are served.

    Of a release that did not go live the replicas are not asked for; those of the one before it are still there.
    """
    replicas = []
    for one in list_containers(export):
        label = {one["label"]: one["value"] for one in one["outputs"]["labels"]}
        if label.get("portico.role") == "gunicorn" and served.get(label["portico.site"]) == label["portico.release"]:
            replicas.append((bool(one.get("delete")), one["outputs"]))
    # A replica that waits for its removal counts only where no other one of its release is there.
    fresh = {name_release(one) for leaves, one in replicas if not leaves}
    serving = [one for leaves, one in replicas if not leaves or name_release(one) not in fresh]
    found = [*find(export, "port"), *find(export, "nginx"), *serving]
    return [Container(id=one["id"], name=one["name"]) for one in found]


def list_containers(export: Export) -> list[Export]:
    """The containers on the engine that serves, those included that wait for their removal."""
    provider = find_provider(export) or {}
    found = (export.get("deployment") or {}).get("resources") or []
    return [one for one in found if one["type"] == CONTAINER and name_provider(one) == provider.get("urn")]


def name_release(outputs: Export) -> str:
    """The release that a replica is of."""
    return next(str(one["value"]) for one in outputs["labels"] if one["label"] == "portico.release")


def list_observed(client: docker.DockerClient) -> list[Container]:
    """Every container of the engine, stopped ones included."""
    found = client.containers.list(all=True, ignore_removed=True)
    return [observe(one) for one in found]


def observe(one: DockerContainer) -> Container:
    """What Docker says of a container."""
    state = one.attrs["State"]
    return Container(
        id=str(one.id),
        name=str(one.name),
        status=one.status,
        health=one.health,
        restarts=int(one.attrs.get("RestartCount") or 0),
        up=(datetime.now(UTC) - datetime.fromisoformat(state["StartedAt"])).total_seconds(),
    )


def check_files(export: Export, live: Live) -> list[str]:
    """What differs in the files that NGINX reads."""
    (check,) = find(export, "check")
    uploads = check["uploads"]
    uploads = json.loads(uploads["plaintext"]) if isinstance(uploads, dict) else uploads
    files = {one["file"].removeprefix("/incoming/"): one["content"] for one in uploads}
    files = {path: text for path, text in files.items() if not path.startswith("/")}
    (digest,) = [text.removeprefix("TREE=") for text in check["envs"] if text.startswith("TREE=")]
    return compare_files(digest, files, live)


def compare(export: Export, engine: Engine) -> tuple[list[str], bool]:
    """What is otherwise than it should be, in sentences, and whether all that was asked for went live.

    Raises DockerException or OSError where the engine does not answer.
    """
    client = engine.connect()
    live = read_live(engine, find(export, "nginx")[0]["id"])
    wanted = find_wanted(export)
    # Without NGINX nobody can tell what was served; its container is said to be gone.
    served = find_releases(live) if live else wanted
    failed = compare_releases(wanted, served)
    different = compare_containers(list_expected(export, served), list_observed(client))
    return [*failed, *different, *(check_files(export, live) if live and not failed else [])], not failed


def main(stack: str) -> int:
    export = json.load(sys.stdin)
    if list_resources(export, SERVICE):
        print(f"The stack {stack} is on ECS: AWS itself keeps its tasks to what the last update left. What else was")
        print(f"changed by hand: pulumi refresh --preview-only --stack {stack}")
        return 0
    if not find(export, "nginx"):
        print(f"Nothing of the stack {stack} is up.")
        return 1
    try:
        different, live = compare(export, find_engine(export) or Engine())
    except (DockerException, OSError) as error:
        print(f"error: Docker could not be asked what is there: {error}", file=sys.stderr)
        return 1
    for line in different:
        print(f"{line}.")
    if different:
        print("make up mends it." if live else "make up tries again.")
    else:
        print(f"What runs is what the last update of {stack} left.")
    return int(bool(different))


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
