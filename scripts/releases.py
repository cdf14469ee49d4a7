"""Reads a stack's outputs (`pulumi stack output --json --show-secrets`) and says what can be gone back to.

releases.py list STACK | choose STACK SITE RELEASE (the last two may be "") | held SITE PINS
PINS is `portico:rollback` as JSON.
What is live, NGINX's own files say: an update that failed for one site has made the others live.
"""

import json
import sys
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

Records = Sequence[Mapping[str, str]]


class Refused(Exception):
    """There is nothing to do; the message says why and what can be written."""


def read_served(stack: str) -> dict[str, str] | None:
    """The releases that NGINX sends requests to, by site; None where nobody can tell."""
    from portico.components.docker.live_files import read_live
    from portico.config.live.served import find_releases
    from scripts.deployed import Refused as Undeployed
    from scripts.deployed import read_export
    from scripts.engine import find_engine, list_serving

    try:
        export = read_export(stack)
    except Undeployed:
        return None
    engine, label = find_engine(export), {"label": "portico.role", "value": "nginx"}
    edges = [one["outputs"]["id"] for one in list_serving(export) if label in one["outputs"]["labels"]]
    live = read_live(engine, edges[0]) if engine and edges else None
    return find_releases(live) if live else None


def list_releases(outputs: Mapping[str, Any], served: Mapping[str, str] | None = None) -> list[str]:
    """A line a release, newest first, below the name of its site. `served` is what NGINX says, None if nobody asked."""
    lines = []
    for site in dict.fromkeys([*outputs.get("releases", {}), *(served or {})]):
        last = outputs.get("releases", {}).get(site)
        live = last if served is None else served.get(site)
        lines.append(site)
        held, records = outputs.get("held", {}).get(site), outputs.get("history", {}).get(site, [])
        if live is None:
            lines.append("  none is live")
        elif live != last:
            lines.append(f"  {live}  live, since an update that failed for another site")
        for index, record in enumerate(records):
            release = record["release"]
            state = "kept"
            if live != last:
                pass
            elif release == held:
                state = "live, held" + ("" if live == held else f" (as {live}: what it is made with is newer)")
            elif index == 0 and not held:
                state = "live"
            when = datetime.fromisoformat(record["at"]).strftime("%Y-%m-%d %H:%M:%S UTC")
            lines.append(f"  {release}  {when}  {state}")
    return lines


def choose(
    outputs: Mapping[str, Any], site: str, release: str, served: Mapping[str, str] | None = None
) -> tuple[str, str]:
    """The site and the release to go back to: the one before the live one, where none is named."""
    history: Mapping[str, Records] = outputs.get("history", {})
    site = _choose_site(site, list(history), "make rollback")
    known = [record["release"] for record in history[site]]
    if release:
        if release not in known:
            raise Refused(f'"{release}" is no release of {site} that is kept; write TO= and one of: {" ".join(known)}')
        return site, release
    live = outputs.get("held", {}).get(site) or known[0]
    before = known[known.index(live) + 1 :]
    if served and served.get(site) not in (None, outputs.get("releases", {}).get(site)):
        # It came with an update that failed for another site: what is known is from before it, unless it was one of
        # the releases that were gone back to.
        live = served[site]
        before = known[known.index(live) + 1 :] if live in known else known
    if not before:
        raise Refused(f"no release of {site} before {live} is kept; see make releases")
    return site, before[0]


def choose_held(pins: Mapping[str, Any], site: str) -> str:
    """The site to set free."""
    if not pins:
        raise Refused("no site is held at a past release; there is nothing to resume")
    return _choose_site(site, list(pins), "make resume")


def _choose_site(site: str, sites: list[str], command: str) -> str:
    if not sites:
        raise Refused("nothing was released yet; make up does it")
    if site and site not in sites:
        raise Refused(f'"{site}" is not among: {" ".join(sites)}')
    if not site and len(sites) > 1:
        raise Refused(f"which site? Write {command} SITE= and one of: {' '.join(sites)}")
    return site or sites[0]


def main(command: str, *rest: str) -> int:
    try:
        if command == "held":
            print(choose_held(json.loads(rest[1] or "{}"), rest[0]))
            return 0
        outputs = json.load(sys.stdin)
        if command == "choose":
            stack, site, release = rest
            print(*choose(outputs, site, release, read_served(stack)))
        else:
            print(
                *list_releases(outputs, read_served(rest[0])) or ["Nothing was released yet; make up does it."],
                sep="\n",
            )
    except Refused as error:
        print(f"error: {error}.", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
