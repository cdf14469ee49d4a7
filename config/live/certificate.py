"""Certificates that are ordered, as the client that orders them has written it down."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Self

from portico.config.settings.acme import LETS_ENCRYPT
from portico.config.wildcard import covers

# Renewals begin a month before the end. By then something is wrong.
_SOON: Final = timedelta(days=10)
# Failures in a row of a renewal that is not urgent, before somebody is reported: an authority may be away for a while.
_OFTEN: Final = 3
_WEEK: Final = timedelta(days=7)
# Certificates for the same names in a week, by Let's Encrypt.
_MOST: Final = 5


@dataclass(frozen=True, kw_only=True)
class Certificate:
    """That of one site: its host names, and what is known. Times are None where there is nothing of the kind.

    `error` is why the last try failed, `refused` why NGINX does not take it; "" where nothing is wrong. `orders` are
    the certificates that the authority has given of late: since when each is good, and for which names. `dns` are the
    host names that are proven by DNS-01.
    """

    site: str
    hosts: tuple[str, ...]
    names: tuple[str, ...] = ()
    issuer: str = ""
    begins: datetime | None = None
    ends: datetime | None = None
    error: str = ""
    tried: datetime | None = None
    next: datetime | None = None
    refused: str = ""
    failures: int = 0
    server: str = ""
    orders: tuple[tuple[datetime, frozenset[str]], ...] = ()
    dns: tuple[str, ...] = ()

    @classmethod
    def read(cls, site: str, reported: Mapping[str, Any]) -> Self:
        """As it stands in the client's report."""
        return cls(
            site=site,
            hosts=tuple(map(str, reported.get("hosts") or ())),
            names=tuple(map(str, reported.get("names") or ())),
            issuer=str(reported.get("issuer") or ""),
            begins=_parse(reported.get("begins")),
            ends=_parse(reported.get("ends")),
            error=str(reported.get("error") or ""),
            tried=_parse(reported.get("tried")),
            next=_parse(reported.get("next")),
            refused=str(reported.get("refused") or ""),
            failures=int(reported.get("failures") or 0),
            server=str(reported.get("server") or ""),
            orders=tuple(_read_orders(reported.get("orders") or ())),
            dns=tuple(map(str, reported.get("dns") or ())),
        )

    @property
    def lacking(self) -> list[str]:
        """Host names that have none."""
        return [host for host in self.hosts if host not in self.names]

    def ends_soon(self, now: datetime) -> bool:
        """Whether it ends within ten days, or within a quarter of its life where that is shorter."""
        if self.ends is None:
            return False
        life = self.ends - self.begins if self.begins else _SOON * 4
        return self.ends - now < min(_SOON, life / 4)

    def list_recent(self, now: datetime) -> list[datetime]:
        """When certificates for all of its host names were given in the last seven days, the first one first."""
        wanted = frozenset(self.hosts)
        return sorted(moment for moment, names in self.orders if names == wanted and moment > now - _WEEK)

    @property
    def scarce(self) -> bool:
        """Whether few certificates for the same names are given in a week."""
        return self.server == LETS_ENCRYPT

    def exhausted(self, now: datetime) -> bool:
        """Whether as many were ordered in a week as are given."""
        return self.scarce and len(self.list_recent(now)) >= _MOST

    def tell_orders(self, now: datetime) -> str:
        """How many certificates were ordered of late."""
        limit = f" of the {_MOST} that Let's Encrypt gives" if self.scarce else ""
        return f"ordered for the same names in the last 7 days: {len(self.list_recent(now))}{limit}"

    def tell_host(self, host: str, now: datetime) -> tuple[str, bool]:
        """What is reported of one of its host names, and whether somebody has to act."""
        if covers(self.names, host) and self.ends:
            until = _tell_end(self.ends, now).replace("until", "is good until", 1)
            return f"Its certificate of {self.issuer} {until}; {self.tell_orders(now)}.", self.ends_soon(now)
        because = f": {self.error}" if self.error else ""
        orders = f"; {self.tell_orders(now)}" if self.list_recent(now) else ""
        return f"It has no certificate yet{because}{orders}.", bool(because) or self.exhausted(now)

    def tell(self, now: datetime) -> Iterator[str]:
        """what is reported of it, in lines."""
        if self.ends:
            yield f"  certificate of {self.issuer} {_tell_end(self.ends, now)}, for {' '.join(self.names)}"
            yield f"  {self.tell_orders(now)}"
        if proofs := self._tell_proofs():
            yield f"  proven by {proofs}"
        if self.lacking:
            yield f"  no certificate yet for {' '.join(self.lacking)}: plain HTTP answers"
        if self.error:
            yield f"  the last try to get one failed ({_spell(self.tried)}): {self.error}"
            yield f"  the next try: {_spell(self.next)}"
        if self.refused:
            yield f"  NGINX rejects the newest one, and serves the one before it: {self.refused}"

    def warn(self, now: datetime) -> Iterator[str]:
        """What somebody has to act on, a sentence each."""
        because = f": {self.error}" if self.error else ""
        if self.ends and self.ends_soon(now):
            until = _tell_end(self.ends, now).replace("until", "is good until", 1)
            yield f"{self.site}: its certificate {until}, and is not renewed yet{because}"
        elif self.lacking and self.error:
            by_dns = [name for name in self.lacking if name in self.dns]
            proof = f" (proven by DNS-01: {' '.join(by_dns)})" if by_dns else ""
            yield f"{self.site}: there is no certificate for {' '.join(self.lacking)}{proof}{because}"
        elif self.error and self.failures >= _OFTEN:
            yield f"{self.site}: its certificate is good, and could not be renewed {self.failures} times{because}"
        recent = self.list_recent(now)
        if self.exhausted(now):
            yield (
                f"{self.site}: {len(recent)} certificates for the same names were ordered in 7 days, and Let's Encrypt "
                f"gives {_MOST}: the next one may be refused until {_spell(recent[-_MOST] + _WEEK)}"
            )
        if self.refused:
            yield f"{self.site}: NGINX rejects the newest certificate: {self.refused}"

    def _tell_proofs(self) -> str:
        """By which challenge each name is proven; "" where nobody has written it down."""
        by_http = [name for name in self.hosts if name not in self.dns]
        found = (("HTTP-01", by_http), ("DNS-01 with Route 53", self.dns))
        return "; ".join(f"{challenge}: {' '.join(names)}" for challenge, names in found if names)

    def spell(self) -> dict[str, Any]:
        """For programs."""
        moments = {"ends": self.ends, "tried": self.tried, "next": self.next}
        return {
            "hosts": list(self.hosts),
            "names": list(self.names),
            "dns": list(self.dns),
            "issuer": self.issuer or None,
            **{name: one.isoformat() if one else None for name, one in moments.items()},
            "error": self.error or None,
            "refused": self.refused or None,
            "orders": [moment.isoformat() for moment, _ in self.orders],
        }


def _parse(text: Any) -> datetime | None:
    try:
        return datetime.fromisoformat(str(text)) if text else None
    except ValueError:
        return None


def _read_orders(reported: Any) -> Iterator[tuple[datetime, frozenset[str]]]:
    for one in reported:
        if moment := _parse(one.get("begins")):
            yield moment, frozenset(map(str, one.get("names") or ()))


def _tell_end(ends: datetime, now: datetime) -> str:
    left = ends - now
    if left <= timedelta():
        return f"ended on {ends:%Y-%m-%d}"
    count = left.days
    return f"until {ends:%Y-%m-%d} ({count} days)" if count > 1 else f"until {ends:%Y-%m-%d %H:%M} UTC"


def _spell(moment: datetime | None) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC" if moment else "never"
