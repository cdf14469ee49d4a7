"""The folder that a stack belongs to: the one of Pulumi.yaml, and what its files say without Pulumi."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from portico.cli.refused import Refused

# Where this code lies. It is a project itself where it is a checkout, with scripts that set everything up.
HOME: Final = Path(__file__).resolve().parents[1]


def find_root(start: Path | None = None) -> Path:
    """The folder of Pulumi.yaml: `start` (the working folder), one above it, or its `deploy`. Raises Refused."""
    here = start or Path.cwd()
    for folder in (here, *here.parents, here / "deploy"):
        if (folder / "Pulumi.yaml").is_file():
            return folder
    raise Refused(f"there is no Pulumi.yaml in {here} or its folder deploy; portico init writes one")


def is_checkout(root: Path) -> bool:
    """Whether the project is a checkout of Portico, which sets itself up."""
    return root.resolve() == HOME and (HOME / "scripts" / "setup.sh").is_file()


def list_stacks(root: Path) -> list[str]:
    """The names of the stacks that have a file."""
    return sorted(path.name.split(".", 1)[1].removesuffix(".yaml") for path in root.glob("Pulumi.*.yaml"))


def find_stack_file(root: Path, stack: str) -> Path:
    """Raises Refused where there is none."""
    names = list_stacks(root)
    if stack not in names:
        raise Refused(
            f"there is no environment '{stack}'; write Pulumi.{stack}.yaml, or choose one of: {' '.join(names)}"
        )
    return root / f"Pulumi.{stack}.yaml"


def read_yaml(file: Path) -> dict[str, Any]:
    """The mapping in a file, {} where it holds another thing. Raises Refused where it is no YAML."""
    # Most commands need it, and --help does not.
    from portico.config.document import read_document

    return _read(file, read_document)


def _read(file: Path, reader: Callable[[Path], dict[str, Any]]) -> dict[str, Any]:
    from portico.config.document import UnreadableDocument

    try:
        return reader(file)
    except OSError as error:
        raise Refused(f"{file.name} cannot be read: {error.strerror}") from None
    except UnreadableDocument as error:
        raise Refused(str(error)) from None


def read_config(root: Path, stack: str) -> dict[str, Any]:
    """The settings of a stack by their names, as they are written: nothing is checked, no secret is opened.

    The defaults of Pulumi.yaml are among them. For what must be known before the program runs.
    """
    found: dict[str, Any] = {}
    for key, reported in _take_config(root / "Pulumi.yaml").items():
        value = reported.get("value", reported.get("default")) if isinstance(reported, dict) else reported
        if value is not None:
            found[str(key).rpartition(":")[2]] = value
    for key, value in _take_config(find_stack_file(root, stack)).items():
        found[str(key).rpartition(":")[2]] = value
    return found


def _take_config(file: Path) -> dict[str, Any]:
    from portico.config.document import take_config

    return _read(file, take_config)


def read_target(root: Path, stack: str) -> str:
    """Where the stack runs: local, ssh, aws or ecs."""
    return str(read_config(root, stack).get("target") or "local")


def read_name(root: Path) -> str:
    """The project's name."""
    return str(read_yaml(root / "Pulumi.yaml").get("name"))


def load_environment(root: Path) -> None:
    """Take over what set-up wrote for a shell (`. .tools/env`): Pulumi's place, its home, Docker's address."""
    file = root / ".tools" / "env"
    if not file.is_file():
        return
    show = ["bash", "-c", '. "$1" && env -0', "-", str(file)]
    done = subprocess.run(show, check=True, capture_output=True, text=True)
    reported = dict(line.split("=", 1) for line in done.stdout.split("\0") if "=" in line)
    os.environ.update({key: value for key, value in reported.items() if key not in ("_", "SHLVL", "PWD", "OLDPWD")})
