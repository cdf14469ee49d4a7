"""Who may give a certificate to a host name, as DNS says it (CAA, RFC 8659), in plain words."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from portico.config.wildcard import STAR

LETS_ENCRYPT: Final = "letsencrypt.org"
# Those that an authority has to understand to take no notice of: others are refused where the record is critical.
_KNOWN: Final = ("issue", "issuewild", "iodef", "contactemail", "contactphone", "issuemail", "issuevmc")
_CRITICAL: Final = 128


@dataclass(frozen=True, order=True)
class Caa:
    """One record: `issue` and whose name, for instance."""

    flags: int
    tag: str
    value: str


# The records at each name that was looked up: none where there are none, None where DNS does not answer.
Found = Mapping[str, Sequence[Caa] | None]


def list_owners(name: str) -> list[str]:
    """The names at which records count for this one, the nearest first: itself and all above it."""
    labels = name.removesuffix(".").removeprefix(STAR).split(".")
    return [".".join(labels[number:]) for number in range(len(labels))]


def tell_caa(name: str, found: Found, method: str = "http-01", authority: str = LETS_ENCRYPT) -> tuple[str, bool]:
    """What is reported of it, and whether somebody has to act.

    `method` is how the name is proven, `authority` what CAA calls it.
    """
    for owner in list_owners(name):
        records = found.get(owner)
        if records is None:
            return "The CAA records could not be read from DNS.", False
        if records:
            return _judge(owner, records, method, authority, star=name.startswith(STAR))
    return "CAA allows every authority.", False


def _judge(owner: str, records: Sequence[Caa], method: str, authority: str, *, star: bool) -> tuple[str, bool]:
    # Of a name with a star, records of its own tag say everything where there are some (RFC 8659, section 4.3).
    tag = "issuewild" if star and any(one.tag.lower() == "issuewild" for one in records) else "issue"
    way = f'add the record {owner} CAA 0 {tag} "{authority}"'
    for one in records:
        if one.flags & _CRITICAL and one.tag.lower() not in _KNOWN:
            return f'CAA at {owner} has a critical record "{_print(one.tag)}", which makes authorities refuse.', True
    issuers = [_read(one.value) for one in records if one.tag.lower() == tag]
    if not issuers:
        return f"CAA at {owner} allows every authority.", False
    ours = [given for issuer, given in issuers if issuer == authority]
    if not ours:
        others = ", ".join(sorted({issuer for issuer, _ in issuers if issuer})) or "none"
        return f"CAA at {owner} allows {others}, so {authority} refuses: {way}.", True
    methods = [given.get("validationmethods") for given in ours]
    if not any(one is None or method in one.replace(" ", "").split(",") for one in methods):
        reported = ", ".join(sorted({one for one in methods if one}))
        return f"CAA at {owner} allows {authority} by {reported} alone, and Portico answers by {method}: {way}.", True
    if all("accounturi" in given for given in ours):
        return f"CAA at {owner} allows {authority}, for the account {ours[0]['accounturi']} alone.", False
    return f"CAA at {owner} allows {authority}.", False


def _read(value: str) -> tuple[str, dict[str, str]]:
    """The issuer's name and its parameters; "" for a name allows nobody, and so does what cannot be read."""
    issuer, *rest = (one.strip() for one in value.split(";"))
    given = dict(one.split("=", 1) for one in rest if "=" in one)
    if not re.fullmatch(r"[A-Za-z0-9.-]*", issuer) or len(given) != len([one for one in rest if one]):
        return "", {}
    return issuer.lower(), {key.strip().lower(): _print(text.strip()) for key, text in given.items()}


def _print(text: str) -> str:
    return "".join(one if one.isprintable() else "?" for one in text)[:200]
