"""The Dockerfiles that images are built by."""

from portico.config.render.templates import render
from portico.config.settings import Site
from portico.config.source.dockerfile import Dockerfile
from portico.config.source.recipe import Recipe


def render_dockerfile(site: Site, recipe: Recipe | None, own: Dockerfile | None = None) -> str:
    """Write the Dockerfile by `recipe`; a Dockerfile of the application's `own` is kept as it is and added to."""
    return render(
        "docker/Dockerfile.j2",
        recipe=recipe,
        site=site,
        own=own.text if own else None,
        # In double quotes, of which an entry has none; nor has it a dollar.
        flask_app=None if own and "FLASK_APP" in own.variables else f'"{site.entry}"',
    )


def render_fleet(template: str, **values: object) -> str:
    """Write a part of what images on ECS are built from."""
    return render(f"ecs/{template}", **values)
