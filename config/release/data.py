"""How a site's folders of data reach the containers of its releases, as plain values.

They are no part of a release: each is a volume of its own, and all of the site's containers have the same one.
"""

from collections.abc import Mapping
from typing import Any

from portico.config.settings import Site

# Where what lays out files finds the volumes, since it finds the image's own folder at `path`.
VOLUMES = "/srv/portico"


def mount_data(site: Site, volumes: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What a container of `site` has among its `volumes`, [] without data. `volumes` are names by the data's name.

    Docker copies what the image has at that place into a volume that is empty, and gives the folder back to the image's
    user. So none is ever empty: components/in_container/data.py, which comes first, sees to that.
    """
    return [{"volume_name": volumes[one.name], "container_path": one.path} for one in site.data]


def mount_apart(site: Site, volumes: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The same for what lays out files: the volumes lie where no image has anything, so that it sees both."""
    return [{"volume_name": volumes[one.name], "container_path": f"{VOLUMES}/{one.name}"} for one in site.data]
