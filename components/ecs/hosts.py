"""Which host names lead to which site: the rules of the balancer, in the order that NGINX would ask them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from zlib import crc32

from portico.config.settings import Site

# How many values a rule of a balancer takes.
_MOST = 5
# Names come before wildcards. Priorities go from 1 to 50000, each once.
_NAMES, _WILDCARDS, _WIDTH = 1, 24_000, 100


@dataclass(frozen=True, kw_only=True)
class HostRule:
    """`hosts` lead to `site`. Of two rules that fit, the one with the lower `priority` counts. `name` is its own."""

    site: str
    name: str
    hosts: tuple[str, ...]
    priority: int


def list_rules(sites: Sequence[Site]) -> tuple[HostRule, ...]:
    """The rules of all sites. Each keeps its priority while other sites come and go.

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
    for site in sites:
        hosts = [*site.hosts, *site.aliases]
        exact = [host for host in hosts if "*" not in host]
        for number, start in enumerate(range(0, len(exact), _MOST), 1):
            name = f"{site.name}-{number}"
            priority = _NAMES + crc32(name.encode()) % (_WILDCARDS - 1000)
            yield HostRule(site=site.name, name=name, hosts=tuple(exact[start : start + _MOST]), priority=priority)
        for host in (host for host in hosts if "*" in host):
            # A host name has at most 255 characters; those of one length never fit the same name.
            priority = _WILDCARDS + (255 - len(host)) * _WIDTH + crc32(host.encode()) % (_WIDTH // 2)
            yield HostRule(site=site.name, name=f"{site.name}-{host}", hosts=(host,), priority=priority)
