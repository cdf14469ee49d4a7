"""Which containers are made again although nothing about them changed: those that failed or do not run.

The stack's record cannot tell: a refresh takes the mark from a container that failed, and an update of nothing else
would call it good. So each replica and each switch has a number, in its label. It grows whenever the engine does not
show the last one as it should be, and a container with another number replaces it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from portico.components.docker.observation import Observation, Seen

LABEL = "portico.attempt"
_CONTAINER = "docker:index/container:Container"


@dataclass(frozen=True, kw_only=True)
class Attempts:
    """`resources` are the stack's (components/previous_outputs.py), `observed` what its engine shows.

    `observed` is None where there is no engine yet.
    """

    resources: Mapping[str, Any] = field(default_factory=dict)
    observed: Observation | None = None

    def of_replica(self, name: str) -> int:
        """The number of the replica whose resource has this name."""
        return _count(self._find(name)) + bool(self.find_fault(name))

    def find_fault(self, name: str) -> str:
        """What is wrong with a replica that is made again, such as "unhealthy"; "" if it is well, or there is none."""
        last = self._find(name)
        if last is None or self.observed is None:
            return ""
        seen = self.observed.containers.get(str(last.get("name")))
        if seen is None:
            return "gone"
        if seen.fault:
            return seen.fault
        if _is_cut_off(last, seen):
            return "disconnected from its network"
        if self.observed.edge is None:
            # What was proven went with NGINX's container. The switch that follows proves each replica again.
            return ""
        proven = seen.id[:12] in self.observed.proven or seen.site in self.observed.unasked
        return "" if proven else "never proven by a switch"

    def of_worker(self, name: str) -> int:
        """The number of the worker's container whose resource has this name."""
        return _count(self._find(name)) + self.is_worker_lost(name)

    def is_worker_lost(self, name: str) -> bool:
        """Whether that worker does not run, and is made again; not where there was none."""
        last = self._find(name)
        if last is None or self.observed is None:
            return False
        seen = self.observed.containers.get(str(last.get("name")))
        return seen is None or seen.state != "running" or _is_cut_off(last, seen)

    def of_command(self, name: str) -> int:
        """The number of the release command's container: another one where that did not end well."""
        last = self._find(name)
        if last is None or self.observed is None:
            return _count(last)
        seen = self.observed.containers.get(str(last.get("name")))
        return _count(last) + (seen is None or seen.state != "exited" or seen.exit_code != 0)

    def of_switch(self, name: str, tree: str) -> int:
        """The number of the switch to `tree`: another one where that tree is not live."""
        last = self._find(name)
        if last is None or self.observed is None:
            return _count(last)
        live = self.observed.live
        return _count(last) + (live is None or live.target != f"trees/{tree}" or bool(last.get("exitCode")))

    def list_lost(self, stack: str) -> tuple[str, str]:
        """Why NGINX's container does not serve, and why the port holder does not; "" where they do.

        Such as "gone" or "exited": another one is made. `stack` is the component of the whole stack.
        """
        return self._find_lost(f"{stack}-nginx"), self._find_lost(f"{stack}-port")

    def _find_lost(self, component: str) -> str:
        last = find_edge(self.resources, component)
        if not last or self.observed is None:
            return ""
        seen = self.observed.containers.get(last)
        if seen is None:
            return "gone"
        return seen.state if seen.state in ("created", "exited", "dead") else ""

    def _find(self, name: str) -> Mapping[str, Any] | None:
        return find_container(self.resources, name)


def _is_cut_off(last: Mapping[str, Any], seen: Seen) -> bool:
    """Whether somebody has disconnected it from a network that it was made in."""
    return not {str(one.get("name")) for one in last.get("networksAdvanced") or []} <= seen.networks


def find_container(resources: Mapping[str, Any], name: str) -> Mapping[str, Any] | None:
    """The outputs of a container by the name of its resource."""
    return next((one["outputs"] for found, one in _list(resources) if found == name), None)


def find_edge(resources: Mapping[str, Any], component: str) -> str:
    """The name of NGINX's container by the stack's record, "" where there is none; `component` is that of NGINX.

    Its resource is named after what holds the port (components/docker/nginx.py).
    """
    found = [one["outputs"].get("name") for name, one in _list(resources) if name.startswith(f"{component}-")]
    return str(next(filter(None, found), ""))


def _list(resources: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for urn, one in resources.items():
        if one["type"] == _CONTAINER:
            yield urn.rpartition("::")[2], one


def _count(outputs: Mapping[str, Any] | None) -> int:
    labels = (outputs or {}).get("labels") or []
    return next((int(one["value"]) for one in labels if one.get("label") == LABEL), 0)
