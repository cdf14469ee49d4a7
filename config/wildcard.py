"""Host names with a star, and what they stand for in a certificate: one label, and no more (RFC 6125)."""

from collections.abc import Collection, Iterable

STAR = "*."


def covers(names: Collection[str], host: str) -> bool:
    """Whether a certificate for `names` is one for `host`, a host name with or without a star."""
    return host in names or f"{STAR}{host.partition('.')[2]}" in names


def list_distinct(names: Iterable[str]) -> tuple[str, ...]:
    """Those of the names that stand in one certificate: an authority refuses one that a star beside it stands for."""
    known = dict.fromkeys(names)
    return tuple(one for one in known if one.startswith(STAR) or f"{STAR}{one.partition('.')[2]}" not in known)


def name_below(name: str) -> str:
    """The name with a label in place of its star that no DNS record names; a name without a star as it is."""
    return name.replace(STAR, "portico-asks.", 1) if name.startswith(STAR) else name
