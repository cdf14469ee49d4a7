"""Whether a machine has the memory that a container may take."""

from typing import Final

import docker.errors
import pulumi

from portico.components.docker.engine_client import Engine
from portico.config.settings import Settings
from portico.config.settings.quantity import Size
from portico.config.targets.docker import list_limits

_WHOLE: Final = 2**30


def require_possible(settings: Settings, engine: Engine | None) -> None:
    """Raise pulumi.RunError where a limit of memory is above what the machine has: it would limit nothing.

    A machine that is sold with 1 GB shows less to Docker, for its kernel keeps some: so what it has is rounded up to a
    whole GiB. The sum of the limits is not checked, since few containers take all that they may. Where no engine
    can be asked, nothing is said.
    """
    limits = [(path, limit) for path, limit in list_limits(settings) if limit.bytes > _WHOLE]
    if engine is None or not limits:
        # No machine has less than a whole one.
        return
    try:
        there = int(engine.connect().info().get("MemTotal") or 0)
    except (docker.errors.DockerException, OSError):
        return
    most = Size(-(-there // _WHOLE) * _WHOLE)
    lines = [f"  {path}: {limit}" for path, limit in limits if there and limit > most]
    if lines:
        wrong = "\n".join(lines)
        raise pulumi.RunError(
            f"A limit of memory is above the {most} that the machine has, so it would limit nothing; nothing was "
            f"changed. Lower these limits, or take a larger machine.\n{wrong}"
        )
