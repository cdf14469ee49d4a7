"""A stack on ECS for the tests."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from portico.config.plan import make_plan
from portico.config.settings import Ecs
from portico.config.targets.ecs import FleetSite, make_fleet
from tests.config.sample import make_site, make_values

CERTIFICATE = "arn:aws:acm:eu-central-1:123456789012:certificate/0a1b2c3d-0a1b-2c3d-4e5f-0a1b2c3d4e5f"
ZONE = "Z0123456789ABCDEFGHIJ"


def make_section(**changes: Any) -> dict[str, Any]:
    """The values of the section, as in a stack file; None leaves a key out."""
    section = {"region": "eu-central-1"} | changes
    return {key: value for key, value in section.items() if value is not None}


def make_ecs_values(*sites: Any, section: Mapping[str, Any] | None = None, **changes: Any) -> dict[str, Any]:
    """The values of a stack on ECS, as in a stack file."""
    own = {"target": "ecs", "ecs": make_section() if section is None else dict(section)}
    return make_values(*(sites or (make_site(),)), **{**own, **changes})


def read_ecs(**changes: Any) -> Ecs:
    """The checked section."""
    return Ecs.model_validate_json(json.dumps(make_section(**changes)))


def plan_fleet(root: Path, *sites: Any, **changes: Any) -> tuple[FleetSite, ...]:
    """The sites of such a stack; `root` holds the folders that they name."""
    return make_fleet(make_plan(make_ecs_values(*sites, **changes), root))
