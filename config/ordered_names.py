"""Host names that no authority gives a certificate for, and what stands in the way of its question."""

from collections.abc import Iterator
from ipaddress import ip_address

from portico.config.mistake import Mistake
from portico.config.settings import Settings, Site
from portico.config.settings.acme import Acme
from portico.config.wildcard import STAR, list_distinct

# Where an authority looks for the answer to a challenge by HTTP (RFC 8555, section 8.3).
CHALLENGE_URL = "/.well-known/acme-challenge/"
# Names below these lead nowhere in public (RFC 6761, RFC 8375, RFC 9476 and ICANN's reservation of "internal").
_PRIVATE = ("localhost", "local", "test", "invalid", "internal", "alt", "home.arpa", "onion")
# Names in one certificate, by Let's Encrypt.
_MOST = 100


def list_ordered(site: Site) -> tuple[str, ...]:
    """The names in the certificate that is ordered for a site."""
    return list_distinct((*site.hosts, *site.aliases))


def list_unorderable(settings: Settings) -> Iterator[Mistake]:
    """What is wrong with the host names of the sites whose certificates are ordered."""
    acme = settings.tls.acme if settings.tls else None
    if acme is None:
        return
    for index, site in enumerate(settings.sites):
        if not settings.is_ordered(site):
            continue
        for field, names in (("hosts", site.hosts), ("aliases", site.aliases)):
            for place, name in enumerate(names):
                if text := _refuse(name, acme):
                    yield Mistake(f"sites[{index}].{field}[{place}]", text)
        for place, route in enumerate(site.routes):
            if route.path == CHALLENGE_URL:
                yield Mistake(
                    f"sites[{index}].routes[{place}].path",
                    f'"{route.path}" is where the authority of tls.acme checks a name; write the `certificate` of '
                    "the site "
                    "instead, or remove the route",
                )
        if len(list_ordered(site)) > _MOST and acme.directory is None:
            yield Mistake(f"sites[{index}]", f"has more than {_MOST} host names, and one certificate holds no more")


def _refuse(name: str, acme: Acme) -> str:
    if name.startswith(STAR) and acme.dns is None:
        return (
            f'"{name}" needs DNS-01; write tls.acme.dns: {{provider: route53, accessKey: AKIA…}}, or each name, such '
            f"as www{name[1:]}, or at this site a certificate that you bring: certificate: "
            "{certificate: tls/star.crt, key: tls/star.key}"
        )
    if _is_address(name):
        return f'"{name}" is an address, and certificates are ordered for names; write a name that leads there'
    if acme.directory is None and ("." not in name or name.endswith(tuple(f".{one}" for one in _PRIVATE))):
        return (
            f'no public authority signs for "{name}"; write a name that DNS knows, '
            "or tls.localAuthority: true instead of tls.acme"
        )
    return ""


def _is_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True


def advise_ports(settings: Settings) -> str:
    """What to do where an authority's question may not arrive; "" where nothing has to be done."""
    acme = settings.tls.acme if settings.tls else None
    if acme is None or acme.directory is not None or not settings.ordered:
        return ""
    if all(acme.proves_by_dns(name) for site in settings.ordered for name in list_ordered(site)):
        return ""
    if settings.address.startswith("127."):
        return (
            f"tls.acme: Let's Encrypt asks port 80 of each host name from outside, and NGINX is published on "
            f"{settings.address}, this machine alone; write address: 0.0.0.0, or make sure that port 80 leads here"
        )
    if settings.port != 80:
        return (
            f"tls.acme: Let's Encrypt asks port 80 of each host name, and NGINX is published on {settings.port}; "
            "write port: 80, or make sure that port 80 leads here"
        )
    return ""
