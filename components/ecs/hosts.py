"""The rules of the balancer: which host names and paths lead to which site, in NGINX's order."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from zlib import crc32

from portico.config.settings import Site

# How many values a rule of a balancer takes.
_MOST = 5
# Names come before wildcards. Priorities go from 1 to 50000, each once.
_NAMES, _WILDCARDS, _WIDTH = 1, 24_000, 100
# A path has at most four names. On a shared host those with more come first, each number of names in a range of
# its own: (from, width) of the numbers of host names, and of those of wildcards of one length.
_DEPTHS = {
    4: ((0, 5000), (0, 15)),
    3: ((5500, 5000), (20, 15)),
    2: ((11_000, 5000), (40, 15)),
    1: ((16_500, 5000), (60, 15)),
    0: ((22_000, 1500), (80, 15)),
}


@dataclass(frozen=True, kw_only=True)
class HostRule:
    """`hosts` lead to `site`, with `paths` only below these.

    Of two rules that fit, the one with the lower `priority` counts. `name` is its own.
    """

    site: str
    name: str
    hosts: tuple[str, ...]
    priority: int
    paths: tuple[str, ...] = ()


def list_rules(sites: Sequence[Site]) -> tuple[HostRule, ...]:
    """The rules of all sites. Each keeps its priority while other sites come and go.

    Only a site at / of a host gets another one, when the first comes, or the last goes, that is below a path of it.

    An exact name is asked before a wildcard, and of wildcards the longer one first: `*.shop.example` before
    `*.example`.
    """
    rules: list[HostRule] = []
    taken: set[int] = set()
    for rule in sorted(_propose(sites), key=lambda one: one.name):
        priority = rule.priority
        # Two that would share one, which is rare: the next is as good.
        while priority in taken:
            priority += 1
        taken.add(priority)
        rules.append(replace(rule, priority=priority))
    return tuple(rules)


def _propose(sites: Sequence[Site]) -> Iterator[HostRule]:
    shared = {host for site in sites if site.path != "/" for host in site.hosts}
    for site in sites:
        hosts = [*site.hosts, *site.aliases]
        paths = () if site.path == "/" else (site.path, site.locate("/*"))
        ranges = None if shared.isdisjoint(site.hosts) else _DEPTHS[len(site.path.split("/")[1:]) if paths else 0]
        among_names, among_wildcards = ranges or ((0, _WILDCARDS - 1000), (0, _WIDTH // 2))
        exact = [host for host in hosts if "*" not in host]
        most = _MOST - len(paths)
        for number, start in enumerate(range(0, len(exact), most), 1):
            name = f"{site.name}-{number}"
            priority = _NAMES + _spread(name, among_names)
            part = tuple(exact[start : start + most])
            yield HostRule(site=site.name, name=name, hosts=part, priority=priority, paths=paths)
        for host in (host for host in hosts if "*" in host):
            # A host name has at most 255 characters; those of one length never fit the same name.
            priority = _WILDCARDS + (255 - len(host)) * _WIDTH + _spread(host, among_wildcards)
            name = f"{site.name}-{host}"
            yield HostRule(site=site.name, name=name, hosts=(host,), priority=priority, paths=paths)


def _spread(name: str, numbers: tuple[int, int]) -> int:
    first, width = numbers
    return first + crc32(name.encode()) % width
