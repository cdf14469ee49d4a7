"""One site as it runs on ECS: its settings there, NGINX's files for it, and what its images are built from."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from portico.config.release.digest import digest_files, digest_values
from portico.config.release.release import Release
from portico.config.render.nginx import render_nginx
from portico.config.render.tree import Tree
from portico.config.settings import Duration, Settings, Site
from portico.config.settings.client import Client
from portico.config.source.files import File
from portico.config.targets.ecs.image import make_nginx_context
from portico.config.targets.ecs.timing import Timing
from portico.config.targets.target import Planned
from portico.config.tls.nginx_secrets import Private, name_private

# How a load balancer spreads requests, by the setting `balance`.
_ALGORITHMS: Final = {
    "round_robin": "round_robin",
    "least_conn": "least_outstanding_requests",
    "random": "weighted_random",
}


@dataclass(frozen=True, kw_only=True)
class FleetSite:
    """One site on ECS.

    `site` is what the stack says of it, `settings` are those that its files are rendered with (see `adapt`), and
    `tree` are NGINX's. `release.image` names the application's image, whose build context is `release.context`, empty
    where an earlier release's image is there; `nginx` is the build context of NGINX's image and `digest` its name, by
    content. `replicas` are the tasks to begin with, `memory` that of a task in MiB. `private` holds password hashes:
    never log it.
    """

    site: Site
    settings: Settings
    release: Release
    tree: Tree
    nginx: Mapping[str, File]
    digest: str
    timing: Timing
    replicas: int
    memory: int
    algorithm: str
    private: Private = field(repr=False)

    @property
    def hosts(self) -> tuple[str, ...]:
        """All names that lead to the site."""
        return (*self.site.hosts, *self.site.aliases)


def list_hosts(sites: Iterable[FleetSite]) -> list[str]:
    """All names that lead to sites, once each: sites below paths of one host share theirs."""
    return list(dict.fromkeys(host for one in sites for host in one.hosts))


def adapt(settings: Settings, site: Site) -> Settings:
    """The settings of `site` alone in a task: what the load balancer does, NGINX does not.

    The number of tasks is AWS's matter, so it makes no other release and no other file.
    """
    assert settings.ecs
    alone = site.model_copy(update={"replicas": 1, "weights": (), "balance": "round_robin"})
    keepalive = Duration(Timing.of(settings).nginx_keepalive * 1000)
    return settings.model_copy(
        update={
            "address": "0.0.0.0",
            "port": 80,
            "upstream": "tcp",
            "replicas": 1,
            # The network of load balancer and tasks: whoever connects from there may tell who the client is.
            "client": Client(proxies=(settings.ecs.range,)),
            "nginx": settings.nginx.model_copy(update={"keepalive": keepalive}),
            "sites": (alone,),
        }
    )


def make_fleet(plan: Planned) -> tuple[FleetSite, ...]:
    """All sites of a plan for target ecs, in its order."""
    return tuple(_make(plan, site, release) for site, release in zip(plan.settings.sites, plan.releases, strict=True))


def _make(plan: Planned, site: Site, release: Release) -> FleetSite:
    ecs = plan.settings.ecs
    assert ecs
    memory = ecs.memory_of(site, plan.settings.nginx)
    assert memory
    settings = adapt(plan.settings, site)
    name = f"{site.name}.users"
    private = name_private({name: plan.private.files[name]} if site.users else {})
    tree = render_nginx(settings, [release], private=private.digest, balanced=True)
    context = make_nginx_context(settings, release, tree)
    return FleetSite(
        site=site,
        settings=settings,
        release=release,
        tree=tree,
        nginx=context,
        # Static files come from the application's image.
        digest=digest_values({"context": digest_files(context), "application": release.image}),
        timing=Timing.of(plan.settings),
        replicas=plan.settings.count_replicas(site),
        memory=memory,
        algorithm=_ALGORITHMS[site.balance],
        private=private,
    )
