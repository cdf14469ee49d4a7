"""What sites that share a host must agree on, and what one of them would hide of another."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from portico.config.mistake import Mistake
from portico.config.settings import Settings, Site

# The settings of a site that are written into the server of its host, and not into its own locations. Headers may
# differ: the host's own answers have those that all of its sites have.
OF_THE_HOST: Final = ("hosts", "aliases", "certificate")


def list_twin_hosts(sites: Sequence[tuple[str, Mapping[str, Any]]]) -> Iterator[Mistake]:
    """Host names that are listed twice, and are not shared; `sites` are raw values by their places in the settings."""
    owners: dict[str, dict[tuple[str, str], str]] = {}
    for place, site in sites:
        path = str(site.get("path", "/"))
        for key in ("hosts", "aliases"):
            for index, host in enumerate(_list(site, key)):
                here = f"{place}.{key}[{index}]"
                there = owners.setdefault(str(host), {})
                if there and (text := _refuse(str(host), place, key, path, there)):
                    yield Mistake(here, text)
                there.setdefault((key, path), here)


def _refuse(host: str, place: str, key: str, path: str, there: Mapping[tuple[str, str], str]) -> str:
    """Why a site at `place` may not have the host too; "" where it is shared."""
    inside = next((owner for owner in there.values() if owner.startswith(f"{place}.")), None)
    other = next((owner for (kind, _), owner in there.items() if kind != key), None)
    same = there.get((key, path))
    if same and not inside and path != "/":
        return (
            f'"{host}" is used at {same} already, with the same path {path}; write another path for one of the sites, '
            "or another host name"
        )
    if owner := inside or other or same:
        text = f'"{host}" is used at {owner} already; a host name belongs to one site, once'
        if same and not inside:
            text += "; give each site its own name, or a path of its own, such as path: /blog"
        return text
    return ""


def list_quarrels(sites: Sequence[tuple[str, Mapping[str, Any]]]) -> Iterator[Mistake]:
    """Where two sites share a host and say different things of it; `sites` as above."""
    first: dict[str, tuple[str, Mapping[str, Any]]] = {}
    for place, site in sites:
        owners = {host: first.setdefault(host, (place, site)) for host in map(str, _list(site, "hosts"))}
        reported: set[str] = set()
        for host, (owner, other) in owners.items():
            # Without paths of their own they do not share it, which is reported already.
            if owner in (place, *reported) or site.get("path", "/") == other.get("path", "/"):
                continue
            reported.add(owner)
            for key in OF_THE_HOST:
                if (site.get(key) or None) != (other.get(key) or None):
                    yield Mistake(
                        f"{place}.{key}",
                        f"differs from {owner}.{key}, and both sites share the host {host}; write the same in both",
                    )


def list_hidden_paths(settings: Settings) -> Iterator[Mistake]:
    """Settings of a site that are about paths of another one, whose own path is longer: they would never count."""
    for index, site in enumerate(settings.sites):
        for setting, path in _list_paths(site):
            for number, other in enumerate(settings.sites):
                if _hides(site, other) and f"{path}/".startswith(f"{other.path}/"):
                    yield Mistake(
                        f"sites[{index}].{setting}",
                        f"{path} is below {other.path} (sites[{number}].path), which the site {other.name} answers; "
                        "write another",
                    )


def _hides(site: Site, other: Site) -> bool:
    """Whether `other` has a part of what is below the path of `site`."""
    below = other.path.startswith(site.locate("/")) and other.path != "/"
    return below and not set(site.hosts).isdisjoint(other.hosts)


def _list_paths(site: Site) -> Iterator[tuple[str, str]]:
    """The paths of the host that a site's own settings are about, by their places in the site."""
    yield "staticUrl", site.locate(site.static_url)
    yield from ((f"routes[{index}].path", site.locate(one.path)) for index, one in enumerate(site.routes))
    yield from ((f"data[{index}].url", site.locate(one.url)) for index, one in enumerate(site.data) if one.url)


def _list(site: Mapping[str, Any], name: str) -> list[Any]:
    found = site.get(name)
    return list(found) if isinstance(found, list | tuple) else []
