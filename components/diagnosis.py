"""Why a container did not get healthy, in the words of the container itself.

The provider only says that it waited. The engine calls a hook when a create fails: it asks Docker
what the container printed and what its health check saw, before anybody has to look for it.
"""

import textwrap
from typing import Any

import docker
import docker.errors
import pulumi

_LINES = 15
# The first of these found in the log or the health check's words is what the user reads first.
_CAUSES = (
    ("ModuleNotFoundError", "a package is missing: name it in the requirements"),
    ("Failed to find attribute", "the entry names something that the module does not define: see the site's `entry`"),
    ("Failed to find application object", "the entry names something that the module does not define: see `entry`"),
    ("ImportError", "the application cannot be imported: its own traceback says why"),
    ("KeyError", "a variable may be missing: see the site's `environment` and portico:secrets"),
    ("Read-only file system", "the application writes to its own folder: only /tmp can be written"),
    ("Permission denied", "the application opens a file that its user may not open"),
    ("FileNotFoundError", "the application opens a file that is not in the image: see .dockerignore"),
    (
        "-> HTTP/1.1 400",
        "the application refuses the host name: see `hosts`, and SERVER_NAME or TRUSTED_HOSTS in Flask",
    ),
    ("-> HTTP/1.1 5", "the application answers its health path with an error: its log says why; see `health`"),
    ("Worker failed to boot", "the application fails while it is imported: its traceback says why"),
    ("-> no answer in time", "the application does not answer its health path in time"),
    ("-> no answer", "Gunicorn does not listen: its log says why"),
)


class Diagnosis:
    """An error hook for containers of one Docker engine; `engine` is its address, None for DOCKER_HOST."""

    def __init__(self, engine: str | None) -> None:
        self._engine = engine
        self._told: set[str] = set()
        hook = pulumi.ErrorHook("portico-diagnosis", self._explain)
        self.hooks = pulumi.ResourceHookBinding(on_error=[hook])

    def _explain(self, args: pulumi.ErrorHookArgs) -> bool:
        inputs: Any = args.new_inputs or {}
        labels = {label["label"]: label["value"] for label in inputs.get("labels") or []}
        told = f"{labels.get('portico.role')}/{labels.get('portico.site')}"
        # The replicas of one release fail alike: one of them says why.
        if args.failed_operation != "delete" and inputs.get("name") and told not in self._told:
            self._told.add(told)
            pulumi.log.error(describe(self._engine, str(inputs["name"]), args.name))
        return False


def describe(engine: str | None, container: str, resource: str) -> str:
    """What Docker knows of a failed container: cause, health check, exit code, last log lines."""
    try:
        client = docker.DockerClient(base_url=engine) if engine else docker.from_env()
        found = client.containers.get(container)
        state: dict[str, Any] = found.attrs["State"]
        log = found.logs(tail=_LINES).decode(errors="replace").strip()
    except docker.errors.DockerException as error:
        return f"{resource} failed, and Docker could not be asked why: {error}"
    checks = (state.get("Health") or {}).get("Log") or []
    seen = checks[-1]["Output"].strip().splitlines()[-1] if checks and checks[-1]["Output"].strip() else ""
    # Docker's own words for a check that it had to end.
    seen = seen.replace("Health check exceeded timeout", "The health check -> no answer in time")
    parts = [f"{resource} did not become healthy. It gets no request; the release before it keeps serving."]
    if state.get("OOMKilled"):
        parts.append("Likely cause: it ran out of memory; raise the site's gunicorn.memory.")
    elif checks and checks[-1].get("ExitCode") == 0:
        parts.append("Likely cause: it became healthy too late; raise healthTimeout, or see what it does at its start.")
    elif cause := next((text for sign, text in _CAUSES if sign in (seen if sign.startswith("->") else log)), None):
        parts.append(f"Likely cause: {cause}.")
    if seen:
        parts.append(f"Health check: {seen}")
    if not state.get("Running"):
        parts.append(f"It ended with exit code {state.get('ExitCode')}.")
    elif found.attrs.get("RestartCount"):
        parts.append(f"It was restarted {found.attrs['RestartCount']} times; last exit code {state.get('ExitCode')}.")
    parts.append("Its last log lines:\n" + textwrap.indent(log or "(it printed nothing)", "  "))
    return "\n".join(parts)
