"""What is served, by the files that NGINX has: these are what was switched to, whatever the last update says."""

import re
from collections.abc import Mapping

from portico.config.live.drift import Live

_SITE = re.compile(r"conf\.d/([a-z0-9-]+)\.conf")


def find_releases(live: Live) -> dict[str, str]:
    """The release that NGINX sends requests to, by site; a site without replicas in the files is left out."""
    found = {}
    for path, text in live.files.items():
        if named := _SITE.fullmatch(path):
            site = named[1]
            place = rf"(?:unix:/run/portico/{site}/|{site}-)([0-9a-f]{{12}})(?:-\d+)?[.:]"
            # A host name may look like a replica's.
            if server := re.search(rf"^ *(?:server|set +\$replicas|# replicas:) +{place}", text, re.MULTILINE):
                found[site] = server[1]
    return found


def tell_served(previous: Mapping[str, object], live: Live | None) -> dict[str, object]:
    """The outputs of the last good update, with the releases that are live now.

    An update that failed for one site has made the others live. Where no update was good yet, what is live stands under
    `served`.
    """
    releases = previous.get("releases")
    if live is None:
        return dict(previous)
    if not isinstance(releases, Mapping):
        return {**previous, "served": find_releases(live)}
    return {**previous, "releases": {**releases, **find_releases(live)}}
