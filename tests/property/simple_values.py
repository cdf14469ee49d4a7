"""Random simple values of settings: texts, amounts, networks, host names, paths and images; and sections of them."""

from collections.abc import Mapping, Sequence
from ipaddress import ip_network
from typing import Any

from hypothesis import strategies as st

from portico.config.settings.section import Section

Values = dict[str, Any]
Strategy = st.SearchStrategy[Any]

BOOLEANS = st.booleans()
COMMANDS = st.sampled_from(["flask tidy", "sh -c 'sleep 1; true'", 'python -m shop.jobs "two words"'])
_LABEL = "[a-z0-9]([a-z0-9-]{0,10}[a-z0-9])?"
PORTS = st.sampled_from([80, 443, 8080, 8443, 8000, 5000]) | st.integers(1, 65535)


def text(pattern: str) -> Strategy:
    return st.from_regex(pattern, fullmatch=True)


def amount(low: int, high: int, *units: str) -> Strategy:
    return st.builds(lambda number, unit: f"{number}{unit}", st.integers(low, high), st.sampled_from(units))


def durations() -> Strategy:
    return amount(1, 90, "s", "m", "h") | amount(100, 9000, "ms") | st.just("8760h")


def sizes() -> Strategy:
    return amount(1, 2000, "K", "k", "M", "m") | amount(1, 1024, "G")


def memory() -> Strategy:
    """From Docker's least on."""
    return amount(6144, 99_999, "K", "k") | amount(6, 2000, "M", "m") | amount(1, 1024, "G")


def networks() -> Strategy:
    return st.builds(
        lambda address, bits: str(
            ip_network((address, bits % address.max_prefixlen or address.max_prefixlen), strict=False)
        ),
        st.ip_addresses(),
        # Not 0: see test_what_nginx_refuses_is_refused.
        st.integers(0, 127).map(lambda bits: bits + 1),
    ).filter(lambda network: network != "255.255.255.255/32")


def lists(strategy: Strategy, low: int, high: int, **more: Any) -> Strategy:
    return st.lists(strategy, min_size=low, max_size=high, **more)


def host_names(low: int, high: int) -> Strategy:
    # The last label holds a letter, so that no name reads as a broken address.
    name = text(rf"(\*\.)?({_LABEL}\.){{0,2}}[a-z][a-z0-9]{{0,8}}")
    return lists(name | st.ip_addresses(v=4).map(str), low, high, unique=True)


def paths(ending: str = "/?") -> Strategy:
    return text(rf"(/[A-Za-z0-9_~][A-Za-z0-9_.~-]{{0,8}}){{1,3}}{ending}").filter(lambda path: ".." not in path)


def images(name: str, tags: Sequence[str]) -> Strategy:
    tagged = st.builds(
        lambda registry, tag: f"{registry}{name}:{tag}",
        st.sampled_from(["", "registry.example:5000/team/"]),
        st.sampled_from(tags),
    )
    return tagged | text("[0-9a-f]{64}").map(lambda digest: f"{name}@sha256:{digest}")


def header_values() -> Strategy:
    word = text(r"[A-Za-z0-9 '()*,./:;=_?&+@%#~-]{0,40}")
    return word | st.sampled_from(["", "default-src 'self'; script-src 'self' https://cdn.example/a?b=c#d"])


def hashes() -> Strategy:
    return text(r"\$2[aby]\$0[4-9]\$[A-Za-z0-9./]{53}") | text(r"\$(apr1|[156])\$[A-Za-z0-9./]{8}\$[A-Za-z0-9./]{22}")


def draw_section(model: type[Section], fields: Mapping[str, Strategy]) -> Strategy:
    """Values of a section with these fields: what is required, and any of the rest."""
    required = {field.alias for field in model.model_fields.values() if field.is_required()}
    return st.fixed_dictionaries(
        {name: strategy for name, strategy in fields.items() if name in required},
        optional={name: strategy for name, strategy in fields.items() if name not in required},
    )
