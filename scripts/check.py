"""Compares a stack (`pulumi stack export`) with what its Docker engine has: check.py ENV. Exit code 1: they differ."""

import json
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import docker  # noqa: E402
from docker.errors import DockerException  # noqa: E402

from components.drift import read_live  # noqa: E402
from components.engine import Engine  # noqa: E402
from config.drift import Container, compare_containers, compare_files  # noqa: E402
from scripts.engine import SERVICE, find_engine, list_resources, list_serving  # noqa: E402

Export = dict[str, Any]


def find(export: Export, role: str) -> list[Export]:
    """The containers of one role that the last update left."""
    label = {"label": "portico.role", "value": role}
    return [one["outputs"] for one in list_serving(export) if label in one["outputs"]["labels"]]


def list_expected(export: Export) -> list[Container]:
    """The containers that should run. One that has switched NGINX ends with it, and has nothing left to do."""
    serving = [*find(export, "port"), *find(export, "nginx"), *find(export, "gunicorn")]
    return [Container(id=one["id"], name=one["name"]) for one in serving]


def list_observed(client: docker.DockerClient) -> list[Container]:
    """Every container of the engine, stopped ones included."""
    found = client.containers.list(all=True, ignore_removed=True)
    return [Container(id=str(one.id), name=str(one.name), status=one.status, health=one.health) for one in found]


def check_files(export: Export, engine: Engine) -> list[str]:
    """What differs in the files that NGINX reads; what NGINX's container has to be there for."""
    (check,), (edge,) = find(export, "check"), find(export, "nginx")
    uploads = check["uploads"]
    uploads = json.loads(uploads["plaintext"]) if isinstance(uploads, dict) else uploads
    files = {one["file"].removeprefix("/incoming/"): one["content"] for one in uploads}
    files = {path: text for path, text in files.items() if not path.startswith("/")}
    (digest,) = [text.removeprefix("TREE=") for text in check["envs"] if text.startswith("TREE=")]
    live = read_live(engine, edge["id"])
    return compare_files(digest, files, live) if live else []


def main(stack: str) -> int:
    export = json.load(sys.stdin)
    if list_resources(export, SERVICE):
        print(f"The stack {stack} is on ECS: AWS itself keeps its tasks to what the last update left. What else was")
        print(f"changed by hand: pulumi refresh --preview-only --stack {stack}")
        return 0
    if not find(export, "nginx"):
        print(f"Nothing of the stack {stack} is up.")
        return 1
    engine = find_engine(export) or Engine()
    try:
        client = engine.connect()
        different = [*compare_containers(list_expected(export), list_observed(client)), *check_files(export, engine)]
    except (DockerException, OSError) as error:
        print(f"error: Docker could not be asked what is there: {error}", file=sys.stderr)
        return 1
    for line in different:
        print(f"{line}.")
    print("make up mends it." if different else f"What runs is what the last update of {stack} left.")
    return int(bool(different))


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
