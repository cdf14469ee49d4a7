"""Why a container did not become healthy or an image was not built, from its own output.

The provider only says that it waited. The engine calls a hook when a create fails, which asks Docker
what the container printed and what its health check saw, before anybody has to look for it.
"""

import textwrap
from typing import Any
from urllib.parse import urlsplit

import docker.errors
import pulumi

from portico.components.docker.build_log import describe_build
from portico.components.docker.engine_client import Engine
from portico.components.scope import name_resource
from portico.config.messages.last_lines import take_last
from portico.config.messages.replica_causes import Evidence, rank_causes

# Lines that are shown, and lines that are read: a traceback is longer than is useful to show.
_LINES, _READ = 15, 200

_LITTLE = 100 * 2**20  # bytes; no build ends well with so few left
_FULL = (
    "The disk of the Docker engine is full. What served before keeps serving.\n"
    "Free disk space, then run this again: `docker system df` shows what takes it, and `docker builder prune` and "
    "`docker image prune` free what no container and no rollback needs."
)
# What the provider says where ssh has ended, among much else, and what that means.
_CUT = "system dial-stdio] has exited"
_KEEPS = "It gets no request; what served before keeps serving."
_LOST = (
    "{machine} was lost in the middle of this update: nothing answers over SSH any more. NGINX there goes on serving: "
    "what was live, or the new release if the switch to it had already passed its checks.\n"
    "Run this again once the machine can be reached; it finishes what is left."
)
# What the provider says where the engine itself has ended.
_ENDED = ("Cannot connect to the Docker daemon", "unexpected EOF")
_GONE = (
    "The Docker engine went away in the middle of this update, as when it or its machine restarts. What served before "
    "serves again when it is back.\n"
    "Run this again then: it finishes what is left. A release command that was cut does not count as done, and runs "
    "again."
)


class Diagnosis:
    """An error hook for images and containers of one Docker engine."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._reported: set[str] = set()
        hook = pulumi.ErrorHook(name_resource("portico-diagnosis"), self._explain)
        self.hooks = pulumi.ResourceHookBinding(on_error=[hook])

    def _explain(self, args: pulumi.ErrorHookArgs) -> bool:
        if any(_CUT in error for error in args.errors):
            return self._tell_once(_LOST.format(machine=urlsplit(self._engine.address or "").hostname))
        if any(sign in error for error in args.errors for sign in _ENDED):
            return self._tell_once(_GONE)
        if self._lacks_space(args):
            return self._tell_once(_FULL)
        inputs: Any = args.new_inputs or {}
        if args.failed_operation == "create" and inputs.get("build"):
            if said := describe_build(inputs, args.name):
                pulumi.log.error(said)
            return False
        labels = {label["label"]: label["value"] for label in inputs.get("labels") or []}
        reported = f"{labels.get('portico.role')}/{labels.get('portico.site')}"
        # The replicas of one release fail alike: one of them says why. Those that start are judged by the switch.
        failed = args.failed_operation != "delete" and labels.get("portico.role") == "gunicorn"
        if failed and inputs.get("name") and reported not in self._reported:
            self._reported.add(reported)
            pulumi.log.error(describe(self._engine, str(inputs["name"]), args.name))
        return False

    def _tell_once(self, said: str) -> bool:
        if said not in self._reported:
            self._reported.add(said)
            pulumi.log.error(said)
        return False

    def _lacks_space(self, args: pulumi.ErrorHookArgs) -> bool:
        if any("no space left on device" in error for error in args.errors):
            return True
        if not args.type.endswith(":RemoteImage"):
            return False
        # A command of a build says it in the build's output, which the provider does not repeat.
        return self._engine.count_free() < _LITTLE


def tell_full(engine: Engine | None) -> str:
    """A message where the disk of the engine is full, else "": a container may have had no space for its output."""
    return _FULL if engine and engine.count_free() < _LITTLE else ""


def describe(
    engine: Engine | None,
    container: str,
    resource: str,
    why: str = "",
    keeps: str = _KEEPS,
    *,
    what: str = "did not become healthy",
    lines: int = _LINES,
) -> str:
    """What Docker knows of a failed container: causes, health check, exit code, last `lines` of its log.

    `why` is what the switch saw, `keeps` what serves instead, `what` says how it failed.
    """
    parts = [f"{resource} {what}. {keeps}"]
    if engine is None:
        return "\n".join([*parts, why])
    try:
        client = engine.connect()
        found = client.containers.get(container)
        log = found.logs(tail=_READ).decode(errors="replace").strip()
    except (docker.errors.DockerException, OSError) as error:
        return f"{resource} failed, and Docker could not be asked why: {error}"
    evidence = read_evidence(found.attrs, log)
    parts += _list_causes(evidence)
    if why:
        parts.append(f"Portico stopped waiting for it: {why}.")
    if evidence.health:
        parts.append(f"Health check: {evidence.health}")
    if not found.attrs["State"].get("Running"):
        parts.append(f"It ended with exit code {evidence.exit_code}.")
    elif evidence.restarts:
        times = "once" if evidence.restarts == 1 else f"{evidence.restarts} times"
        # While it runs again, Docker has forgotten the code that it ended with: then it says 0.
        known = evidence.exit_code or found.attrs["State"].get("Restarting")
        parts.append(f"It was restarted {times}{f'; last exit code {evidence.exit_code}' if known else ''}.")
    shown = take_last(log, lines)
    parts.append("Its last log lines:\n" + textwrap.indent(shown or "(it printed nothing)", "  "))
    return "\n".join(parts)


def read_evidence(attrs: dict[str, Any], log: str) -> Evidence:
    """What `docker inspect` and the log tell about the causes."""
    state: dict[str, Any] = attrs["State"]
    config: dict[str, Any] = attrs.get("Config") or {}
    checks = (state.get("Health") or {}).get("Log") or []
    seen = checks[-1]["Output"].strip().splitlines()[-1] if checks and checks[-1]["Output"].strip() else ""
    variables = dict(line.partition("=")[::2] for line in config.get("Env") or [])
    return Evidence(
        site=str((config.get("Labels") or {}).get("portico.site", "")),
        # What Docker itself says, such as that there is no such program.
        log="\n".join(part for part in (log, str(state.get("Error") or "")) if part),
        # Docker's own words for a check that it had to end.
        health=seen.replace("Health check exceeded timeout", "The health check -> no answer in time"),
        passed=bool(checks) and checks[-1].get("ExitCode") == 0,
        oom=bool(state.get("OOMKilled")),
        exit_code=state.get("ExitCode"),
        restarts=int(attrs.get("RestartCount") or 0),
        address=variables.get("PORTICO_ADDRESS", ""),
    )


def _list_causes(evidence: Evidence) -> list[str]:
    causes = rank_causes(evidence)
    if len(causes) < 2:
        return [f"Likely cause: {cause}." for cause in causes]
    return ["Likely causes, the first one first:", *(f"  {n}. {cause}." for n, cause in enumerate(causes, 1))]
