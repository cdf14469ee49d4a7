"""Task definitions: what ECS refuses as one is registered for Fargate, and the order that its containers keep."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

Container = Mapping[str, Any]

_MEMORY: Final[Mapping[int, Sequence[int]]] = {
    256: (512, 1024, 2048),
    512: range(1024, 4097, 1024),
    1024: range(2048, 8193, 1024),
    2048: range(4096, 16385, 1024),
    4096: range(8192, 30721, 1024),
}
_LONGEST_STOP: Final = 120  # seconds
# What belongs to machines of one's own.
_FOREIGN: Final = (
    "links",
    "hostname",
    "dnsServers",
    "dnsSearchDomains",
    "extraHosts",
    "dockerSecurityOptions",
    "privileged",
    "environmentFiles",
    "firelensConfiguration",
    "resourceRequirements",
    "credentialSpecs",
    "restartPolicy",
)


def read(inputs: Mapping[str, Any]) -> list[Container]:
    """The containers of a definition."""
    return list(json.loads(inputs["containerDefinitions"]))


def find_mistakes(inputs: Mapping[str, Any]) -> Iterator[str]:
    """Why ECS would not register this definition."""
    try:
        containers = read(inputs)
    except ValueError as error:
        yield f"containerDefinitions is not JSON: {error}"
        return
    # The properties are those of AWS's own model of its service.
    report = _validate({"family": inputs["family"], "containerDefinitions": containers})
    if report.has_errors():
        yield report.generate_report()
        return
    yield from _look_at_task(inputs)
    yield from _look_at_set(containers)
    for container in containers:
        yield from (f"{container.get('name')}: {why}" for why in _look_at(container, inputs, containers))


def list_dependencies(container: Container) -> dict[str, str]:
    """On which containers it waits, and for what."""
    return {one["containerName"]: one["condition"] for one in container.get("dependsOn") or []}


def list_stops(containers: Sequence[Container]) -> Iterator[list[str]]:
    """The names in the order in which they are stopped: together those on which nobody depends any more."""
    left = {one["name"]: set(list_dependencies(one)) for one in containers}
    while left:
        needed = {name for names in left.values() for name in names}
        last = sorted(left.keys() - needed)
        if not last:
            raise ValueError("Container dependencies form a cycle")
        yield last
        for name in last:
            del left[name]


def _validate(asked: Mapping[str, Any]) -> Any:
    # Late: the two take half a second, and each command that reads a definition would pay for it.
    import botocore.session
    from botocore.validate import ParamValidator

    ecs = botocore.session.get_session().get_service_model("ecs")
    return ParamValidator().validate(asked, ecs.operation_model("RegisterTaskDefinition").input_shape)


def _look_at_task(inputs: Mapping[str, Any]) -> Iterator[str]:
    if inputs.get("networkMode") != "awsvpc":
        yield "Fargate only supports network mode 'awsvpc'"
    if "FARGATE" not in (inputs.get("requiresCompatibilities") or []):
        yield "the double runs definitions for Fargate alone: requiresCompatibilities lacks FARGATE"
    try:
        cpu, memory = int(inputs.get("cpu") or 0), int(inputs.get("memory") or 0)
    except ValueError:
        cpu = memory = 0
    if memory not in _MEMORY.get(cpu, ()):
        yield f"No Fargate configuration exists for {inputs.get('cpu')} CPU and {inputs.get('memory')} MiB"
    limits = sum(int(one.get("memory") or one.get("memoryReservation") or 0) for one in read(inputs))
    if limits > memory:
        yield f"Invalid setting for container. The containers reserve {limits} MiB, and the task has {memory}"
    platform = inputs.get("runtimePlatform") or {}
    if platform.get("cpuArchitecture") not in ("X86_64", "ARM64", None):
        yield f"there is no cpuArchitecture {platform['cpuArchitecture']}"
    for volume in inputs.get("volumes") or []:
        if set(volume) - {"name", "configureAtLaunch", "efsVolumeConfiguration"} or not volume.get("name"):
            yield f"the double knows volumes with a name, or of EFS, and not {json.dumps(volume)}"
        shared = volume.get("efsVolumeConfiguration") or {}
        way = shared.get("authorizationConfig") or {}
        if way.get("accessPointId") and shared.get("transitEncryption") != "ENABLED":
            yield "EFS Volume TransitEncryption must be ENABLED to use an access point or IAM"


def _look_at_set(containers: Sequence[Container]) -> Iterator[str]:
    names = [one["name"] for one in containers]
    for name in sorted({name for name in names if names.count(name) > 1}):
        yield f"Container name {name} should be unique"
    if not any(one.get("essential", True) for one in containers):
        yield "At least one container must be marked essential"
    for one in containers:
        for other in list_dependencies(one):
            if other not in names:
                yield f"{one['name']} depends on {other}, which does not exist"
    if all(other in names for one in containers for other in list_dependencies(one)):
        try:
            list(list_stops(containers))
        except ValueError as error:
            yield str(error)


def _look_at(container: Container, inputs: Mapping[str, Any], all_: Sequence[Container]) -> Iterator[str]:
    for name in _FOREIGN:
        if container.get(name):
            yield f"{name} is not supported here"
    if not container.get("image"):
        yield "image is required"
    if int(container.get("stopTimeout") or 0) > _LONGEST_STOP:
        yield f"stopTimeout must not be greater than {_LONGEST_STOP} on Fargate"
    for port in container.get("portMappings") or []:
        if port.get("hostPort") not in (None, port.get("containerPort")):
            yield "in network mode awsvpc the host port must be the container's"
    yield from _look_at_dependencies(container, all_)
    yield from _look_at_secrets(container, inputs)
    yield from _look_at_linux(container)
    volumes = {one["name"] for one in inputs.get("volumes") or []}
    for mount in container.get("mountPoints") or []:
        if mount.get("sourceVolume") not in volumes:
            yield f"Unknown volume '{mount.get('sourceVolume')}'"


def _look_at_dependencies(container: Container, all_: Sequence[Container]) -> Iterator[str]:
    known = {one["name"]: one for one in all_}
    for name, condition in list_dependencies(container).items():
        other = known.get(name, {})
        if condition == "HEALTHY" and not other.get("healthCheck"):
            yield f"it depends on the health of {name}, which has no health check"
        if condition in ("COMPLETE", "SUCCESS") and other.get("essential", True):
            yield f"it waits until {name} has ended, which is essential: no task would be left"


def _look_at_secrets(container: Container, inputs: Mapping[str, Any]) -> Iterator[str]:
    logs = container.get("logConfiguration")
    if container.get("secrets") and not inputs.get("executionRoleArn"):
        yield "secrets need an execution role"
    if logs is None:
        return
    if logs["logDriver"] != "awslogs":
        yield f"the double knows the log driver awslogs alone, and not {logs['logDriver']}"
    for option in ("awslogs-group", "awslogs-region", "awslogs-stream-prefix"):
        if not (logs.get("options") or {}).get(option):
            yield f"Log driver awslogs requires option '{option}' on Fargate"
    if not inputs.get("executionRoleArn"):
        yield "Fargate requires an execution role to support log driver awslogs"


def _look_at_linux(container: Container) -> Iterator[str]:
    linux = container.get("linuxParameters") or {}
    for name in sorted({"devices", "sharedMemorySize", "tmpfs", "maxSwap", "swappiness"} & linux.keys()):
        if linux[name]:
            yield f"{name} is not supported on Fargate"
    added = set((linux.get("capabilities") or {}).get("add") or []) - {"SYS_PTRACE"}
    if added:
        yield f"the capabilities {', '.join(sorted(added))} cannot be added on Fargate"
    for limit in container.get("ulimits") or []:
        if limit["name"] != "nofile":
            yield "Fargate supports the ulimit nofile alone"
