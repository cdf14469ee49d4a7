"""Reads a stack (`pulumi stack export`) and says in a few lines what runs: summary.py up SECONDS | containers."""

import json
import sys
from typing import Any

CONTAINER = "docker:index/container:Container"
SERVICE = "aws:ecs/service:Service"
STACK = "pulumi:pulumi:Stack"


def resources(export: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    """Returns the outputs of all live resources of one type."""
    found = (export.get("deployment") or {}).get("resources") or []
    return [r.get("outputs") or {} for r in found if r["type"] == kind and not r.get("delete")]


def running(export: dict[str, Any]) -> list[dict[str, Any]]:
    """Containers that stay; the ones that only check something and exit are left out."""
    return sorted((c for c in resources(export, CONTAINER) if c.get("mustRun", True)), key=lambda c: str(c.get("name")))


def main(command: str, *rest: str) -> int:
    export = json.load(sys.stdin)
    containers = running(export)
    if command == "containers":
        print(*(c["name"] for c in containers), sep="\n")
        return 0
    services = sorted(resources(export, SERVICE), key=lambda s: str(s.get("name")))
    # On ECS what runs are tasks, which AWS starts and ends by itself.
    print(f"\nServices: {len(services)}" if services else f"\nContainers: {len(containers)}")
    for one in services or containers:
        print(f"  {one['name']}")
    print(f"Took {rest[0]} s in all.")
    for outputs in resources(export, STACK):
        for site, release in (outputs.get("held") or {}).items():
            print(f"{site} is held at release {release}; its source is not deployed: make resume SITE={site}")
        if isinstance(outputs.get("url"), str):
            print(outputs["url"])
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
