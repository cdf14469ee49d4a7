"""Asks the rules for AWS about what an update of a stack would make: rules.py STACK."""

import json
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from portico.policies import RULES, check
from portico.policies.plan import read_plan

# Also what stays as it is: some rules compare resources with one another.
PLAN = ("pulumi", "preview", "--json", "--show-sames", "--non-interactive", "--stack")


def judge(plan: str) -> int:
    """Say what is wrong in a plan; the exit code. Where there is none, Pulumi has said why, or the text says it."""
    try:
        told = json.loads(plan).get("diagnostics", [])
    except ValueError:
        return 1
    if errors := [line["message"] for line in told if line["severity"] == "error"]:
        print("".join(errors), end="", file=sys.stderr)
        return 1
    graph = read_plan(plan)
    found = check(graph)
    for violation in found:
        print(violation)
    count = sum(one.type.startswith("aws:") for one in graph)
    print(f"{len(RULES)} rules, {count} resources of AWS: {len(found) or 'nothing'} to mend.")
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(judge(subprocess.run([*PLAN, sys.argv[1]], stdout=subprocess.PIPE, text=True, check=False).stdout))
