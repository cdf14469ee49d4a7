"""The private network."""

from collections.abc import Mapping
from dataclasses import dataclass, field

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


@dataclass(frozen=True, kw_only=True)
class Networks:
    """The network of the stack, and by site those that one site has to itself."""

    shared: Network
    apart: Mapping[str, Network] = field(default_factory=dict)

    def of(self, site: str) -> pulumi.Output[str]:
        """The name of the network that the containers of a site are in."""
        return self.apart.get(site, self.shared).id


def make_networks(name: str, settings: Settings, kept: pulumi.ResourceOptions, place: str) -> Networks:
    """One for the stack, with the options `kept`, and one for each site where NGINX reaches Gunicorn by the network.

    So no site's container finds another site's. By sockets it needs none: each lets in NGINX and its own site alone.
    `name` is the first one's, `place` PorticoArgs'.
    """
    names = [site.name for site in settings.sites if settings.upstream == "container"]
    # A site may go, also where the stack is protected.
    opts = pulumi.ResourceOptions(parent=kept.parent)
    apart = {site: Network(name_resource(f"{site}-network{place}"), opts, site=site) for site in names}
    return Networks(shared=Network(name, kept), apart=apart)
