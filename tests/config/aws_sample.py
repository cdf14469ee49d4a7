"""The section `aws` of a stack for the tests."""

import json
from typing import Any

from portico.config.settings import Aws
from tests.config.sample import make_site, make_values

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAILyPanceixqZUIVLDot/0hw3LR0twup61rzmEvDAGtDB you@example"
AMI = "ami-0123456789abcdef0"


def make_section(**changes: Any) -> dict[str, Any]:
    """The values of the section, as in a stack file; None leaves a key out."""
    section = {"region": "eu-central-1", "ami": AMI, "keys": [KEY]} | changes
    return {key: value for key, value in section.items() if value is not None}


def make_aws_values(section: dict[str, Any] | None = None, **changes: Any) -> dict[str, Any]:
    """The values of a stack on AWS, as in a stack file."""
    found = {"target": "aws", "aws": make_section() if section is None else section, "address": "0.0.0.0", "port": 80}
    return make_values(make_site(), **{**found, **changes})


def read_aws(**changes: Any) -> Aws:
    """The checked section."""
    return Aws.model_validate_json(json.dumps(make_section(**changes)))
