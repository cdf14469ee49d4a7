"""The state of a stack, as `pulumi stack export` tells it."""

import json
from pathlib import Path

from portico.cli.engine import Export
from portico.cli.holder import find_state, is_new
from portico.cli.pulumi import call
from portico.cli.refused import Refused


def read_export(stack: str, root: Path | None = None) -> Export:
    """The stack's state, {} where there is no such stack. Raises Refused."""
    if (file := find_state(stack, root)) is not None:
        # Half a second less than Pulumi needs to say the same.
        return {"deployment": json.loads(file.read_text()).get("checkpoint", {}).get("latest") or {}}
    if is_new(stack, root):
        return {}
    done = call("stack", "export", "--stack", stack, root=root)
    if done.returncode and "no stack named" in done.stderr:
        return {}
    if done.returncode:
        raise Refused(f"the state of the stack {stack} cannot be read: {done.stderr.strip()}")
    export: Export = json.loads(done.stdout)
    return export
