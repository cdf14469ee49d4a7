"""How a release is made and named: of a source as it is now, or of an image that is there."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from portico.config.release.digest import digest_files, digest_secrets, digest_values
from portico.config.release.release import Release
from portico.config.release.replica import SOCKETS, describe_release
from portico.config.services.urls import list_urls
from portico.config.settings import Settings, Site, derive_uid
from portico.config.settings.secrets_as import list_variables
from portico.config.source.build import Build, read_build
from portico.config.source.files import File
from portico.config.source.published import Unpublished, find_unpublished
from portico.config.source.static_folder import find_static_folder

PORT = 8000

# The containers of a release as plain values, made of its site and of the names of its secrets.
Describe = Callable[[Release, Collection[str]], Any]
Complete = Callable[[Mapping[str, File], int], Mapping[str, File]]


def make_release(
    settings: Settings,
    site: Site,
    root: Path,
    secrets: Mapping[str, str],
    complete: Complete | None = None,
    describe: Describe = describe_release,
    tokens: Mapping[str, str] | None = None,
) -> Release:
    """Read the source of `site` and name what it is now; paths count from `root`.

    `tokens` are the secrets of its build, which make no other release.

    `complete` adds to the build context what the image needs besides, for a user's number; that is part of it too.
    `describe` is assemble_release's.
    """
    build = read_build(settings, site, root)
    static = _find_static(site, build)
    unpublished = find_unpublished(build.files, static, site.publish) if static else Unpublished()
    # An application would follow these links itself, where NGINX finds nothing.
    away = {f"{build.place}{path}" for path in unpublished.links}
    context = {path: file for path, file in build.context.items() if path not in away}
    if complete:
        context = dict(complete(context, derive_uid(site.name)))
    made = assemble_release(
        *(settings, site, digest_files(context), static, secrets, context, describe),
        entrypoint=build.entrypoint,
    )
    return replace(made, tokens=tokens or {}, requires=build.requires, unpublished=unpublished)


def assemble_release(
    settings: Settings,
    site: Site,
    image: str,
    static: str | None,
    secrets: Mapping[str, str],
    context: Mapping[str, File] | None = None,
    describe: Describe = describe_release,
    entrypoint: tuple[str, ...] = (),
) -> Release:
    """The release of `site` that the image of that digest makes; no source is read.

    `static` is the folder in it that NGINX serves. Without `context` the image is believed to be there. `describe` says
    what its containers are made of: everything that replaces a replica must be part of the id, since only another id
    makes NGINX switch before the old one stops.
    """
    release = Release(
        site=site,
        id="",
        image=image,
        context=context or {},
        replicas=settings.count_replicas(site),
        uid=derive_uid(site.name),
        static=static,
        compress=settings.nginx.gzip.static,
        bind=(),
        upstream=(),
        entrypoint=entrypoint,
        variables=list_variables(site.secrets_as, secrets, list_urls(settings, site)),
        secrets=digest_secrets(secrets),
    )
    # Its own name stands in what it is made of: the id is that of the release that has none yet.
    made_of = {
        "image": image,
        "secrets": release.secrets,
        "containers": describe(_address(settings, release), secrets),
    }
    return _address(settings, replace(release, id=digest_values(made_of)))


def _address(settings: Settings, release: Release) -> Release:
    """The same release with the places where its replicas listen, and where NGINX looks for them."""
    site, id, indexes = release.site, release.id, range(release.replicas)
    if settings.upstream == "tcp":
        before = settings.sites[: settings.sites.index(site)]
        first = PORT + sum(settings.count_replicas(other) for other in before)
        bind = tuple(f"127.0.0.1:{first + index}" for index in indexes)
        return replace(release, bind=bind, upstream=bind)
    if settings.upstream == "socket":
        bind = tuple(f"unix:{SOCKETS}/{site.name}/{id}-{index}.sock" for index in indexes)
        return replace(release, bind=bind, upstream=bind)
    upstream = tuple(f"{site.name}-{id}-{index}:{PORT}" for index in indexes)
    if settings.nginx_version < (1, 27, 3):
        upstream = (f"{site.name}-{id}:{PORT}",)
    return replace(release, bind=(f"0.0.0.0:{PORT}",) * release.replicas, upstream=upstream)


def _find_static(site: Site, build: Build) -> str | None:
    """The folder that NGINX serves, relative to the source; None where there is none to serve."""
    if site.static:
        return site.static
    return find_static_folder(build.entry, build.files)
