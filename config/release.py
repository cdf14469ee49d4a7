"""A release: one exact state of one site, named by everything that makes it differ from another."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from config.digest import digest_files, digest_secrets, digest_values
from config.entry import FoundEntry, find_entry
from config.render import render_dockerfile, render_gunicorn, render_requirements
from config.settings import Settings, Site, derive_uid
from config.source import File, read_source

# Where sockets and static files are mounted, in the edge and in every replica alike.
SOCKETS = "/run/portico"
STATIC = "/srv/static"
PORT = 8000


@dataclass(frozen=True, kw_only=True)
class Release:
    """What is built, started and asked for one site.

    `context` is the build context: {path: file}, empty where the image is a past release's. `image` is its
    digest: equal content is built once. `id` names the image together with its environment, secrets and replicas.
    """

    site: Site
    id: str
    image: str
    context: Mapping[str, File]
    replicas: int
    uid: int
    static: str | None
    compress: bool
    bind: tuple[str, ...]
    upstream: tuple[str, ...]


def make_release(
    settings: Settings,
    site: Site,
    root: Path,
    secrets: Mapping[str, str],
    program: str = "",
    complete: Callable[[Mapping[str, File], int], Mapping[str, File]] | None = None,
) -> Release:
    """Read the source of `site` and name what it is now; paths count from `root`.

    `program` is the digest of the code that starts the containers. Everything that replaces a
    replica must be part of the id: only another id makes NGINX switch before the old one stops.
    `complete` adds to the build context what the image needs besides, for a user's number; that is part of it too.
    """
    source = root / site.source
    files = read_source(source)
    entry = find_entry(source, site.entry)
    context = _make_context(settings, site, source, files, entry)
    if complete:
        context = dict(complete(context, derive_uid(site.name)))
    return assemble_release(
        settings, site, digest_files(context), _find_static(site, files, entry), secrets, program, context
    )


def assemble_release(
    settings: Settings,
    site: Site,
    image: str,
    static: str | None,
    secrets: Mapping[str, str],
    program: str = "",
    context: Mapping[str, File] | None = None,
) -> Release:
    """The release of `site` that the image of that digest makes; no source is read.

    `static` is the folder in it that NGINX serves. Without `context` the image is believed to be there.
    """
    replicas = settings.count_replicas(site)
    id = digest_values(
        {
            "image": image,
            "entry": site.entry,
            "environment": site.environment,
            "secrets": digest_secrets(secrets),
            "replicas": replicas,
            "upstream": settings.upstream,
            "memory": site.gunicorn.memory.bytes,
            "health": [site.health, site.hosts[0], settings.health_timeout, site.hung_after],
            "program": program,
            "static": [static, site.static_url, settings.nginx.gzip.static],
        }
    )
    if settings.upstream == "tcp":
        before = settings.sites[: settings.sites.index(site)]
        first = PORT + sum(settings.count_replicas(other) for other in before)
        bind = tuple(f"127.0.0.1:{first + index}" for index in range(replicas))
        upstream = bind
    elif settings.upstream == "socket":
        bind = tuple(f"unix:{SOCKETS}/{site.name}/{id}-{index}.sock" for index in range(replicas))
        upstream = bind
    else:
        bind = (f"0.0.0.0:{PORT}",) * replicas
        upstream = tuple(f"{site.name}-{id}-{index}:{PORT}" for index in range(replicas))
        if settings.nginx_version < (1, 27, 3):
            upstream = (f"{site.name}-{id}:{PORT}",)
    return Release(
        site=site,
        id=id,
        image=image,
        context=context or {},
        replicas=replicas,
        uid=derive_uid(site.name),
        static=static,
        compress=settings.nginx.gzip.static,
        bind=bind,
        upstream=upstream,
    )


def _make_context(
    settings: Settings, site: Site, source: Path, files: Mapping[str, File], entry: FoundEntry
) -> dict[str, File]:
    texts = {
        "Dockerfile": render_dockerfile(settings, site, source),
        ".portico/gunicorn.conf.py": render_gunicorn(site, entry.root),
    }
    if (source / "Dockerfile").is_file():
        prefix = ""
    else:
        prefix = "app/"
        texts[".portico/requirements.txt"] = render_requirements(source) or ""
    # What .dockerignore says has been done; in the context it could hide what was added here.
    context = {prefix + path: file for path, file in files.items() if path != ".dockerignore"}
    return context | {path: File(text.encode()) for path, text in texts.items()}


def _find_static(site: Site, files: Mapping[str, File], entry: FoundEntry) -> str | None:
    """The folder that NGINX serves, relative to the source; None where there is none to serve."""
    if site.static:
        return site.static
    if entry.folder is None:
        return None
    folder = str(PurePosixPath(entry.folder) / "static").removeprefix("./")
    return folder if any(path.startswith(f"{folder}/") for path in files) else None
