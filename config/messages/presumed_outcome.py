"""What updates have left of which none was good: such a stack has no outputs yet, and may serve anyway."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from portico.config.messages.change_summary import Outcome


def presume(previous: Mapping[str, Any], after: Outcome) -> Outcome | None:
    """What is there after first updates of which none was good: NGINX, and what it serves. None before all of them."""
    if previous.get("served") is None:
        return None
    served: Mapping[str, str] = previous["served"]
    same = [site for site, id in served.items() if after.releases.get(site) == id]
    return replace(
        after,
        releases=served,
        images={site: after.images[site] for site in same},
        kept={site: {image} for site, image in previous.get("there", {}).items()},
        workers={site: after.workers[site] for site in same if site in after.workers},
    )
