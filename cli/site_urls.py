"""Where sites answer that are live, also those of which the last update has left no record."""

from collections.abc import Collection, Mapping
from pathlib import Path

from portico.config.checks import check_settings
from portico.config.mistake import Mistakes
from portico.config.public_address import make_url
from portico.config.stackfile import UnreadableStack, read_stack


def add_urls(known: Mapping[str, str], live: Collection[str], root: Path, stack: str) -> dict[str, str]:
    """The URLs by site: those that are `known`, and, by the settings, those of the other sites that are `live`.

    An update that failed for one site ends without outputs, though others went live by it.
    """
    found = dict(known)
    if {*live} <= {*known}:
        return found
    try:
        settings = check_settings(read_stack(root, stack), root)
    except (Mistakes, UnreadableStack):
        return found
    missing = {*live} - {*known}
    return found | {site.name: make_url(site, settings) for site in settings.sites if site.name in missing}
