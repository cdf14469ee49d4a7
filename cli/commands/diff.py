"""`portico diff`: the difference between NGINX's live files and those that an update would make live."""

from collections.abc import Iterator, Mapping
from difflib import unified_diff
from pathlib import Path
from typing import Any

import click

from portico.cli.deployed import Deployed
from portico.cli.engine import find_engine
from portico.cli.export import read_export
from portico.cli.options import example, stack_option
from portico.cli.project import find_root, load_environment
from portico.cli.pulumi import read_outputs
from portico.cli.refused import Refused
from portico.cli.spelling import spell
from portico.components.docker.live_files import read_tree
from portico.config.stack_plan import plan_stack
from portico.config.stackfile import UnreadableStack, read_stack
from portico.config.targets import find_target


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
    """The stack's earlier releases, from Pulumi's state; raises UnreadableStack."""
    try:
        return read_outputs(stack, root).get("history")
    except Refused as refusal:
        why = f"a site is pinned to an earlier release, and the history cannot be read: {refusal}"
        raise UnreadableStack(why) from None


def show(stack: str, root: Path) -> None:
    """Print the difference. Raises Refused, UnreadableStack, Mistakes, DockerException and OSError."""
    values = read_stack(root, stack)
    plan = plan_stack(root, stack, read_history(root, stack) if values.get("rollback") else None)
    if find_target(plan.settings).in_images():
        raise Refused(
            f"the files of the stack {stack} lie in images, since its target is ecs: `pulumi preview` says which "
            f"of them change, and {spell('render', stack, out='folder')} writes them all."
        )
    live = read_live(stack, root)
    if live is None:
        click.echo(f"Nothing of the stack {stack} is live; all its files would be new.")
        return
    lines = list(compare(live, plan.render().files))
    if not lines:
        click.echo(f"Nothing differs: the stack {stack} serves exactly these files.")
    click.echo("".join(lines), nl=False)


@click.command(epilog=example("portico diff -s prod"))
@stack_option
def command(stack: str) -> None:
    """Show how NGINX's live files differ from what up would make live."""
    root = find_root()
    load_environment(root)
    show(stack, root)
