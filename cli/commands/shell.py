"""`portico shell`: a shell in a running replica of a site, or in one of its workers."""

import signal
import subprocess

import click

from portico.cli.deployed import WEB, Deployed
from portico.cli.deployed_tasks import DeployedTasks
from portico.cli.engine import has_terminal, name_docker
from portico.cli.export import read_export
from portico.cli.options import example, process_option, site_option, stack_option
from portico.cli.prepare import prepare
from portico.cli.refused import Refused
from portico.cli.spelling import spell
from portico.config.release.launch import find_launcher


def open_shell(stack: str, site: str = "", process: str = WEB) -> int:
    """Open it, and return its exit code at its end. Raises Refused and DockerException."""
    export = read_export(stack)
    if tasks := DeployedTasks.find(stack, export):
        raise Refused(tell_no_shell(tasks, tasks.choose_site(site, "shell")))
    deployed = Deployed.of(stack, export)
    site = deployed.choose_site(site, "shell")
    container = deployed.list_process(site, process)[0]
    if container.status != "running":
        why = f"{spell('logs', stack, site=site)} says why, {spell('up', stack)} starts them"
        raise Refused(f"no {'replica' if process == WEB else f'container of {process}'} of {site} is running; {why}")
    terminal = has_terminal()
    # With commands from a pipe, nothing else is written to the output.
    if terminal:
        what = "serves" if process == WEB else "works"
        click.echo(f"In {container.name}, as the user of {site}, while it {what}. Leave with exit.")
    options = ["--interactive", *(["--tty"] if terminal else [])]
    # A command by hand needs the secrets that the application has as variables.
    launcher = find_launcher(container.attrs["Config"].get("Entrypoint") or [])
    shell = [*launcher, "sh", "-c", "exec $(command -v bash || command -v sh)"]
    running = subprocess.Popen(
        name_docker(deployed.engine, "exec", *options, str(container.id), *shell, terminal=terminal)
    )
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # it is for the shell
    return running.wait()


def tell_no_shell(tasks: DeployedTasks, site: str) -> str:
    """The message on ECS: Portico opens no shell in a task; it names the way of AWS itself."""
    region, cluster = tasks.cluster.region, tasks.cluster.arn
    return (
        "no shell can be opened in a task on ECS, where Portico leaves ECS Exec off; "
        f"{spell('exec', tasks.stack, site=site)} runs a command in a task of its own. To open one anyway, give "
        "the task role the ssmmessages actions and the service --enable-execute-command, install the "
        "session-manager-plugin, and then: aws ecs execute-command "
        f"--region {region} --cluster {cluster} --task TASK --container gunicorn --interactive --command sh"
    )


@click.command(epilog=example("portico shell -s prod --site shop"))
@stack_option
@site_option
@process_option("In which process: web, or the name of a worker.")
@click.pass_context
def command(context: click.Context, stack: str, site: str, process: str) -> None:
    """Open a shell in a replica that serves, or in a worker. Commands may come from a pipe."""
    prepare(stack)
    context.exit(open_shell(stack, site, process))
