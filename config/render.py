"""Settings in, text out: pure functions, so that a preview shows exactly what will be live."""

import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from config.entry import list_requirements, read_dependencies
from config.settings import Duration, Settings, Site
from config.tree import Tree, name_tree

if TYPE_CHECKING:
    from config.release import Release

# How long a kept connection is still answered after a reload: clients that ask every few seconds
# get their next answer with `Connection: close` instead of a reset.
DRAIN = Duration.parse("5s")
# The port inside the edge's container: above 1024, so that NGINX needs no capability.
LISTEN = 8080
# Answers on the container's own loopback only: liveness, the served tree's digest, counters.
PRIVATE = 8081


@cache
def _templates() -> Environment:
    # Nothing is escaped for NGINX or Python: the settings' grammars are closed instead (config/settings/text.py).
    return Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


def render_nginx(settings: Settings, releases: Sequence["Release"]) -> Tree:
    """Write `nginx.conf`, one `conf.d/<site>.conf` a site, and the private status server."""
    timeout = max((release.site.gunicorn.timeout for release in releases), key=lambda value: value.amount)
    common = {
        "settings": settings,
        "nginx": settings.nginx,
        "version": settings.nginx_version,
        "listen": LISTEN,
        "private": PRIVATE,
        "drain": DRAIN,
        # A request that just began when the reload came may take this long and is still answered.
        "shutdown": Duration(timeout.amount + 5_000),
        "keep_port": "" if settings.port in (80, 443) else f":{settings.port}",
    }
    files = {"nginx.conf": _render("nginx/nginx.conf.j2", **common)}
    files["conf.d/status.conf"] = _render("nginx/status.conf.j2", **common)
    for release in releases:
        files[f"conf.d/{release.site.name}.conf"] = _render(
            "nginx/site.conf.j2",
            **common,
            release=release,
            site=release.site,
            # Gunicorn gives up first, so that a slow request ends with the application's own answer.
            read_timeout=Duration(release.site.gunicorn.timeout.amount + 5_000),
        )
    return name_tree(files)


def render_gunicorn(site: Site, root: str = ".") -> str:
    """Write `gunicorn.conf.py`; `root` is the import root inside the source."""
    return _render("gunicorn/gunicorn.conf.py.j2", site=site, gunicorn=site.gunicorn, root=root)


def render_dockerfile(settings: Settings, site: Site, source: Path) -> str:
    """Write the Dockerfile; a Dockerfile of the application's own is kept as it is and added to."""
    own = source / "Dockerfile"
    return _render(
        "docker/Dockerfile.j2",
        settings=settings,
        site=site,
        own=own.read_text().rstrip() if own.is_file() else None,
        alone=render_requirements(source) is not None,
        gunicorn=None if "gunicorn" in list_requirements(source) else site.gunicorn.version,
    )


def render_requirements(source: Path) -> str | None:
    """Write what pip installs before the source is copied, so that a code change installs nothing anew.

    None where the requirements speak of other files of the source, so cannot be installed without it.
    """
    if not (source / "requirements.txt").is_file():
        return "".join(f"{line}\n" for line in read_dependencies(source / "pyproject.toml"))
    text = (source / "requirements.txt").read_text()
    # -r, -c and -e name files, and so does a line that starts with a dot or a slash.
    if re.search(r"^\s*(-[rce]\b|--(requirement|constraint|editable)\b|[./]|file:)", text, re.MULTILINE):
        return None
    return text


def _render(template: str, **values: object) -> str:
    return _templates().get_template(template).render(**values)
