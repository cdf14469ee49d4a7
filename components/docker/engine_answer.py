"""Whether the Docker engine that the settings name answers at all: asked before anything is changed."""

import os
from typing import Final

import pulumi

from portico.components.docker.engine_client import Engine
from portico.config.printable import spell_printable

_USUAL: Final = "unix:///var/run/docker.sock"
# What the operating system says, by the words of it that stand in whatever Docker's client makes of it.
_CAUSES: Final = {
    "No such file": "there is no such socket",
    "Permission denied": "this user may not open it (`sudo usermod -aG docker $USER`, then log in again)",
    "Connection refused": "nothing listens there",
    "Name or service not known": "that name has no address",
    "timed out": "there was no answer in time",
}


def require_answer(engine: Engine) -> None:
    """Raise pulumi.RunError where no engine answers; a preview, which needs none, warns instead. It takes about 10 ms.

    Without it the provider's first try would be the first that anybody notices of it, with half of the stack's other
    resources made.
    """
    import docker.errors

    try:
        engine.connect().ping()
    except (docker.errors.DockerException, OSError) as error:
        said = _describe(engine.address or os.environ.get("DOCKER_HOST") or _USUAL, str(error))
        if not pulumi.runtime.is_dry_run():
            raise pulumi.RunError(f"{said}; nothing was changed.") from None
        pulumi.log.warn(f"{said}. The preview compares with what is recorded, and an update would be refused.")


def _describe(address: str, error: str) -> str:
    cause = next((said for sign, said in _CAUSES.items() if sign in error), "")
    where = f"docker: no Docker engine answers at {spell_printable(address)}{': ' * bool(cause)}{cause}"
    return f"{where}. Start it there, or write its address as `docker context inspect` shows it"
