"""Whether each part of a stack is on its engine as the state says: then an update needs no refresh.

Pulumi's own refresh starts the provider for each of them, which takes two of the five seconds of an update that changes
nothing. This check is as fresh, since it looks in this run. Where it cannot tell, a refresh looks.
"""

from typing import TYPE_CHECKING, Any

from portico.cli.engine import CONTAINER, Export, name_provider, read_engine
from portico.cli.reach import all_answer
from portico.config.live.drift import Container, compare_containers

if TYPE_CHECKING:
    from docker import DockerClient

NETWORK = "docker:index/network:Network"
VOLUME = "docker:index/volume:Volume"
IMAGE = "docker:index/remoteImage:RemoteImage"
_PROVIDERS = "pulumi:providers:"
_MB = 1024**2


def is_as_recorded(export: Export) -> bool:
    """Whether nothing was removed, stopped, damaged or changed since the last update.

    False as well where that cannot be seen: the last update did not finish, something else than Docker has a
    part in the stack, or an engine does not answer.
    """
    deployment = export.get("deployment") or {}
    made = [one for one in deployment.get("resources") or [] if one.get("custom") and not is_provider(one)]
    if deployment.get("pending_operations") or any(is_unfinished(one) or one["type"] not in _LOOKS for one in made):
        return False
    providers = {one["urn"]: one for one in deployment["resources"] if is_provider(one)} if made else {}
    from docker.errors import DockerException

    try:
        clients = {urn: read_engine(providers[urn]).connect() for urn in {name_provider(one) for one in made}}
        return all(_LOOKS[one["type"]](clients[name_provider(one)], one.get("outputs") or {}) for one in made)
    except (DockerException, OSError, KeyError):
        return False


def spell_refresh(export: Export) -> list[str]:
    """The option by which Pulumi looks at each piece of a stack first, where one is not as the state says.

    What was removed, stopped or replaced by hand is seen by it and made again. Not where a machine does not answer: a
    VM that is gone is noticed by the program itself, and another is made.
    """
    return ["--refresh"] if all_answer(export) and not is_as_recorded(export) else []


def is_provider(resource: Export) -> bool:
    """Whether it is a provider, and so nothing on an engine."""
    return str(resource["type"]).startswith(_PROVIDERS)


def is_unfinished(resource: Export) -> bool:
    """Whether the last update has left it by halves, or another tool owns it."""
    return any(resource.get(mark) for mark in ("initErrors", "delete", "pendingReplacement", "external"))


def _has_container(client: "DockerClient", outputs: dict[str, Any]) -> bool:
    from portico.cli.observed import observe

    one = client.containers.get(outputs["id"])
    found, host = one.attrs, one.attrs["HostConfig"]
    limits = {
        "memory": host["Memory"] // _MB,
        "memorySwap": host["MemorySwap"] // _MB,
        "restart": host["RestartPolicy"]["Name"] or "no",
        "maxRetryCount": host["RestartPolicy"]["MaximumRetryCount"],
        "cpuShares": host["CpuShares"],
        "cpuSet": host["CpusetCpus"],
    }
    networks = {one["networkName"] for one in outputs["networkDatas"] or []}
    if {*found["NetworkSettings"]["Networks"]} != networks or any(outputs[key] != now for key, now in limits.items()):
        return False
    recorded, observed = Container(id=outputs["id"], name=outputs["name"]), observe(one)
    if outputs["mustRun"]:
        return observed.name == recorded.name and not compare_containers([recorded], [observed])
    return observed.status == "exited" and found["State"]["ExitCode"] == outputs["exitCode"]


def _has_network(client: "DockerClient", outputs: dict[str, Any]) -> bool:
    return bool(client.networks.get(outputs["id"]).name == outputs["name"])


def _has_volume(client: "DockerClient", outputs: dict[str, Any]) -> bool:
    return bool(client.volumes.get(outputs["name"]).name == outputs["name"])


def _has_image(client: "DockerClient", outputs: dict[str, Any]) -> bool:
    """Whether its name still leads to it."""
    return bool(client.images.get(outputs["name"]).id == outputs["imageId"])


_LOOKS = {CONTAINER: _has_container, NETWORK: _has_network, VOLUME: _has_volume, IMAGE: _has_image}
