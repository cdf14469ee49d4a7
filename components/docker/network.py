"""The private network."""

import pulumi
import pulumi_docker as docker

from portico.components.docker.labels import list_labels
from portico.components.partial_update import or_none


class Network(pulumi.ComponentResource):
    """A bridge network of the stack's own: its containers find one another, others do not.

    Outputs: `id`, the network's Docker name.
    """

    id: pulumi.Output[str]

    def __init__(self, name: str, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("portico:index:Network", name, None, opts)
        network = docker.Network(
            f"{name}-bridge",
            driver="bridge",
            labels=[docker.NetworkLabelArgs(label=key, value=value) for key, value in list_labels("network").items()],
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.id = or_none(network.name)
        self.register_outputs({"id": self.id})
