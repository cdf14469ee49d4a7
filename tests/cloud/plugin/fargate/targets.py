"""The places of a service's tasks in its target groups."""

import json
import time
from collections.abc import Mapping
from typing import Any

from tests.cloud.plugin.balancer.members import Member, drain, forget, register
from tests.cloud.plugin.balancer.routing import find_balancers
from tests.cloud.plugin.cloud import Cloud
from tests.cloud.plugin.fargate.task import RunningTask
from tests.cloud.plugin.fleet_kinds import BALANCER, GROUP
from tests.cloud.plugin.owner import is_wanted
from tests.cloud.plugin.process import tell

_DELAY = 300  # seconds of deregistration, where the target group says nothing


class Targets:
    """Registers tasks, asks the balancers how they are, and drains them before they end."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._groups: list[tuple[str, int]] = []
        self._firewall: tuple[str, ...] = ()
        self._attached: dict[str, list[tuple[str, Member]]] = {}
        self._states: dict[str, dict[str, str]] = {}

    def refresh(self, inputs: Mapping[str, Any]) -> None:
        """Ask again; `inputs` are those of the service."""
        self._groups = [(one["targetGroupArn"], one["containerPort"]) for one in inputs.get("loadBalancers") or []]
        self._firewall = tuple((inputs.get("networkConfiguration") or {}).get("securityGroups") or ())
        self._states = {group: self._ask(group) for group, _ in self._groups}

    def attach(self, task: RunningTask) -> None:
        """Register a task that runs, once."""
        if task.id not in self._attached:
            self._attached[task.id] = []
            for group, port in self._groups:
                member = Member(address=task.address, port=port, groups=self._firewall)
                register(self._cloud, group, member)
                self._attached[task.id].append((group, member))
            self._look()

    def states(self, task: RunningTask) -> set[str]:
        """How the balancers find a task, as `healthy` or other words of theirs; nothing where it has none."""
        if task.id not in self._attached:
            return {"initial"} if self._groups else set()
        return {self._states.get(group, {}).get(one.key, "initial") for group, one in self._attached[task.id]}

    def detach(self, task: RunningTask) -> None:
        """Drain it, and return when the time for that is over."""
        places = self._attached.get(task.id, [])
        if not places:
            return
        for group, member in places:
            drain(self._cloud, group, member)
        self._look()
        until = time.monotonic() + max(self._read_delay(group) for group, _ in places)
        while time.monotonic() < until and is_wanted(self._cloud.folder):
            time.sleep(0.2)
        for group, member in places:
            forget(self._cloud, group, member)
        self._look()

    def _ask(self, group: str) -> dict[str, str]:
        reported: dict[str, str] = {}
        for address in self._list_addresses(group):
            answer = tell(address, {"health": group})
            found = json.loads(answer) if answer and answer.startswith("{") else {}
            reported |= {key: state for key, (state, _) in found.items()}
        return reported

    def _look(self) -> None:
        for address in {one for group, _ in self._groups for one in self._list_addresses(group)}:
            tell(address, {"look": True})

    def _list_addresses(self, group: str) -> list[str]:
        found = (self._cloud.find(arn, BALANCER) for arn in sorted(set(find_balancers(self._cloud, group))))
        return [str(one.outputs["dnsName"]) for one in found if one]

    def _read_delay(self, group: str) -> float:
        thing = self._cloud.find(group, GROUP)
        delay = thing.inputs.get("deregistrationDelay") if thing else 0
        return float(_DELAY if delay is None else delay)
