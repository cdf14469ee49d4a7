"""How a site's folders of data reach the containers of its releases, as plain values.

They are no part of a release: each is a volume of its own, and all of the site's containers have the same one.
"""

from collections.abc import Mapping
from typing import Any

from portico.config.settings import Site

# Where what lays out files finds the volumes, since it finds the image's own folder at `path`.
VOLUMES = "/srv/portico"


def mount_data(site: Site, volumes: Mapping[str, Any]) -> dict[str, Any]:
    """The argument `mounts` of a container of `site`, {} without data. `volumes` are names by the data's name."""
    return _mount({one.path: volumes[one.name] for one in site.data})


def mount_data_apart(site: Site, volumes: Mapping[str, Any]) -> dict[str, Any]:
    """The same for what lays out files: the volumes lie apart, so that the image's own folders are seen, too."""
    return _mount({f"{VOLUMES}/{one.name}": volumes[one.name] for one in site.data})


def _mount(places: Mapping[str, Any]) -> dict[str, Any]:
    # Docker would copy what the image has into an empty volume at each start, and give the folder back to the image's
    # user: also one that the application has emptied. So that is left to components/in_container/data.py, once.
    mounts = [
        {"type": "volume", "source": volume, "target": path, "volume_options": {"no_copy": True}}
        for path, volume in places.items()
    ]
    return {"mounts": mounts} if mounts else {}
