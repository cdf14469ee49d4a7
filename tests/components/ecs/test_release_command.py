"""The release command of a site on ECS, in its stack: what waits for it, and what goes on where it fails."""

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from portico.components.barrier import PUT_OFF, Barrier
from portico.components.ecs.preview import Planned, announce
from tests.components.ecs.sample import BUSY, deploy, recall
from tests.components.fake_aws import FakeAws
from tests.components.recorder import SERVICE, Recorder, Resource
from tests.components.sample import BLOG, SECRET
from tests.config.sample import SHOP, make_site, write_files

TASK = "aws:ecs/taskDefinition:TaskDefinition"
PARAMETER = "aws:ssm/parameter:Parameter"
UPGRADE = {"command": "flask db upgrade", "timeout": "5m"}
RECORD = "/portico/portico/test/shop/release-command"
BARRIER = ("shop-release-command-barrier",)
# What the site runs that serves, or works for it.
BEHIND = ("shop-service", "shop-worker-queue-service", "shop-worker-beat-service", "shop-jobs-nightly-schedule")


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("root")
    write_files(made / "shop", SHOP)
    return made


@pytest.fixture(scope="module")
def aws() -> FakeAws:
    return FakeAws()


@pytest.fixture(scope="module")
def busy(root: Path, aws: FakeAws) -> Recorder:
    return deploy(root, BUSY, BLOG, secrets={"shop": {"KEY": SECRET}}, aws=aws)


def test_its_task_is_of_the_release_with_its_secrets_and_data(busy: Recorder) -> None:
    made = busy.find(TASK, "shop-release-command-task").inputs
    assert made["family"] == "portico-test-shop_portico_release"
    containers = json.loads(made["containerDefinitions"])
    assert [one["name"] for one in containers] == ["data", "portico_secrets", "portico_release"]
    web = json.loads(busy.find(TASK, "shop-task").inputs["containerDefinitions"])
    (gunicorn,) = [one for one in web if one["name"] == "gunicorn"]
    assert {one["image"] for one in containers} == {gunicorn["image"]}
    assert {"data-media", "data-store"} <= {one["name"] for one in made["volumes"]}
    roles = [made["executionRoleArn"], made["taskRoleArn"]]
    assert roles == ["arn:aws:test:::shop-roles-execution", "arn:aws:test:::shop-roles-task"]


def test_it_was_started_once_in_the_network_of_the_web(busy: Recorder, aws: FakeAws) -> None:
    (call,) = [one for one in aws.calls if one[1] == "run-task"]
    network = json.loads(call[call.index("--network-configuration") + 1])["awsvpcConfiguration"]
    web = busy.find(SERVICE, "shop-service").inputs["networkConfiguration"]
    assert network["subnets"] == web["subnets"] and network["securityGroups"] == web["securityGroups"]
    assert network["assignPublicIp"] == "ENABLED" and web["assignPublicIp"] is True
    assert call[call.index("--cluster") + 1] == busy.find(SERVICE, "shop-service").inputs["cluster"]
    assert aws.parameters[RECORD].endswith(" flask db upgrade")


def test_nothing_of_the_site_is_made_or_changed_before_it(busy: Recorder) -> None:
    behind = [one for one in busy.resources if one.create_hooks == BARRIER and one.update_hooks == BARRIER]
    assert sorted(one.name for one in behind) == sorted([*BEHIND, "shop-exec-task"])
    service = busy.find(SERVICE, "shop-service")
    # By the order, and not by a value that would make a preview show a replacement.
    before = {urn.rpartition("::")[2] for urn in service.dependencies}
    assert {"shop-release-command-task", "shop-release-command-record", "shop-hosts-shop-1"} <= before
    assert not any("release-command" in urn for urns in service.needs.values() for urn in urns)


def test_its_record_is_written_by_who_runs_it(busy: Recorder) -> None:
    record = busy.find(PARAMETER, "shop-release-command-record")
    assert (record.inputs["name"], record.ignore_changes) == (RECORD, ("value",))


def test_a_site_without_one_has_none(busy: Recorder) -> None:
    assert [one.name for one in busy.of_type(PARAMETER)] == ["shop-release-command-record"]
    assert busy.find(SERVICE, "blog-service").create_hooks == ()


