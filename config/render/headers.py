"""The response headers of each site. What an application says of itself wins: no header is sent twice."""

from collections.abc import Iterable, Mapping

from portico.config.settings import Settings, Site

# A header and its text, quoted for NGINX -> the variable that holds the text, empty where the application said its own.
Defaults = Mapping[tuple[str, str], str]


def name_defaults(sites: Iterable[Site]) -> Defaults:
    """One variable for each text that a site sends: sites with the same settings share theirs."""
    named: dict[tuple[str, str], str] = {}
    for site in sites:
        for header, text in _list_texts(site):
            if (header, text) not in named:
                number = sum(other == header for other, _ in named) + 1
                plain = header.lower().replace("-", "_")
                named[header, text] = plain if number == 1 else f"{plain}_{number}"
    return named


def list_headers(settings: Settings, site: Site, defaults: Defaults) -> list[tuple[str, str]]:
    """Response headers by name, as NGINX writes them."""
    tls = settings.tls
    listed = [(header, f"${defaults[header, text]}") for header, text in _list_texts(site)]
    if insists(settings):
        listed.append(("Strict-Transport-Security", "$strict_transport"))
    if tls and tls.http3:
        listed.append(("Alt-Svc", f"'h3=\":{tls.public_port or tls.port}\"; ma=86400'"))
    return [*listed, ("X-Request-ID", "$request_id")]


def insists(settings: Settings) -> bool:
    """Whether HSTS is sent: never with a local authority, since localhost has other users, or with a trial's."""
    return settings.tls is not None and settings.tls.hsts and settings.tls.is_trusted


def _list_texts(site: Site) -> list[tuple[str, str]]:
    headers = site.headers
    texts = {
        "X-Content-Type-Options": "nosniff" if headers.nosniff else "",
        "X-Frame-Options": headers.frame_options,
        "Referrer-Policy": headers.referrer_policy,
        "Content-Security-Policy": headers.content_security_policy,
        "Permissions-Policy": headers.permissions_policy,
    }
    # No text holds both kinds of quotes: an origin in Permissions-Policy stands in double ones.
    return [(name, f"'{text}'" if '"' in text else f'"{text}"') for name, text in texts.items() if text]
