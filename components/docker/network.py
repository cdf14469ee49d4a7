"""The private network."""

import pulumi
import pulumi_docker as docker

from portico.components.docker.labels import list_labels
from portico.components.partial_update import or_none
from portico.components.scope import name_resource
from portico.config.settings import Settings


class Network(pulumi.ComponentResource):
    """A bridge network of the stack's own, or of one `site`: its containers find one another, others do not.

    Outputs: `id`, the network's Docker name.
    """

    id: pulumi.Output[str]

    def __init__(self, name: str, opts: pulumi.ResourceOptions | None = None, *, site: str | None = None) -> None:
        super().__init__("portico:index:Network", name, None, opts)
        labels = list_labels("network", site)
        network = docker.Network(
            f"{name}-bridge",
            driver="bridge",
            labels=[docker.NetworkLabelArgs(label=key, value=value) for key, value in labels.items()],
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.id = or_none(network.name)
        self.register_outputs({"id": self.id})


def part_sites(settings: Settings, opts: pulumi.ResourceOptions, place: str) -> dict[str, Network]:
    """A network for each site where NGINX reaches Gunicorn by the network: no site's container finds another site's.

    By sockets it needs none: each lets in NGINX and its own site alone. `place` is PorticoArgs'.
    """
    if settings.upstream != "container":
        return {}
    names = [site.name for site in settings.sites]
    return {site: Network(name_resource(f"{site}-network{place}"), opts, site=site) for site in names}
