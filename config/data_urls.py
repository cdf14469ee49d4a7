"""URLs of data that are somebody else's already."""

from collections.abc import Iterator

from portico.config.mistake import Mistake
from portico.config.settings import Settings, Site
from portico.config.settings.data import Data


def list_taken_urls(settings: Settings) -> Iterator[Mistake]:
    """What is wrong with the URLs that data is served at: NGINX would answer what another setting is about."""
    for index, site in enumerate(settings.sites):
        for number, data in enumerate(site.data):
            if data.url and (other := _find_other(site, data)):
                yield Mistake(f"sites[{index}].data[{number}].url", f'"{data.url}" {other}; write another')


def _find_other(site: Site, data: Data) -> str:
    url = str(data.url)
    if url == site.static_url:
        return "is where static files are"
    if url == "/portico-unavailable.html/":
        return "has the name of the error page"
    if any(route.path == url for route in site.routes):
        return "is the path of a route too, which is the application's"
    if site.health.startswith(url):
        return f"would answer health, {site.health}, which the application answers"
    return ""
