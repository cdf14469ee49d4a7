"""Which targets are healthy: asked again and again, each at its own time."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Final

from tests.cloud.plugin.balancer.members import Member
from tests.cloud.plugin.balancer.message import Head, Malformed
from tests.cloud.plugin.balancer.routing import Group

_DEFAULTS: Final[Mapping[str, Any]] = {
    "healthyThreshold": 3,
    "unhealthyThreshold": 3,
    "interval": 30,
    "timeout": 5,
    "path": "/",
    "port": "traffic-port",
    "matcher": "200",
}


class Health:
    """What is known of each target: `initial`, `healthy` or `unhealthy`, and why."""

    def __init__(self) -> None:
        self._states: dict[tuple[str, str], tuple[str, str]] = {}
        self._checks: dict[tuple[str, str], asyncio.Task[None]] = {}
        self._groups: Mapping[str, Group] = {}

    def follow(self, groups: Mapping[str, Group]) -> None:
        """Ask those that are registered now, and nobody else."""
        self._groups = groups
        wanted = {(group.id, one.key): one for group in groups.values() for one in group.members if not one.draining}
        for key in self._checks.keys() - wanted.keys():
            self._checks.pop(key).cancel()
            self._states.pop(key, None)
        for key in wanted.keys() - self._checks.keys():
            self._states[key] = ("initial", "Elb.RegistrationInProgress")
            self._checks[key] = asyncio.create_task(self._watch(key[0], wanted[key]))

    def tell(self, group: str) -> dict[str, tuple[str, str]]:
        """The state of each target of a group, and why, by its address and port."""
        known = {key[1]: state for key, state in self._states.items() if key[0] == group}
        members = self._groups[group].members if group in self._groups else ()
        return {one.key: known.get(one.key, ("draining", "Target.DeregistrationInProgress")) for one in members}

    def choose(self, group: Group) -> list[Member]:
        """Those that get requests: the healthy ones, or all where none is, as the balancer then fails open."""
        reported = self.tell(group.id)
        there = [one for one in group.members if not one.draining]
        healthy = [one for one in there if reported[one.key][0] == "healthy"]
        return healthy or [one for one in there if reported[one.key][0] == "unhealthy"]

    async def _watch(self, id: str, member: Member) -> None:
        # One good answer is enough for a new target; after that it takes as many as the settings say.
        good = bad = 0
        while True:
            group = self._groups[id]
            check = {**_DEFAULTS, **group.check}
            why = await _ask(group, member, check)
            good, bad = (good + 1, 0) if why is None else (0, bad + 1)
            before = self._states[id, member.key][0]
            if why is None and (before == "initial" or good >= check["healthyThreshold"]):
                self._states[id, member.key] = ("healthy", "")
            elif why is not None and bad >= check["unhealthyThreshold"]:
                self._states[id, member.key] = ("unhealthy", why)
            elif why is not None and before == "initial":
                self._states[id, member.key] = ("initial", why)
            await asyncio.sleep(check["interval"])


async def _ask(group: Group, member: Member, check: Mapping[str, Any]) -> str | None:
    """One check; None where the answer is good, else what AWS calls the reason."""
    port = member.port if check["port"] == "traffic-port" else int(check["port"])
    try:
        async with asyncio.timeout(check["timeout"]):
            if port not in group.open[member.address]:
                # Security groups drop what they do not let through.
                await asyncio.sleep(check["timeout"] + 1)
            status = await _get(member.address, port, check["path"])
    except TimeoutError:
        return "Target.Timeout"
    except (OSError, Malformed):
        return "Target.FailedHealthChecks"
    return None if _matches(status, str(check["matcher"])) else f"Target.ResponseCodeMismatch: {status}"


async def _get(address: str, port: int, path: str) -> int:
    reader, writer = await asyncio.open_connection(address, port)
    try:
        fields = (("Host", f"{address}:{port}"), ("User-Agent", "ELB-HealthChecker/2.0"), ("Connection", "close"))
        writer.write(Head(start=("GET", path, "HTTP/1.1"), fields=fields).write())
        await writer.drain()
        head = await Head.read(reader)
        if head is None or not head.start[1].isdigit():
            raise Malformed("no answer")
        return int(head.start[1])
    finally:
        with suppress(OSError):
            writer.close()


def _matches(status: int, matcher: str) -> bool:
    """`200`, `200,204` or `200-299`."""
    for part in matcher.split(","):
        low, _, high = part.strip().partition("-")
        if int(low) <= status <= int(high or low):
            return True
    return False
