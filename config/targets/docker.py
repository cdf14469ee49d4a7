"""Docker on a machine: this one, one behind SSH, or a VM on AWS. One NGINX serves all sites."""

from collections.abc import Iterator

from portico.config.backups import check_backups
from portico.config.mistake import Mistake, Mistakes
from portico.config.release.assemble import Complete, Describe
from portico.config.release.replica import describe_release
from portico.config.render.cloud_init import pack_user_data, render_user_data
from portico.config.render.layout import lay_out
from portico.config.render.nginx import render_nginx
from portico.config.render.tree import Tree
from portico.config.services.checks import check_key
from portico.config.settings import Settings, Site
from portico.config.settings.quantity import Size
from portico.config.targets.tags import check_tags
from portico.config.targets.target import Planned

# A VM is in five security groups at most, and one is its own.
_MOST_MANAGED = 4
# What an application needs in memory besides its uploads.
_BESIDES = Size.parse("128M")
# Docker's own limit: with less it makes no container.
_LEAST = Size.parse("6M")


def check(settings: Settings) -> Iterator[Mistake]:
    """What is wrong on a machine."""
    if settings.ssh and settings.ssh.jump and settings.ssh.proxy_command:
        yield Mistake(
            "ssh.jump", "cannot be used with ssh.proxyCommand: both say how to reach the machine; write one of them"
        )
    yield from check_backups(settings)
    for index, site in enumerate(settings.sites):
        if site.certificate and settings.tls is None:
            said = "is not used without tls: the site would be plain HTTP; write tls: {} beside sites"
            yield Mistake(f"sites[{index}].certificate", f"{said}, or leave it out")
        for path, memory in _list_memory(site):
            if memory < _LEAST:
                said = f"{memory} is less than Docker gives a container, {_LEAST}; write 64M or more"
                yield Mistake(f"sites[{index}].{path}.memory", said)
    yield from _check_managed(settings)
    if settings.aws:
        yield from settings.aws.list_contradictions()
        yield from check_tags("aws.tags", settings.aws.tags, settings)
        if settings.list_data():
            yield from settings.aws.list_unfit()
        https = settings.tls.port if settings.tls else None
        yield from settings.aws.list_unreachable(settings.address, settings.port, https)
        try:
            # Too long, or with a secret in it: said here, before anything is made.
            pack_user_data(render_user_data(settings.aws))
        except Mistakes as found:
            yield from found.all
    # On a machine of its own NGINX collects bodies on the disk.
    for index, site in enumerate(settings.sites if settings.upstream != "tcp" else ()):
        for path, body in site.list_collected():
            if body > settings.nginx.uploads:
                yield Mistake(
                    f"sites[{index}].{path}",
                    f"{body} does not fit into nginx.uploads, {settings.nginx.uploads}, where bodies are collected; "
                    "raise that and nginx.memory, or write requestBuffering: false for the route that takes them",
                )
        # /tmp is memory of the replica, beside what Python needs for itself.
        needed = site.scratch.mebibytes + _BESIDES.mebibytes
        if needed > site.gunicorn.memory.mebibytes and site.scratch > Size.parse("64M"):
            path, body = max(site.list_collected(), key=lambda one: one[1])
            yield Mistake(
                f"sites[{index}].{path}",
                f"{body} does not fit into gunicorn.memory, {site.gunicorn.memory}: /tmp is part of it, and takes "
                f"two such bodies; write gunicorn.memory: {needed}M for this site",
            )


def list_limits(settings: Settings) -> Iterator[tuple[str, Size]]:
    """The limit of memory of each container but a service's, by the path of its setting."""
    for index, site in enumerate(settings.sites):
        yield from ((f"sites[{index}].{path}.memory", memory) for path, memory in _list_memory(site))
    yield "nginx.memory", settings.nginx.limit_memory(len(settings.sites))
    if settings.backups:
        yield "backups.memory", settings.backups.memory


def _list_memory(site: Site) -> Iterator[tuple[str, Size]]:
    """The limits of memory of a site's containers, each by its path."""
    yield "gunicorn", site.gunicorn.memory
    if site.release:
        yield "release", site.release.memory
    yield from ((f"workers[{index}]", worker.memory) for index, worker in enumerate(site.workers))
    yield from ((f"schedule[{index}]", job.memory) for index, job in enumerate(site.schedule))


def _check_managed(settings: Settings) -> Iterator[Mistake]:
    managed = [(index, one) for index, one in enumerate(settings.services) if one.managed]
    for index, service in managed if settings.target != "aws" else ():
        text = f"is for the targets ecs and aws, and on {settings.target} {service.name} is a container; leave it out"
        yield Mistake(f"services[{index}].managed", text)
    if settings.aws:
        for index, service in managed:
            yield from check_key(f"services[{index}]", service, settings.aws.region)
        if len(managed) > _MOST_MANAGED:
            text = f"are {len(managed)} with managed, and a VM gets to {_MOST_MANAGED} at most"
            yield Mistake("services", f"{text}, by a group of AWS's for each")


def in_images() -> bool:
    """They lie on the machine."""
    return False


def adapt(settings: Settings, site: Site) -> Settings:
    """As they are: all sites share what the stack says."""
    return settings


def complete(settings: Settings) -> Complete | None:
    """Nothing: what a container needs besides its image, it is handed."""
    return None


def describe(settings: Settings) -> Describe:
    """The replicas, and the containers that prepare them."""
    return describe_release


def keep_clients(settings: Settings, site: Site) -> str:
    """NGINX spreads requests over several replicas."""
    return "balance: ip_hash" if settings.count_replicas(site) > 1 and site.balance != "ip_hash" else ""


def render(plan: Planned, layout: str) -> Tree:
    """The files of the one NGINX before all sites."""
    files = lay_out(plan.settings, layout)
    return render_nginx(plan.settings, plan.releases, files, private=plan.private.digest)
