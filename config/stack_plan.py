"""What follows from a stack's own file, for the commands that read it without Pulumi."""

from pathlib import Path
from typing import Any

from portico.config.mistake import Mistakes
from portico.config.namespace import add_misplaced, list_misplaced
from portico.config.plan import Plan, make_plan, parse_values
from portico.config.stackfile import list_outside, read_texts


def plan_stack(root: Path, stack: str, history: Any = None) -> Plan:
    """As `make_plan` of the values in that file; what of it nobody would read is refused, as when it is deployed.

    `history` is the stack's output of that name. Raises UnreadableStack, and Mistakes with every mistake.
    """
    texts, project = read_texts(root, stack)
    wrong = [*list_misplaced(texts, project), *list_outside(root, stack)]
    try:
        plan = make_plan(parse_values(texts), root, history)
    except Mistakes as found:
        raise Mistakes(add_misplaced(wrong, found.all)) from None
    if wrong:
        raise Mistakes(wrong)
    return plan
