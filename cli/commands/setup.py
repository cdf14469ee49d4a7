"""`portico setup`: installs what a stack needs on this machine, below the project's folder `.tools`."""

import sys

import click

from portico.cli.options import example, stack_option
from portico.cli.project import find_root, find_stack_file, is_checkout
from portico.cli.refused import Refused
from portico.cli.set_up import SCRIPT, run_set_up


@click.command(epilog=example("portico setup -s prod"))
@stack_option
@click.pass_context
def command(context: click.Context, stack: str) -> None:
    """Install what is missing: Pulumi, its plugins, Docker, base images. Quiet when nothing is.

    Where only package registries can be reached, it is built from them.
    """
    root = find_root()
    find_stack_file(root, stack)
    if not SCRIPT.is_file():
        raise Refused(
            "the scripts of set-up are not installed here; install Pulumi and Docker by hand, see portico doctor"
        )
    own = {} if is_checkout(root) else {"PORTICO_PROJECT": str(root), "PORTICO_PYTHON": sys.executable}
    context.exit(run_set_up(stack, own))
