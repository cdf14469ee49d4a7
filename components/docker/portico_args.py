"""What is known of a stack before any of its resources is made."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pulumi

from portico.components.docker.data_volumes import DataDisk
from portico.components.docker.engine_client import Engine
from portico.components.services.managed import Managed
from portico.config.load import Stack


@dataclass(frozen=True, kw_only=True)
class PorticoArgs:
    """`stack` is everything that the stack file says; `root` the folder of Pulumi.yaml.

    `previous` are the outputs of the last good update. `hooks` are informed of everything that fails.
    `engine` is the one that the provider talks to, None where it does not run yet: then nothing is there.
    `watch` is the one that is asked at the end of an update: a machine that is only being made is there by then.
    `resources` are those that the last update left (components/previous_outputs.py).
    `builder` names where images are built. `place` is part of what things on a machine are called that may be replaced.
    `disk` is where data lies on such a machine; None where it stays with the machine's own disk. `serving` is the
    engine of the one that it takes the place of, as long as visitors are sent there.
    `managed` are the services that AWS runs, None where it runs none.
    """

    stack: Stack
    root: Path = field(default_factory=Path)
    previous: Mapping[str, Any] = field(default_factory=dict)
    hooks: pulumi.ResourceHookBinding | None = None
    engine: Engine | None = None
    watch: Engine | None = None
    resources: Mapping[str, Any] = field(default_factory=dict)
    builder: pulumi.Input[str] | None = None
    place: str = ""
    disk: DataDisk | None = None
    serving: Engine | None = None
    managed: Managed | None = None
