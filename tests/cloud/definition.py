"""The inputs of a definition, as a test of the double writes one."""

import json
from collections.abc import Mapping
from typing import Any


def define(*containers: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    """The inputs of a definition, whose containers have images."""
    return {
        "family": "web",
        "networkMode": "awsvpc",
        "requiresCompatibilities": ["FARGATE"],
        "cpu": "256",
        "memory": "512",
        "containerDefinitions": json.dumps([{"image": "web", **one} for one in containers]),
        **more,
    }
