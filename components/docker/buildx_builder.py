"""Where images are built: on the engine that the provider talks to.

The part of the plugin that builds takes no notice of the provider's own settings: it goes to DOCKER_HOST or the usual
socket, unless a builder is named. Builders are files in the folder of Docker's command; one that names no driver is
the engine at its address.
"""

import hashlib
import json
import os
from pathlib import Path

import pulumi

from portico.components.docker.engine_client import Engine
from portico.components.shutdown import at_end


def name_builder(engine: Engine, stack: str) -> str | None:
    """The name of the builder that is this engine, for as long as the program runs; None where the plugin finds it."""
    endpoint = engine.endpoint
    if endpoint is None:
        return None
    where = f"{engine.address} {Path.cwd()} {stack}"
    name = f"portico-{hashlib.sha256(where.encode()).hexdigest()[:12]}"
    if not pulumi.runtime.is_dry_run():
        file = _find_folder() / name
        _write(file, {"Name": name, "Driver": "", "Nodes": [{"Name": f"{name}0", "Endpoint": endpoint}]})
        at_end(lambda: file.unlink(missing_ok=True))
    return name


def _find_folder() -> Path:
    """Where Docker's command keeps its builders."""
    reported = os.environ.get("BUILDX_CONFIG")
    return Path(reported or Path(os.environ.get("DOCKER_CONFIG") or Path.home() / ".docker") / "buildx") / "instances"


def _write(file: Path, builder: dict[str, object]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    partial = file.with_name(f".{file.name}.{os.getpid()}")
    partial.write_text(json.dumps(builder))
    partial.rename(file)
