"""`portico shell`: a shell in a running replica of a site, or in one of its workers."""

import signal
import subprocess

import click

from portico.cli.deployed import WEB, Deployed
from portico.cli.engine import has_terminal, name_docker
from portico.cli.options import example, process_option, site_option, stack_option
from portico.cli.prepare import prepare
from portico.cli.refused import Refused
from portico.cli.spelling import spell
from portico.config.release.launch import find_launcher


def open_shell(stack: str, site: str = "", process: str = WEB) -> int:
    """Open it, and return its exit code at its end. Raises Refused and DockerException."""
    deployed = Deployed.read(stack)
    site = deployed.choose_site(site, "shell")
    container = deployed.list_process(site, process)[0]
    if container.status != "running":
        why = f"{spell('logs', site=site)} says why, {spell('up')} starts them"
        raise Refused(f"no {'replica' if process == WEB else f'container of {process}'} of {site} is running; {why}")
    terminal = has_terminal()
    # Who pipes commands in wants nothing else on the output.
    if terminal:
        what = "serves" if process == WEB else "works"
        click.echo(f"In {container.name}, as the user of {site}, while it {what}. Leave with exit.")
    options = ["--interactive", *(["--tty"] if terminal else [])]
    # What the application has as variables, a command by hand needs too.
    launcher = find_launcher(container.attrs["Config"].get("Entrypoint") or [])
    shell = [*launcher, "sh", "-c", "exec $(command -v bash || command -v sh)"]
    opened = subprocess.Popen(
        name_docker(deployed.engine, "exec", *options, str(container.id), *shell, terminal=terminal)
    )
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # it is for the shell
    return opened.wait()


@click.command(epilog=example("portico shell -s prod --site shop"))
@stack_option
@site_option
@process_option("In which process: web, or the name of a worker.")
@click.pass_context
def command(context: click.Context, stack: str, site: str, process: str) -> None:
    """Open a shell in a replica that serves, or in a worker. Commands may come from a pipe."""
    prepare(stack)
    context.exit(open_shell(stack, site, process))
