"""What a stack is, by its state: where it answers, what is pinned, what runs."""

from dataclasses import dataclass, field
from typing import Any

from portico.cli.engine import CONTAINER, SERVICE, Export, list_resources
from portico.cli.renamed_outputs import rename
from portico.cli.spelling import spell

STACK = "pulumi:pulumi:Stack"


@dataclass(frozen=True)
class Summary:
    """`urls` by site, `pinned` the release by site, `running` the names of containers or, on ECS, of services."""

    urls: dict[str, str] = field(default_factory=dict)
    releases: dict[str, str] = field(default_factory=dict)
    pinned: dict[str, str] = field(default_factory=dict)
    running: list[str] = field(default_factory=list)

    def tell_pinned(self) -> list[str]:
        """A line for each site that is not deployed from its source."""
        return [
            f"{site} is pinned to release {release}; its source is not deployed: {spell('resume', site=site)}"
            for site, release in self.pinned.items()
        ]

    def list_urls(self) -> list[str]:
        """All of them, that of the first site last: it is the one that a script takes."""
        return list(dict.fromkeys([*list(self.urls.values())[1:], *list(self.urls.values())[:1]]))


def summarize(export: Export) -> Summary:
    """What the state says. Containers that only check something and exit are left out."""
    outputs: dict[str, Any] = {}
    for one in list_resources(export, STACK):
        outputs = rename(one.get("outputs") or {})
    urls = outputs.get("urls")
    if not isinstance(urls, dict):
        urls = {"": outputs["url"]} if isinstance(outputs.get("url"), str) else {}
    containers = [one.get("outputs") or {} for one in list_resources(export, CONTAINER)]
    services = [one.get("outputs") or {} for one in list_resources(export, SERVICE)]
    # On ECS what runs are tasks, which AWS starts and ends by itself.
    running = services or [one for one in containers if one.get("mustRun", True)]
    return Summary(
        urls=urls,
        releases=dict(outputs.get("releases") or {}),
        pinned=dict(outputs.get("pinned") or {}),
        running=sorted(str(one.get("name")) for one in running),
    )
