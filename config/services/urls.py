"""What a site is informed of about the services that it uses: a URL for each, a secret."""

from collections.abc import Iterator, Mapping
from typing import Final

from portico.config.settings import Settings, Site
from portico.config.settings.service import POSTGRES, VALKEY, Service

# The variable, by the kind of a service.
VARIABLES = {POSTGRES: "DATABASE_URL", VALKEY: "REDIS_URL"}
# Stands where the password is put in when it is deployed. It is part of the release's id in its place: a password stays
# as long as anything runs that has it. So does the name that AWS gives to what it runs.
_PASSWORD, _ADDRESS = "{made by Portico}", "{named by AWS}"
# The role and the database of a service that AWS runs: it is one site's, and no word that PostgreSQL or RDS keeps.
OWNER: Final = "app"


def list_used(settings: Settings, site: Site) -> Iterator[Service]:
    """The services that a site uses, in the order of the settings."""
    return (one for one in settings.services if one.name in site.uses)


def name_host(service: str) -> str:
    """The name by which a site finds a service. Below `internal` there is nothing in any public DNS."""
    return f"{service}.portico.internal"


def name_role(site: str) -> str:
    """The name of a site's role and of its database."""
    return site.replace("-", "_")


def list_urls(settings: Settings, site: Site) -> dict[str, str]:
    """The URLs of the services that `site` uses by the names of their variables, with a word in place of passwords."""
    return {VARIABLES[one.kind]: _spell(one, site.name) for one in list_used(settings, site)}


def add_urls(settings: Settings, secrets: Mapping[str, Mapping[str, str]]) -> dict[str, Mapping[str, str]]:
    """The secrets of all sites, with those that services give."""
    given = {site.name: list_urls(settings, site) for site in settings.sites if site.uses}
    return {**secrets, **{site: {**secrets.get(site, {}), **urls} for site, urls in given.items()}}


def fill_in(
    urls: Mapping[str, str], passwords: Mapping[str, str], addresses: Mapping[str, str] | None = None
) -> dict[str, str]:
    """The same with the passwords, {variable: password}, and with AWS's names; what has none stays as it is."""
    found = dict(urls)
    for word, known in ((_PASSWORD, passwords), (_ADDRESS, addresses or {})):
        found = {name: text.replace(word, known[name]) if name in known else text for name, text in found.items()}
    return found


def _spell(service: Service, site: str) -> str:
    if service.managed:
        # Encrypted on the way. The certificate of RDS is of an authority of AWS's own, which no image has by itself.
        if service.kind == POSTGRES:
            return f"postgresql://{OWNER}:{_PASSWORD}@{_ADDRESS}:5432/{OWNER}?sslmode=require"
        # Celery does not begin where nobody says what is asked of the certificate; redis-py asks for the same anyway.
        return f"rediss://:{_PASSWORD}@{_ADDRESS}:6379/0?ssl_cert_reqs=required"
    host, role = name_host(service.name), name_role(site)
    if service.kind == POSTGRES:
        return f"postgresql://{role}:{_PASSWORD}@{host}:5432/{role}"
    return f"redis://{role}:{_PASSWORD}@{host}:6379/0"
