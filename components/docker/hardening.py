"""Settings that every container has."""

from typing import Any

import pulumi
import pulumi_docker as docker

from portico.config.release import hardening as plain
from portico.config.release.digest import digest_values

# Said by a name of their own, or changed while the container runs.
_APART = {"image", "ports", "memory", "memory_swap", "restart", "destroy_grace_seconds"}


def harden(args: docker.ContainerArgs, memory: int) -> docker.ContainerArgs:
    """Limit a container to what it needs: capabilities, privileges, memory, disk.

    `memory` is the limit in MiB, swap included. What `args` sets itself is kept.
    """
    for name, value in plain.restrict(memory).items():
        if getattr(args, name) is None:
            setattr(args, name, value)
    return args


def drop_capabilities(*kept: str) -> docker.ContainerCapabilitiesArgs:
    """Drop all capabilities but `kept`, such as CAP_KILL."""
    return docker.ContainerCapabilitiesArgs(**plain.drop_capabilities(*kept))


def start_first(parent: pulumi.Resource, *, stop_first: bool = False) -> pulumi.ResourceOptions:
    """Options of a container whose successor starts before it stops; the provider's default is the reverse.

    A container that could not be started stays in the state, and the next run would merely update it and call that
    success. "*" makes the engine replace it instead. No verdict rests on that: a refresh takes the mark away.
    """
    return pulumi.ResourceOptions(parent=parent, delete_before_replace=stop_first, replace_on_changes=["*"])


def require_success(container: docker.Container, what: str) -> pulumi.Output[str]:
    """The container's id, once it has ended well.

    The provider accepts any exit code. So it is read here, and pulumi.RunError says `what` failed
    and what the container printed.
    """

    def check(ended: list[object]) -> str:
        id, code, logs = ended
        if code not in (None, 0):
            lines = "\n".join(f"  {line}" for line in str(logs or "it printed nothing").strip().splitlines()[-20:])
            raise pulumi.RunError(f"{what}; nothing was switched, the releases before it keep serving.\n{lines}")
        return str(id)

    return pulumi.Output.all(container.id, container.exit_code, container.container_logs).apply(check)


def spell_environment(variables: dict[str, Any], ready: pulumi.Input[Any]) -> pulumi.Output[list[str]]:
    """The variables as Docker takes them, once `ready` is known: whatever has them waits for that."""
    return pulumi.Output.all(variables, ready).apply(
        lambda known: [f"{name}={value}" for name, value in sorted(known[0].items())]
    )


def describe_parts(container: docker.ContainerArgs, *apart: str) -> str:
    """A digest of what cannot change without another container, but for image, ports and `apart`, which have names."""
    values = {key: _plain(value) for key, value in vars(container).items() if key not in {*_APART, *apart}}
    return digest_values(values)


def _plain(value: Any) -> Any:
    """Arguments as plain values; what is known only later is left out: it is not other for another program."""
    if isinstance(value, pulumi.Output):
        return None
    if isinstance(value, list):
        return [_plain(inner) for inner in value]
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items()}
    return {key: _plain(inner) for key, inner in vars(value).items()} if hasattr(value, "__dict__") else value