def test_where_it_fails_the_update_does_and_others_go_live(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    seen: list[Resource] = []
    monkeypatch.setattr("pulumi.log.error", lambda text, *_: said.append(text))
    aws = FakeAws(codes=[3], log=["no such table"])
    with pytest.raises(Exception, match="shop did not go live; see the error above"):
        deploy(root, make_site(release=UPGRADE), BLOG, seen=seen, aws=aws, previous={"releases": {"shop": "0ld"}})
    (text,) = said
    first, *more = text.splitlines()
    assert first.startswith("shop-release-command (`flask db upgrade`) failed with exit code 3. No task of release ")
    assert first.endswith(" was started; the release before it (0ld) keeps serving.")
    assert more == ["Its last log lines:", "  no such table"]
    assert "blog-service" in {one.name for one in seen}


def test_its_barrier_holds_back_what_is_made_and_what_is_changed(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []
    monkeypatch.setattr(Barrier, "put_before", _watch(Barrier.put_before, asked))
    monkeypatch.setattr("pulumi.log.error", lambda *_: None)
    with pytest.raises(Exception, match="shop did not go live"):
        deploy(root, make_site(release=UPGRADE), aws=FakeAws(codes=[1]))
    (barrier,) = set(asked)
    with pytest.raises(RuntimeError, match=f"shop-service {PUT_OFF}"):
        barrier._ask(SimpleNamespace(name="shop-service"))


def _watch(put_before: Any, asked: list[Any]) -> Any:
    def watch(self: Any, *args: Any, **more: Any) -> Any:
        asked.append(self)
        return put_before(self, *args, **more)

    return watch


def test_a_preview_starts_nothing_and_says_that_it_runs(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    monkeypatch.setattr("pulumi.log.info", lambda text, *_: said.append(text))
    aws = FakeAws()
    deploy(root, make_site(release=UPGRADE), aws=aws, answers={"preview": True})
    assert "shop: it runs `flask db upgrade` first." in said and aws.calls == []


def test_a_preview_that_knows_all_values_starts_nothing_either(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pulumi.runtime.is_dry_run", lambda: True)
    aws = FakeAws()
    deploy(root, make_site(release=UPGRADE), aws=aws)
    assert aws.count("run-task") == 0


def test_a_preview_asks_aws_what_was_run(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    monkeypatch.setattr("pulumi.log.info", lambda text, *_: said.append(text))
    aws = FakeAws()
    before = deploy(root, make_site(release=UPGRADE), aws=aws)
    calls, previous = len(aws.calls), {**before.exports, "releases": {"shop": "another"}}
    answers = {"preview": True, "known": recall(before)}
    deploy(root, make_site(release=UPGRADE), aws=aws, previous=previous, answers=answers)
    assert "shop: `flask db upgrade` is not run again." in said
    assert [call[1] for call in aws.calls[calls:]] == ["get-parameter"]


@pytest.mark.parametrize(
    ("release", "done", "said"),
    [
        ("new", (), "shop: it runs `flask db upgrade` first."),
        ("new", ("k",), "shop: `flask db upgrade` is not run again."),
        ("old", ("k",), None),
        # It failed, or its record was lost: an unchanged update runs it.
        ("old", ("other",), "shop: it runs `flask db upgrade` first."),
    ],
)
def test_the_announcement(release: str, done: tuple[str, ...], said: str | None) -> None:
    planned = Planned(site="shop", release=release, tree="t", replicas=2, command="flask db upgrade", key="k")
    reported = announce({"releases": {"shop": "old"}, "trees": {"shop": "t"}}, [planned], {"shop": frozenset(done)})
    assert [one for one in reported if "flask db upgrade" in one] == ([said] if said else [])


def test_a_machine_without_the_aws_cli_is_reported_before_anything_is_made(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("portico.components.ecs.deploy.has_command", lambda: False)
    seen: list[Resource] = []
    with pytest.raises(Exception, match=r"sites\[1\]\.release: the AWS CLI starts the release command on ecs"):
        deploy(root, BLOG, make_site(release=UPGRADE), seen=seen)
    assert {one.type for one in seen} <= {"pulumi:providers:aws", "pulumi:providers:docker"}
    deploy(root, BLOG)
