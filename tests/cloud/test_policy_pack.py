"""The policy pack under the real engine, on the double of the AWS plugin: what it lets through, and what it refuses."""

import json
import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from portico.policies import RULES, kinds
from portico.policies.graph import UNKNOWN, Graph, Resource
from portico.policies.plan import read_plan
from scripts.rules import PLAN
from tests.cloud.plugin.kinds import INSTANCE, KINDS
from tests.cloud.stack import Small
from tests.docker.command import ROOT, Result
from tests.policies.fleet import FLEET, SERVING, amend, define
from tests.policies.sample import GOOD, change, unlink

pytestmark = pytest.mark.docker
PACK = ("--policy-pack", str(ROOT / "policies"))


class Planned(Small):
    """A program that plans the graph that it is given."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        shutil.copy(ROOT / "tests" / "policies" / "program.py", folder / "__main__.py")

    def plan(self, graph: Graph) -> None:
        known = [one for one in graph if one.type in KINDS or one.type == kinds.ACCOUNT]
        (self.folder / "graph.json").write_text(json.dumps([_write(one) for one in known]))

    def judge(self, *options: str, fails: bool) -> Result:
        return self.pulumi("preview", "--stack", "test", *options, fails=fails)


def _write(one: Resource) -> dict[str, object]:
    inputs = {name: _spell(value) for name, value in one.inputs.items() if value is not UNKNOWN}
    needs = {name: sorted(urns) for name, urns in one.needs.items()}
    return {
        "type": one.type,
        "name": one.name,
        "urn": one.urn,
        "inputs": inputs,
        "needs": needs,
        "secrets": sorted(one.secrets),
        "protected": one.protected,
    }


def _spell(value: Any) -> Any:
    """A value as JSON; what is not known within it is some text."""
    if isinstance(value, dict):
        return {key: _spell(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_spell(inner) for inner in value]
    return "unknown" if value is UNKNOWN else value


@pytest.fixture(scope="module")
def planned(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Planned]:
    with Planned(tmp_path_factory.mktemp("planned")) as planned:
        yield planned


def bad() -> Graph:
    """One resource that is wrong by itself, one secret where none may be, and one resource that is missing."""
    graph = change("machine", metadataOptions={"httpTokens": "optional", "httpPutResponseHopLimit": 1})
    secret = (replace(one, secrets=frozenset({"userDataBase64"})) if one.name == "machine" else one for one in graph)
    return [one for one in secret if one.type != kinds.FLOW_LOG]


BROKEN = {"require-imdsv2", "keep-secrets-out", "log-flows"}


def list_policies(output: str) -> set[str]:
    return set(re.findall(r"\[mandatory\]  ([\w-]+)", output))


def test_a_good_graph_is_accepted(planned: Planned) -> None:
    planned.plan(GOOD)
    output = planned.judge(*PACK, fails=False).output
    assert "portico-aws@v" in output and list_policies(output) == set()
    assert "can't run policy" not in output


def test_a_bad_graph_is_refused_by_the_rules_that_it_breaks_and_by_no_other(planned: Planned) -> None:
    planned.plan(bad())
    output = planned.judge(*PACK, fails=True).output
    assert list_policies(output) == BROKEN
    assert "Instance machine: its metadata service answers without a token" in output
    assert "userDataBase64 is made from a secret of Pulumi's" in output
    assert "Vpc vpc: nobody could say later who talked to whom" in output
    # Without the pack the same graph is fine: it is the pack that refuses it.
    planned.judge(fails=False)


@pytest.mark.extended
def test_a_bad_resource_is_not_made_where_nobody_previews(planned: Planned) -> None:
    planned.plan(bad())
    output = planned.up(*PACK, fails=True).output
    assert {"require-imdsv2", "keep-secrets-out"} <= list_policies(output)
    assert planned.cloud.things(INSTANCE) == []


@pytest.mark.extended
def test_the_plan_as_json_is_judged_alike(planned: Planned) -> None:
    for graph, broken in ((GOOD, set()), (bad(), BROKEN)):
        planned.plan(graph)
        plan = planned.judge(*PLAN[2:-2], fails=False).output
        found = {rule.name.replace("_", "-") for rule in RULES if rule(read_plan(plan))}
        assert found == broken


def bad_fleet() -> Graph:
    """A container that may too much, a name that may move, and a balancer that only Pulumi protects."""
    graph = amend("task", containerDefinitions=define({**SERVING, "privileged": True}))
    # Made from nothing that is still to come, so that the preview knows them.
    graph = unlink("task", "containerDefinitions", graph)
    graph = amend("images", graph, imageTagMutability="MUTABLE")
    return amend("balancer", graph, enableDeletionProtection=False)


BROKEN_FLEET = {"refuse-privileges", "keep-task-logs", "keep-image-names", "protect-balancer"}


@pytest.mark.extended
def test_a_good_fleet_is_accepted_and_a_bad_one_is_not(planned: Planned) -> None:
    planned.plan(FLEET)
    output = planned.judge(*PACK, fails=False).output
    assert list_policies(output) == set() and "can't run policy" not in output
    planned.plan(bad_fleet())
    output = planned.judge(*PACK, fails=True).output
    assert list_policies(output) == BROKEN_FLEET
    assert "TaskDefinition task: container web is privileged" in output
    assert "LoadBalancer balancer: Pulumi refuses to delete it, and the console does not" in output


@pytest.mark.extended
def test_the_plan_of_a_fleet_as_json_is_judged_alike(planned: Planned) -> None:
    for graph, broken in ((FLEET, set()), (bad_fleet(), BROKEN_FLEET)):
        planned.plan(graph)
        plan = planned.judge(*PLAN[2:-2], fails=False).output
        assert {rule.name.replace("_", "-") for rule in RULES if rule(read_plan(plan))} == broken
