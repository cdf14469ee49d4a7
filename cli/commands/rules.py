"""`portico rules`: checks what an update of a stack would make against the rules for AWS."""

import json
import subprocess
import sys

import click

from portico.cli.options import example, stack_option
from portico.cli.prepare import prepare
from portico.cli.pulumi import create
from portico.policies import RULES, check
from portico.policies.plan import read_plan

# Also what stays as it is: some rules compare resources with one another.
PLAN = ("pulumi", "preview", "--json", "--show-sames", "--non-interactive", "--stack")


def judge(plan: str) -> int:
    """Print what is wrong in a plan; the exit code. Where there is no plan, Pulumi's message or the text says why."""
    try:
        reported = json.loads(plan).get("diagnostics", [])
    except ValueError:
        return 1
    if errors := [line["message"] for line in reported if line["severity"] == "error"]:
        print("".join(errors), end="", file=sys.stderr)
        return 1
    graph = read_plan(plan)
    found = check(graph)
    for violation in found:
        print(violation)
    count = sum(one.type.startswith("aws:") for one in graph)
    print(f"{len(RULES)} rules, {count} resources of AWS: {len(found) or 'nothing'} to fix.")
    return int(bool(found))


@click.command(epilog=example("portico rules -s prod"))
@stack_option
@click.pass_context
def command(context: click.Context, stack: str) -> None:
    """Check what up would make against the rules for AWS. Exit code 1 where something is to be fixed."""
    place = prepare(stack)
    create(stack, place.root)
    plan = subprocess.run([*PLAN, stack], stdout=subprocess.PIPE, text=True, check=False).stdout
    context.exit(judge(plan))
