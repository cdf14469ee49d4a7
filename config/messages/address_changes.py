"""What an update will do to the address of a site: who has kept the old one gets an error then."""

from urllib.parse import urlsplit

from portico.config.settings import Site


def tell_address(site: Site, before: str, now: str) -> list[str]:
    """A sentence where the site leaves its URL `before`, "" for none; `now` is the one that it gets."""
    old, new = urlsplit(before), urlsplit(now)
    names = [*site.hosts, *site.aliases]
    if not before or any("*" in name for name in names):
        return []
    if old.path.rstrip("/") == new.path.rstrip("/") and old.hostname in names:
        return []
    return [f"It then answers at {now}, and not at {before} any more."]
