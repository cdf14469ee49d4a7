"""What every command on a stack does first: find it, set up what is missing, fix its state."""

import os
import sys
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from portico.cli.caller import enter
from portico.cli.project import find_root, find_stack_file, is_checkout, load_environment, read_target, read_yaml
from portico.cli.refused import Refused
from portico.cli.set_up import run_set_up
from portico.cli.torn_state import fix_all


@dataclass(frozen=True)
class Place:
    """A stack, and the folder of its project."""

    root: Path
    stack: str

    @property
    def logs(self) -> Path:
        """Where long output goes."""
        return self.root / ".tools" / "logs"


def prepare(stack: str) -> Place:
    """The stack, ready to be worked on. Raises Refused.

    In a checkout what is missing is installed; elsewhere that is `portico setup`.
    """
    root = find_root()
    require_passphrase(root, stack)
    set_up(root, stack)
    # Each thing that is done at the same time is a session; most SSH servers take ten on one connection.
    if read_target(root, stack) != "local":
        os.environ.setdefault("PULUMI_PARALLEL", "8")
    enter(root)
    for line in fix_all(root / ".state"):
        print(line)
    return Place(root, stack)


def require_passphrase(root: Path, stack: str) -> None:
    """Raises Refused where there is no such stack, or where its secrets need what only its user knows."""
    file = find_stack_file(root, stack)
    # The secrets of dev are nobody's; those of the other stacks need a passphrase that only you know.
    reported = os.environ.get("PULUMI_CONFIG_PASSPHRASE") or os.environ.get("PULUMI_CONFIG_PASSPHRASE_FILE")
    document = read_yaml(file)
    if document.get("encryptionsalt") and "PULUMI_CONFIG_PASSPHRASE" in os.environ:
        # An empty one may open this stack. It makes no new one: a variable that a script failed to fill is empty.
        return
    provider = str(document.get("secretsprovider") or "passphrase")
    if stack == "dev" or reported or not provider.startswith("p"):
        return
    if document.get("encryptionsalt"):
        raise Refused(
            f"the stack '{stack}' keeps secrets; set PULUMI_CONFIG_PASSPHRASE or PULUMI_CONFIG_PASSPHRASE_FILE "
            "to its passphrase"
        )
    empty = "; the one that is set is empty, which protects nothing" if "PULUMI_CONFIG_PASSPHRASE" in os.environ else ""
    raise Refused(
        f"the stack '{stack}' is new, and Pulumi encrypts its secrets with a passphrase: "
        f"choose one, keep it, and set PULUMI_CONFIG_PASSPHRASE or PULUMI_CONFIG_PASSPHRASE_FILE to it{empty}"
    )


def set_up(root: Path, stack: str) -> None:
    """Install what a checkout lacks, and take its environment over. What set-up says of a failure stands alone."""
    # Most commands ask Docker next, and reading its package takes as long as a set-up with nothing to do.
    if is_checkout(root) and (code := run_set_up(stack, meanwhile=lambda: import_module("docker"))):
        sys.exit(code)
    load_environment(root)
    if not is_checkout(root):
        # A project of its own names no environment: Pulumi takes the Python that it finds first.
        os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
    # The passphrase of the stack dev is empty and everybody's.
    if stack == "dev" and not os.environ.get("PULUMI_CONFIG_PASSPHRASE_FILE"):
        os.environ.setdefault("PULUMI_CONFIG_PASSPHRASE", "")
