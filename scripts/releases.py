"""Reads a stack's outputs (`pulumi stack output --json --show-secrets`) and says what can be gone back to.

releases.py list [SITE] | choose SITE RELEASE (either may be "") | held SITE PINS (`portico:rollback` as JSON)
"""

import json
import sys
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

Records = Sequence[Mapping[str, str]]


class Refused(Exception):
    """There is nothing to do; the message says why and what can be written."""


def list_releases(outputs: Mapping[str, Any]) -> list[str]:
    """A line a release, newest first, below the name of its site."""
    lines = []
    for site, live in outputs.get("releases", {}).items():
        lines.append(site)
        held, records = outputs.get("held", {}).get(site), outputs.get("history", {}).get(site, [])
        for index, record in enumerate(records):
            release = record["release"]
            state = "kept"
            if release == held:
                state = "live, held" + ("" if live == held else f" (as {live}: what it is made with is newer)")
            elif index == 0 and not held:
                state = "live"
            when = datetime.fromisoformat(record["at"]).strftime("%Y-%m-%d %H:%M:%S UTC")
            lines.append(f"  {release}  {when}  {state}")
    return lines


def choose(outputs: Mapping[str, Any], site: str, release: str) -> tuple[str, str]:
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
            print(*choose(outputs, *rest))
        else:
            print(*list_releases(outputs) or ["Nothing was released yet; make up does it."], sep="\n")
    except Refused as error:
        print(f"error: {error}.", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
