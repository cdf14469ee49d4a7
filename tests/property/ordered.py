"""What is written where certificates are ordered: plain HTTP leads to HTTPS for those names that have one."""

from typing import Final

from portico.config.settings import Settings, Site
from portico.config.settings.tls import Tls
from tests.config.nginx_file import Directive
from tests.property.reading import only

CHALLENGES: Final = "/.well-known/acme-challenge/"


def is_ordered(settings: Settings, site: Site) -> bool:
    return bool(settings.tls and settings.tls.acme and not site.certificate)


def is_trusted(tls: Tls) -> bool:
    return not tls.local_authority and not (tls.acme and tls.acme.staging)


def check_lead(settings: Settings, lead: Directive, main: Directive) -> None:
    """Plain HTTP leads to HTTPS for the names that the certificate has, but for the answers to challenges."""
    assert settings.tls
    port = settings.tls.public_port or settings.tls.port
    reported = f"https://$host{'' if port in (80, 443) else f':{port}'}$request_uri"
    assert [(one.name, one.args) for one in lead.block] == [("return", ("308", reported))]
    (variable,) = (lead.args[0].strip("()"),)
    http = only(main, "http")
    (chosen,) = (block for block in http.block if block.name == "map" and block.args[-1] == variable)
    believed = settings.client and settings.client.header != "proxy_protocol"
    assert chosen.args[0] == f"{'$client_scheme' if believed else '$scheme'} $host$challenge"
    assert [(one.name, one.args) for one in chosen.block if one.name == "default"] == [("default", ("",))]
    (asked,) = (block for block in http.block if block.name == "map" and block.args[-1] == "$challenge")
    assert [one.name for one in asked.block if one.args != ("",)] == [r"~^/\.well-known/acme-challenge/"]
