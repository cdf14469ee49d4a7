"""`portico releases`: the releases that are kept, by the stack's outputs.

NGINX's own files say which are live: an update that failed for one site has made the others live.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import click

from portico.cli.options import example, json_option, spell_json, stack_option
from portico.cli.prepare import prepare
from portico.cli.pulumi import read_outputs, require_stack
from portico.cli.refused import Refused
from portico.cli.served import find_served
from portico.cli.spelling import spell, spell_option

Records = Sequence[Mapping[str, str]]


def read_served(stack: str) -> dict[str, str] | None:
    """The releases that NGINX sends requests to, by site; None where nobody can tell."""
    from portico.cli.export import read_export

    try:
        return find_served(read_export(stack))
    except Refused:
        return None


def list_releases(outputs: Mapping[str, Any], served: Mapping[str, str] | None = None) -> list[str]:
    """A line a release, newest first, below the name of its site. `served` is what NGINX says, None if nobody asked."""
    lines = []
    for site in dict.fromkeys([*outputs.get("releases", {}), *(served or {})]):
        last = outputs.get("releases", {}).get(site)
        live = last if served is None else served.get(site)
        lines.append(site)
        pinned, records = outputs.get("pinned", {}).get(site), outputs.get("history", {}).get(site, [])
        if live is None:
            lines.append("  none is live")
        elif live != last:
            lines.append(f"  {live}  live, by an update that failed for another site")
        for index, record in enumerate(records):
            release = record["release"]
            state = "kept"
            if live != last:
                pass
            elif release == pinned:
                state = "live, pinned" + ("" if live == pinned else f" (as {live}: what it is made with is newer)")
            elif index == 0 and not pinned:
                state = "live"
            when = datetime.fromisoformat(record["at"]).strftime("%Y-%m-%d %H:%M:%S UTC")
            lines.append(f"  {release}  {when}  {state}")
    return lines


def choose(
    outputs: Mapping[str, Any], site: str, release: str, served: Mapping[str, str] | None = None
) -> tuple[str, str]:
    """The site and the release to go back to: the one before the live one, where none is named."""
    history: Mapping[str, Records] = outputs.get("history", {})
    site = _choose_site(site, list(history), "rollback")
    known = [record["release"] for record in history[site]]
    if release:
        if release not in known:
            raise Refused(
                f'"{release}" is no release of {site} that is kept; '
                f"write {spell_option('to')} and one of: {' '.join(known)}"
            )
        return site, release
    live = outputs.get("pinned", {}).get(site) or known[0]
    before = known[known.index(live) + 1 :]
    if served and served.get(site) not in (None, outputs.get("releases", {}).get(site)):
        # It went live with an update that failed for another site, and the outputs are older; unless it is one of
        # the earlier releases.
        live = served[site]
        before = known[known.index(live) + 1 :] if live in known else known
    if not before:
        raise Refused(f"no release of {site} before {live} is kept; see {spell('releases')}")
    return site, before[0]


def choose_pinned(pins: Mapping[str, Any], site: str) -> str:
    """The site to set free."""
    if not pins:
        raise Refused(f"no site is pinned to an earlier release; {spell('up')} deploys the source of each")
    return _choose_site(site, list(pins), "resume")


def _choose_site(site: str, sites: list[str], command: str) -> str:
    if not sites:
        raise Refused(f"nothing was released yet; {spell('up')} does it")
    if site and site not in sites:
        raise Refused(f'"{site}" is not among: {" ".join(sites)}')
    if not site and len(sites) > 1:
        raise Refused(f"which site? Write {spell(command, site='')} and one of: {' '.join(sites)}")
    return site or sites[0]


def tell(outputs: Mapping[str, Any], served: Mapping[str, str] | None) -> dict[str, Any]:
    """The same for a script: of each site the live release, the one it is pinned to, and those that are kept."""
    releases, pinned, history = (outputs.get(key, {}) for key in ("releases", "pinned", "history"))
    sites = dict.fromkeys([*releases, *(served or {})])
    return {
        site: {
            "live": releases.get(site) if served is None else served.get(site),
            "pinned": pinned.get(site),
            "kept": [{key: one.get(key) for key in ("release", "at")} for one in history.get(site, [])],
        }
        for site in sites
    }


@click.command(epilog=example("portico releases -s prod --json"))
@stack_option
@json_option
def command(stack: str, as_json: bool) -> None:
    """List the releases that are kept, newest first, and which of them is live."""
    place = prepare(stack)
    require_stack(stack, place.root)
    outputs, served = read_outputs(stack), read_served(stack)
    if as_json:
        click.echo(spell_json(tell(outputs, served)))
    else:
        nothing = f"Nothing was released yet; {spell('up', stack)} does it."
        click.echo("\n".join(list_releases(outputs, served) or [nothing]))
