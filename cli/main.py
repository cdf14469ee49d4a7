"""The command `portico`. A command is loaded when it is called, so that none pays for what another one needs."""

import importlib
import os
import sys
from collections.abc import Mapping
from typing import Final

import click

from portico import __version__
from portico.cli.refused import translate

# Their order is that of the help.
COMMANDS: Final[Mapping[str, str]] = {
    "init": "Write a project for the Flask application in this folder.",
    "setup": "Install what is missing: Pulumi, its plugins, Docker, base images.",
    "doctor": "Check this machine and the settings, and say what to do.",
    "up": "Make the stack what its settings say, and print its URLs.",
    "preview": "Show what up would change.",
    "down": "Remove everything that the stack made.",
    "status": "Say what runs, which releases are live, and where.",
    "check": "Compare what runs with what the last update left.",
    "logs": "Show the last lines of every container.",
    "shell": "Open a shell in a replica that serves.",
    "exec": "Run a command in a container of the live release, apart from the traffic.",
    "db": "Open a shell in a site's database, dump it, or load it.",
    "releases": "List the releases that are kept, and which of them is live.",
    "rollback": "Go back to the release before the live one.",
    "resume": "Deploy the source of a rolled-back site again.",
    "rehearse": "Try the next release on a copy of the newest proven backup.",
    "backup": "Make and prove a backup now, list them, read all that is stored, or make their key.",
    "restore": "Restore data from a backup.",
    "diff": "Show how NGINX's live files differ from what up would make live.",
    "render": "Write every file for machines without our containers.",
    "rules": "Check what up would make against the rules for AWS.",
    "ci": "Write workflows for GitHub or GitLab, and check a stack for them.",
    "recover": "Clean up after a run that was killed, then deploy.",
}


class Portico(click.Group):
    """The group of all commands; each is loaded on its first use."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All of them, in the order of the help."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name, None where there is none."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = importlib.import_module(f"portico.cli.commands.{cmd_name}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """A line a command, without loading any."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def invoke(self, ctx: click.Context) -> object:
        """Run the command. A mistake of its user is one line and exit code 1, never a traceback."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            # Who reads has seen enough: `portico logs | head`. Nothing is left to be written at the end.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            ctx.exit(0)
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except Exception as error:
            reported = translate(error)
            raise reported from (error if reported is error else None)


@click.group(
    cls=Portico,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Exit codes: 0 done; 1 it failed, or (check, rules) something differs; 2 the command was written wrongly. "
    "exec ends with the code of its command. Completion of words: eval \"$(_PORTICO_COMPLETE=bash_source portico)\".",
)  # fmt: skip
@click.version_option(__version__, message="%(prog)s %(version)s")
def portico() -> None:
    """Flask applications behind NGINX and Gunicorn, on Docker here, over SSH or on AWS.

    Example: portico up -s prod
    """


def main() -> None:
    """The entry point of the command."""
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(line_buffering=True)
    portico(prog_name="portico")
