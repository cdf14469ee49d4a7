"""AWS's ECS on Fargate: each site is tasks of its own behind one load balancer."""

from collections.abc import Iterator
from functools import partial

from portico.config.mistake import Mistake
from portico.config.release.assemble import Complete, Describe
from portico.config.render.tree import Tree, join_trees
from portico.config.settings import Settings, Site
from portico.config.targets.ecs import timing
from portico.config.targets.ecs.checks import list_taken
from portico.config.targets.ecs.image import complete_application
from portico.config.targets.ecs.site import adapt, make_fleet
from portico.config.targets.ecs.task import describe_task
from portico.config.targets.tags import check_tags
from portico.config.targets.target import Planned

__all__ = ["adapt", "check", "complete", "describe", "in_images", "render"]


def check(settings: Settings) -> Iterator[Mistake]:
    """What ECS does not allow, and what is the load balancer's."""
    assert settings.ecs
    yield from settings.ecs.list_contradictions()
    yield from check_tags("ecs.tags", settings.ecs.tags, settings)
    yield from timing.list_contradictions(settings)
    yield from settings.ecs.list_misfits(settings.sites, settings.nginx, settings.replicas)
    yield from list_taken(settings)
    if settings.protect and not settings.ecs.https:
        yield Mistake("ecs", "a protected stack speaks HTTPS; write ecs.certificate or ecs.dns")


def in_images() -> bool:
    """A task has no folder that Portico could write them to."""
    return True


def complete(settings: Settings) -> Complete | None:
    """A task's containers can be handed nothing but what is in their image."""
    assert settings.ecs
    return partial(complete_application, settings.ecs.platform)


def describe(settings: Settings) -> Describe:
    """What a task is made of."""
    return partial(describe_task, settings)


def keep_clients(settings: Settings, site: Site) -> str:
    """The load balancer spreads requests over the tasks; a connection that stays open is one request."""
    return "transports: ['websocket'] in the clients, since the load balancer spreads their requests over the tasks"


def render(plan: Planned, layout: str) -> Tree:
    """The files of each site's own NGINX, below a folder of the site's name; a task knows one layout alone."""
    return join_trees({fleet.site.name: fleet.tree for fleet in make_fleet(plan)})
