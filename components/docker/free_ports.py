"""Whether the address and the ports that a stack wants are free: asked before anything is changed."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

import pulumi

from portico.components.docker.engine_client import Engine
from portico.components.docker.machine_view import View, look
from portico.components.scope import name_owner
from portico.config.public_address import Binding, Public, spell_address
from portico.config.settings import Settings

_PROJECT, _STACK = "portico.project", "portico.stack"
_NEAR = 100  # ports that are looked through for another one


@dataclass(frozen=True)
class Published:
    """A container and the ports of its machine that lead to it. `stack` is the one that it belongs to, "" for none."""

    name: str
    project: str
    stack: str
    bindings: frozenset[Binding]

    def __str__(self) -> str:
        return f"the container {self.name}" + (f" of the stack {self.stack}" if self.stack else "")


def require_vacant(engine: Engine | None, settings: Settings) -> None:
    """Refuse with pulumi.RunError an address that the machine has not, and ports that somebody else has there.

    What the stack's own containers have is its own. Nothing is refused where the engine cannot be asked: who needs it
    says so. It takes about 50 ms here, and is done after one question where the ports are the stack's already.
    """
    import docker.errors

    if engine is None:
        return
    try:
        client = engine.connect()
        found = [read_published(listed) for listed in client.api.containers()]
        mine = (name_owner(), pulumi.get_stack())
        own = {binding for one in found if (one.project, one.stack) == mine for binding in one.bindings}
        wanted = [binding for binding in Public.of(settings).list_bindings() if binding not in own]
        view = look(engine, client) if wanted else None
    except (docker.errors.DockerException, OSError):
        return
    others = [one for one in found if (one.project, one.stack) != mine]
    if lines := list(_Judge(settings, own, others, view).list_obstacles(wanted)):
        reported = "\n".join(f"  {line}" for line in dict.fromkeys(lines))
        raise pulumi.RunError(f"NGINX cannot be published where the settings say; nothing was changed.\n{reported}")


def read_published(listed: dict[str, Any]) -> Published:
    """From what the engine lists of a container that runs."""
    labels = listed.get("Labels") or {}
    return Published(
        name=str((listed.get("Names") or ["?"])[0]).removeprefix("/"),
        project=labels.get(_PROJECT, ""),
        stack=labels.get(_STACK, ""),
        bindings=frozenset(
            Binding(spell_address(port.get("IP") or "0.0.0.0"), port["PublicPort"], port["Type"])
            for port in listed.get("Ports") or []
            if port.get("PublicPort") and port.get("Type") in ("tcp", "udp")
        ),
    )


@dataclass(frozen=True)
class _Judge:
    settings: Settings
    own: Collection[Binding]
    others: Collection[Published]
    view: View | None

    def list_obstacles(self, wanted: Collection[Binding]) -> Iterator[str]:
        address = self.settings.address
        if wanted and self.view and not self.view.machine.has(address):
            known = [*self.view.machine.list_addresses(), "127.0.0.1"]
            yield (
                f"portico:address: {address} is not an address of {self._machine}; write one that it has "
                f"({', '.join(known)}), or 0.0.0.0 for all of them"
            )
            return
        for binding in wanted:
            if holder := self._find_holder(binding):
                yield self._explain(binding, *holder)

    def _find_holder(self, binding: Binding) -> tuple[str, str] | None:
        """Who has what this would take, and what can be done about that."""
        for other in self.others:
            if any(binding.meets(theirs) for theirs in other.bindings):
                return str(other), "stop that container"
        if not self.view:
            return None
        # What is published for our own containers is opened by a program of the engine.
        met = [one for one in self.view.machine.listeners if binding.meets(one.binding) and one.binding not in self.own]
        known = next(filter(None, (self.view.find_program(one.inode) for one in met)), None)
        if not met or all(one.binding.address == "::" for one in met):
            # A program on :: may have left IPv4 to others. Our own ports are in the way of a trial, though.
            free = None if any(map(binding.meets, self.own)) else self.view.can_bind(binding)
            if free or (free is None and not met):
                return None
        return (known, "end that program") if known else ("another program", "end that one")

    def _explain(self, binding: Binding, holder: str, remedy: str) -> str:
        settings, tls = self.settings, self.settings.tls
        same = any((one.port, one.protocol) == (binding.port, binding.protocol) for one in self.own)
        name = f"{binding.protocol.upper()} port" if binding.protocol == "udp" else "port"
        at = "" if self.settings.target == "local" else f" on {self._machine}"
        reported = f"{name} {binding.port} of {settings.address} is taken{at} by {holder}; {remedy}"
        if same:
            return f"portico:address: {reported}, or write another address"
        if settings.target == "aws":
            return f"portico:{'tls.' if tls and binding.port == tls.port else ''}port: {reported}"
        free = self._find_free(binding)
        other = f", such as {free}" if free else ""
        if binding.protocol == "udp":
            return f"portico:tls.http3: {reported}, or write false, or another portico:tls.port{other}"
        return f"portico:{'tls.' if tls and binding.port == tls.port else ''}port: {reported}, or write another{other}"

    def _find_free(self, binding: Binding) -> int | None:
        """A port that nobody is seen to have, near this one, or where everybody may listen."""
        first = binding.port + (1 if binding.port >= 1024 else 8000)
        taken = [
            *Public.of(self.settings).list_bindings(),
            *self.own,
            *(one for other in self.others for one in other.bindings),
            *(one.binding for one in (self.view.machine.listeners if self.view else ())),
        ]
        # HTTPS and HTTP/3 share a number.
        return next(
            (port for port in range(first, min(first + _NEAR, 65536)) if not any(one.port == port for one in taken)),
            None,
        )

    @property
    def _machine(self) -> str:
        return self.settings.ssh.host if self.settings.ssh else "the VM" if self.settings.aws else "this machine"
