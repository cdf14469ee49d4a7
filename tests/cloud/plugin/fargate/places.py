"""Where tasks are in the network: a Docker network for each subnet, with the subnet's own addresses.

So a task has an address of the VPC, and what comes to it through the balancer comes from one: the network's gateway.
"""

import ipaddress
import json
import subprocess
from collections.abc import Mapping

import docker
import docker.errors
import docker.types
from docker import DockerClient

from tests.cloud.plugin.cloud import Cloud
from tests.cloud.plugin.owner import LABEL, name_owner


class Places:
    """The networks of a cloud's subnets."""

    def __init__(self, cloud: Cloud, engine: DockerClient) -> None:
        self._cloud, self._engine = cloud, engine

    def open(self, subnet: str) -> str:
        """The Docker network of a subnet. Raises ValueError where this machine uses its addresses itself."""
        with self._cloud.lock():
            name = self._name(subnet)
            if self._engine.networks.list(names=[f"^{name}$"]):
                return name
            thing = self._cloud.find(subnet)
            assert thing is not None  # the plugin takes no reference to what is not there
            range_ = str(thing.inputs["cidrBlock"])
            if taken := _find_overlap(range_):
                raise ValueError(f"{thing.name} is {range_}, and this machine is in {taken} itself")
            pool = docker.types.IPAMPool(subnet=range_)
            try:
                self._engine.networks.create(
                    name,
                    ipam=docker.types.IPAMConfig(pool_configs=[pool]),
                    labels={LABEL: name_owner(self._cloud.folder)},
                )
            except docker.errors.APIError as error:
                raise ValueError(f"{thing.name} is {range_}, which Docker cannot give: {error.explanation}") from error
            return name

    def close(self) -> None:
        """Take away the networks that no task is in."""
        with self._cloud.lock():
            for subnet in self._cloud.things("aws:ec2/subnet:Subnet"):
                for network in self._engine.networks.list(names=[f"^{self._name(subnet.id)}$"]):
                    network.reload()
                    if not network.attrs.get("Containers"):
                        network.remove()

    def _name(self, subnet: str) -> str:
        return f"portico-test-{subnet}"


def _find_overlap(range_: str) -> str | None:
    """A network of this machine, not one of Docker's, that has some of these addresses."""
    wanted = ipaddress.ip_network(range_)
    shown = subprocess.run(["ip", "-json", "-4", "route"], capture_output=True, text=True, check=True)
    routes: list[Mapping[str, str]] = json.loads(shown.stdout)
    for route in routes:
        if route["dst"] != "default" and not route["dev"].startswith(("br-", "docker")):
            network = ipaddress.ip_network(route["dst"])
            if network.version == wanted.version and network.overlaps(wanted):
                return str(network)
    return None
