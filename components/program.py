"""The whole program of a stack that holds nothing but Portico."""

import pulumi

from portico.components.deploy import deploy
from portico.components.previous_outputs import read_previous
from portico.components.project import find_root
from portico.components.shutdown import end_quietly
from portico.components.state_disk import require_disk_space
from portico.config.load import load


def run() -> None:
    """Bring the stack live on the target that its configuration names, and export its outputs."""
    end_quietly()
    root = find_root()
    require_disk_space(root)
    previous = read_previous()
    stack = load(root, previous.get("history"))
    live = deploy(stack, root, previous)
    for name, value in live.outputs.items():
        pulumi.export(name, value)
