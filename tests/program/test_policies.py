"""Every stack that comes with the program keeps the rules for AWS."""

from collections import Counter

import pytest

from policies import RULES, check, kinds
from policies.graph import Graph
from policies.rule import Rule
from tests.components.recorder import Recorder
from tests.policies.recorded import read_graph
from tests.program.stackfile import EVERY


@pytest.fixture(scope="module")
def graphs(programs: dict[str, Recorder]) -> dict[str, Graph]:
    return {stack: read_graph(made) for stack, made in programs.items()}


@pytest.mark.parametrize("stack", EVERY)
@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_a_stack_keeps_the_rule(stack: str, rule: Rule, graphs: dict[str, Graph]) -> None:
    assert [str(violation) for violation in rule(graphs[stack])] == []


def test_prod_has_what_the_rules_are_about(graphs: dict[str, Graph]) -> None:
    found = Counter(one.type for one in graphs["prod"])
    assert found[kinds.INSTANCE] == found[kinds.VPC] == found[kinds.EIP] == 1
    assert found[kinds.INGRESS] and found[kinds.EGRESS] and found[kinds.ROLE_POLICY] and found[kinds.LOG_GROUP]


@pytest.mark.parametrize("type", ["DefaultSecurityGroup", "FlowLog", "EipAssociation", "RolePolicyAttachment"])
def test_without_a_part_of_it_prod_would_break_a_rule(type: str, graphs: dict[str, Graph]) -> None:
    assert check([one for one in graphs["prod"] if not one.type.endswith(f":{type}")])
