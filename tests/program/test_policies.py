"""Every stack that comes with the program keeps the rules for AWS."""

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from portico.policies import RULES, check, kinds
from portico.policies.containers import list_containers
from portico.policies.graph import Graph
from portico.policies.rule import Rule
from tests.components.ecs.sample import BUSY, SECTION, deploy
from tests.components.recorder import Recorder
from tests.components.sample import BLOG, SECRET
from tests.config.sample import SHOP as FILES
from tests.config.sample import write_files
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


def test_the_fleet_has_what_the_rules_are_about(graphs: dict[str, Graph]) -> None:
    found = Counter(one.type for one in graphs["ecs"])
    assert found[kinds.SERVICE] == found[kinds.BALANCER] == found[kinds.BUCKET] == 1
    # Of the web, and for commands that are given by hand.
    assert found[kinds.TASK] == 2
    assert found[kinds.LISTENER] == found[kinds.REPOSITORY] == 2 and found[kinds.TARGETS] == 1
    assert [len(list(list_containers(graphs[stack]))) for stack in ("prod", "ecs")] == [0, 3]
    assert [one.name for one in graphs["ecs"] if one.type == kinds.BALANCER and one.protected] == ["fleet-balancer"]


@pytest.mark.parametrize(
    "type",
    [
        "BucketPublicAccessBlock",
        "BucketLifecycleConfiguration",
        "LifecyclePolicy",
        "FlowLog",
        "DefaultSecurityGroup",
        "LogGroup",
    ],
)
def test_without_a_part_of_it_the_fleet_would_break_a_rule(type: str, graphs: dict[str, Graph]) -> None:
    assert check([one for one in graphs["ecs"] if not one.type.endswith(f":{type}")])


@pytest.mark.parametrize(
    "section",
    [
        SECTION,
        SECTION | {"network": "nat"},
        SECTION | {"network": "endpoints"},
        # Plain HTTP: nothing leads to HTTPS, since there is none.
        SECTION | {"dns": None},
        SECTION | {"zones": [f"eu-central-1{zone}" for zone in "abc"], "architecture": "x86_64", "cpu": 1024},
    ],
    ids=["public", "nat", "endpoints", "http", "three zones"],
)
def test_whatever_is_set_the_fleet_keeps_the_rules(
    section: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BUILDX_CONFIG", str(tmp_path / "buildx"))
    write_files(tmp_path / "shop", FILES)
    made = deploy(tmp_path, BUSY, BLOG, section=section, secrets={"shop": {"KEY": SECRET}})
    graph = read_graph(made)
    assert [str(violation) for violation in check(graph)] == []
    # Two sites, of which one has secrets, users, data, a release command, workers and a job.
    assert Counter(one.name for one in list_containers(graph)) == {
        "container gunicorn": 2,
        "container nginx": 2,
        "container secrets": 1,
        "container users": 1,
        # Of the web, and of the release command, which may be the first to have it.
        "container data": 2,
        "container queue": 1,
        "container beat": 1,
        "container nightly": 1,
        "container portico_release": 1,
        "container portico_exec": 2,
        "container portico_secrets": 5,
    }
