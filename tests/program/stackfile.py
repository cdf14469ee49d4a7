"""The configuration of a stack as Pulumi's command line would hand it to the program."""

import json
import runpy
from pathlib import Path
from typing import Any

import yaml
from pulumi.runtime.settings import SETTINGS

ROOT = Path(__file__).parents[2]
# Those on Docker, by the machine that it runs on; and all.
STACKS = ("dev", "staging", "prod")
EVERY = (*STACKS, "ecs")


def read_project() -> dict[str, Any]:
    """Pulumi.yaml."""
    project: dict[str, Any] = yaml.safe_load((ROOT / "Pulumi.yaml").read_text())
    return project


def merge_values(stack: str) -> dict[str, Any]:
    """Pulumi.yaml's defaults below what the stack's own file says, without the project's prefix."""
    declared = read_project()["config"]
    defaults = {key: entry["default"] for key, entry in declared.items() if "default" in entry}
    own = yaml.safe_load((ROOT / f"Pulumi.{stack}.yaml").read_text())["config"]
    return {key.removeprefix("portico:"): value for key, value in (defaults | own).items()}


def spell_config(values: dict[str, Any]) -> dict[str, str]:
    """The texts that the program receives: a text as it is, everything else as JSON."""
    return {f"portico:{key}": v if isinstance(v, str) else json.dumps(v) for key, v in values.items()}


def run_program(home: Path) -> None:
    """Run __main__.py of the project in the folder `home`, as Pulumi does."""
    SETTINGS.root_directory = str(home)
    runpy.run_path(str(home / "__main__.py"), run_name="__main__")
