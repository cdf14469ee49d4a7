"""Shows the difference between NGINX's live files and those that `make up` would make live: diff.py ENV."""

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from difflib import unified_diff
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from docker.errors import DockerException  # noqa: E402

from portico.components.docker.live_files import read_tree  # noqa: E402
from portico.config.plan import make_plan  # noqa: E402
from portico.config.settings import Mistakes  # noqa: E402
from portico.config.stackfile import UnreadableStack, read_stack  # noqa: E402
from scripts.deployed import Deployed, Refused, read_export  # noqa: E402
from scripts.engine import find_engine  # noqa: E402


def read_live(stack: str, root: Path) -> dict[str, str] | None:
    """The files that the stack's edge serves, from its volume; None where there is no edge or no tree yet."""
    export = read_export(stack, root)
    if find_engine(export) is None:
        return None
    edges = Deployed.of(stack, export).list_containers(role="nginx")
    # While an edge is replaced there may be two: the running one serves.
    for edge in sorted(edges, key=lambda found: found.status != "running"):
        if (files := read_tree(edge)) is not None:
            return files
    return None


def compare(live: Mapping[str, str], planned: Mapping[str, str]) -> Iterator[str]:
    """The unified diff, as lines with their ends."""
    for path in sorted({*live, *planned}):
        before, after = live.get(path), planned.get(path)
        names = (f"live/{path}" if path in live else "/dev/null", f"new/{path}" if path in planned else "/dev/null")
        for line in unified_diff((before or "").splitlines(True), (after or "").splitlines(True), *names):
            yield line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"


def read_history(root: Path, stack: str) -> Any:
    """The stack's past releases, from Pulumi's state; raises UnreadableStack."""
    command = [
        "pulumi",
        "stack",
        "output",
        "history",
        "--json",
        "--show-secrets",
        "--non-interactive",
        "--stack",
        stack,
    ]
    try:
        return json.loads(subprocess.run(command, cwd=root, check=True, capture_output=True, text=True).stdout)
    except FileNotFoundError:
        why = "pulumi is not installed here: make setup"
    except subprocess.CalledProcessError as error:
        why = error.stderr.strip()
    raise UnreadableStack(f"a site is held at a past release, and the history cannot be read: {why}")


def main(stack: str = "dev", *, root: Path = ROOT) -> int:
    try:
        values = read_stack(root, stack)
        plan = make_plan(values, root, read_history(root, stack) if values.get("rollback") else None)
        if plan.settings.target == "ecs":
            raise Refused(
                f"the files of the stack {stack} lie in images, since its target is ecs: `pulumi preview` says which "
                f"of them change, and make render ENV={stack} OUT=folder writes them all."
            )
        live = read_live(stack, root)
    except (UnreadableStack, Mistakes, Refused) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except (DockerException, OSError) as error:
        print(f"error: Docker could not be asked what is live: {error}", file=sys.stderr)
        return 1
    if live is None:
        print(f"Nothing of the stack {stack} is live; all its files would be new.")
        return 0
    lines = list(compare(live, plan.render().files))
    if not lines:
        print(f"Nothing differs: the stack {stack} serves exactly these files.")
    sys.stdout.writelines(lines)
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
