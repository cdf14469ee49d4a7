"""A site's folders of data in its tasks on ECS: each is a volume that all tasks of the site share."""

from typing import Final

from portico.config.in_container import read_script
from portico.config.release.data import VOLUMES
from portico.config.render.layout import DATA
from portico.config.settings import Site
from portico.config.targets.ecs.container import Container

# The container that fills folders which are new.
SEEDER: Final = "data"


def name_volume(data: str) -> str:
    """The name of a volume in a task, by that of the data."""
    return f"data-{data}"


def mount_data(site: Site) -> list[Container]:
    """What a container of the application has among its `mountPoints`."""
    return [_mount(one.name, one.path) for one in site.data]


def mount_served(site: Site) -> list[Container]:
    """The same for NGINX: what it serves, to read."""
    return [_mount(one.name, f"{DATA}/{site.name}/{one.name}", read_only=True) for one in site.data if one.url]


def bring_data(site: Site) -> Container:
    """The rest of the container that fills new folders: it finds the image's own ones at their place."""
    return {
        "entryPoint": ["python3", "-I", "-S", "-c", read_script("seed.py")],
        "command": [f"{VOLUMES}/{one.name}={one.path}" for one in site.data],
        "mountPoints": [_mount(one.name, f"{VOLUMES}/{one.name}") for one in site.data],
    }


def _mount(data: str, path: str, *, read_only: bool = False) -> Container:
    return {"sourceVolume": name_volume(data), "containerPath": path, "readOnly": read_only}
