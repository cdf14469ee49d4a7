"""`portico ci`: workflows for GitHub and GitLab, and what a stack needs for them."""

import os
import subprocess
from pathlib import Path

import click

from portico.cli.options import example, stack_option
from portico.cli.project import find_root, find_stack_file, read_config, read_yaml
from portico.cli.refused import Refused
from portico.cli.screen import tell
from portico.cli.workflows import FORGES, Workflows, find_wrong


@click.group(epilog=example("portico ci init -s prod --for gitlab"))
def command() -> None:
    """Write workflows for GitHub or GitLab, and check a stack for them."""


@command.command(epilog=example("portico ci init -s prod --for github --branches"))
@stack_option
@click.option("--for", "forge", type=click.Choice(list(FORGES)), default="github", show_default=True)
@click.option("--branch", default="main", show_default=True, help="The branch that is deployed.")
@click.option(
    "--branches", is_flag=True, help="Make an environment for each merge request, and remove it with the request."
)
def init(stack: str, forge: str, branch: str, branches: bool) -> None:
    """Write a workflow that previews a request and deploys a merge. Nothing is overwritten."""
    root = find_root().resolve()
    find_stack_file(root, stack)
    done = subprocess.run(
        ["git", "rev-parse", "--show-toplevel"], cwd=root, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise Refused(f"{root} is in no repository of Git; run git init in the folder of the application first")
    top = Path(done.stdout.strip()).resolve()
    values = read_config(root, stack)
    made = Workflows(forge=forge, top=top, root=root, stack=stack, branch=branch, values=values, branches=branches)
    for file, (text, runs) in made.list_files().items():
        shown = file.relative_to(top)
        if file.exists():
            tell(f"kept   {shown}, as it was")
            continue
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        file.chmod(0o755 if runs else 0o644)
        tell(f"wrote  {shown}")
    for one in _look(stack):
        tell(f"Missing: {one}.")
    tell("Next: set the secrets that docs/teams.md lists, then commit these files.")


@command.command(epilog=example("portico ci check -s prod"))
@stack_option
def check(stack: str) -> None:
    """Say what a workflow lacks to deploy the stack; exit code 1 where something is missing."""
    if wrong := _look(stack):
        raise Refused("\n".join(wrong))
    tell(f"A workflow can deploy {stack}.")


def _look(stack: str) -> list[str]:
    root = find_root()
    document = read_yaml(find_stack_file(root, stack))
    project = read_yaml(root / "Pulumi.yaml")
    backend = os.environ.get("PULUMI_BACKEND_URL") or str((project.get("backend") or {}).get("url") or "")
    known = bool(os.environ.get("PULUMI_CONFIG_PASSPHRASE") or os.environ.get("PULUMI_CONFIG_PASSPHRASE_FILE"))
    return find_wrong(
        read_config(root, stack), backend, passphrase=known, encrypted=bool(document.get("encryptionsalt"))
    )
