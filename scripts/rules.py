"""Asks the AWS rules about a plan: rules.py FILE, which `pulumi preview --json --show-sames` has written."""

import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from policies import RULES, check
from policies.plan import read_plan


def main(file: str) -> int:
    text = Path(file).read_text()
    try:
        errors = [line["message"] for line in json.loads(text).get("diagnostics", []) if line["severity"] == "error"]
    except ValueError:
        # Pulumi ended before there was a plan, and has said why.
        return 1
    if errors:
        print("".join(errors), end="", file=sys.stderr)
        return 1
    graph = read_plan(text)
    found = check(graph)
    for violation in found:
        print(violation)
    count = sum(one.type.startswith("aws:") for one in graph)
    print(f"{len(RULES)} rules, {count} resources of AWS: {len(found) or 'nothing'} to mend.")
    return bool(found)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
