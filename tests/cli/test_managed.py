"""Services that AWS runs, for who asks by hand: what AWS says of them, what is refused, and what stays."""

from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from click.testing import CliRunner

from portico.cli.commands import backup, db, down, rehearse, restore
from portico.cli.engine import Export
from portico.cli.managed import find_managed, look_at_managed, tell_snapshots
from portico.cli.managed_refusals import list_left_out, require_copied, require_own_backups
from portico.cli.prepare import Place
from portico.cli.refused import Refused
from portico.components.managed.service import TYPE
from portico.config.services.managed import tell_managed
from portico.config.settings.service import Service
from tests.components.fake_aws import FakeAws

CLUSTER = {
    "type": "aws:ecs/cluster:Cluster",
    "urn": "urn::cluster",
    "outputs": {"arn": "arn:aws:ecs:eu-central-1:1:cluster/c"},
}


@dataclass
class FakeServices(FakeAws):
    """It knows databases and caches, too."""

    def _describe_db_instances(self, options: dict[str, Any]) -> Any:
        assert options["db-instance-identifier"] == ["x-db-1"]
        seen = {
            "DBInstanceStatus": "available",
            "EngineVersion": "18.1",
            "LatestRestorableTime": "2026-12-01T03:00:00Z",
        }
        return {"DBInstances": [seen]}

    def _describe_replication_groups(self, options: dict[str, Any]) -> Any:
        assert options["replication-group-id"] == ["x-cache-1"]
        return {"ReplicationGroups": [{"Status": "creating"}]}

    def _describe_snapshots(self, _: Any) -> Any:
        return {"Snapshots": []}


def make(*names: str) -> Export:
    """The state of a stack on ECS with these services."""
    kinds = {"db": "postgres", "cache": "valkey"}
    resources = [CLUSTER]
    for name in names:
        service = Service.model_validate({"name": name, "kind": kinds[name], "managed": True})
        made = tell_managed(service, f"x-{name}-1", "shop", "eu-central-1")
        resources.append({"type": TYPE, "urn": f"urn::{name}", "outputs": {"service": name, "made": made}})
    return {"deployment": {"resources": resources}}


def beside(*names: str) -> Export:
    """The state of a stack on a VM with these services, and one that is a container."""
    own = {"type": "portico:index:Service", "urn": "urn::own", "outputs": {}}
    return {"deployment": {"resources": [*make(*names)["deployment"]["resources"][1:], own]}}


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> FakeServices:
    found = FakeServices()
    monkeypatch.setattr("portico.components.aws_command.run", found.run)
    return found


def test_status_says_what_aws_says(aws: FakeServices) -> None:
    assert [str(one) for one in look_at_managed(make("db", "cache"))] == [
        "cache: valkey on ElastiCache (x-cache-1), creating, no backup yet",
        "db: postgres on RDS (x-db-1), available, 18.1, can be brought back to 2026-12-01T03:00:00Z",
    ]
    aws.refuses["describe-db-instances"] = "AccessDenied"
    assert [str(one) for one in look_at_managed(make("db"))] == ["db: postgres on RDS (x-db-1); AWS does not answer"]


def test_of_a_stack_without_any_nobody_is_asked(aws: FakeServices) -> None:
    assert look_at_managed(make()) == [] == aws.calls


@pytest.mark.parametrize(
    ("action", "said"),
    [
        (
            "shell",
            'portico exec -s ecs --site shop -- sh -c \'psql "$DATABASE_URL" -c "…"\' runs a query, if the site\'s',
        ),
        ("dump", "aws rds create-db-snapshot --db-instance-identifier x-db-1 --db-snapshot-identifier x-db-1-by-hand"),
        ("load", "a new service with `snapshot: NAME` begins with a copy; docs/services.md has the steps"),
    ],
)
def test_db_says_what_to_do_instead(monkeypatch: pytest.MonkeyPatch, action: str, said: str) -> None:
    def call(export: Export) -> str:
        monkeypatch.setattr(db, "prepare", lambda _: SimpleNamespace(root=None))
        monkeypatch.setattr(db, "read_export", lambda *_: export)
        done = CliRunner().invoke(db.command, ["-s", "ecs", "--file", "shop.dump", action])
        assert done.exit_code == 1
        return done.output

    assert call(make("db")).startswith(f"error: db has `managed: true`, so only its site can connect to it; {said}")
    assert "on ecs Portico runs no database" in call(make("cache"))


def test_a_site_whose_data_no_backup_has_is_not_rehearsed() -> None:
    for site in ("shop", ""):
        with pytest.raises(Refused) as raised:
            require_copied(make("db"), site)
        assert str(raised.value) == (
            "shop cannot be rehearsed: db has `managed: true`, so it is in no backup of Portico's; aws rds "
            "restore-db-instance-to-point-in-time --source-db-instance-identifier x-db-1 --region eu-central-1 … makes "
            "a copy, where the migration can be tried by hand; docs/services.md has the steps"
        )
    with pytest.raises(Refused, match="a stack on ecs has neither"):
        require_copied(make("db"), "blog")
    require_copied(beside("db"), "blog")


def test_backups_of_portico_have_none_of_what_aws_runs() -> None:
    with pytest.raises(Refused) as raised:
        require_own_backups(make("db", "cache"))
    assert str(raised.value) == (
        "cache and db have `managed: true`, so AWS makes the backups, of the last `backupDays`; portico status shows "
        "the newest, and aws elasticache describe-snapshots --replication-group-id x-cache-1 --region eu-central-1 "
        "lists the snapshots; docs/services.md has the steps"
    )
    with pytest.raises(Refused, match="AWS makes the backups of a stack on ecs, of its `data` each day"):
        require_own_backups(make())
    # On a VM the others have some.
    require_own_backups(beside("db"))
    with pytest.raises(Refused, match="db has `managed: true`, so AWS makes the backups"):
        require_own_backups(beside("db"), "db")
    require_own_backups(beside("db"), "own")
    assert [one.name for one in list_left_out(beside("db"), "shop")] == ["db"]
    assert list_left_out(beside("db"), "blog") == []


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (backup, ["now"]),
        (backup, ["list"]),
        (backup, ["check"]),
        (restore, []),
        (restore, ["--service", "db"]),
        (rehearse, ["--site", "shop"]),
    ],
)
def test_each_command_names_the_setting(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, command: Any, words: list[str]
) -> None:
    monkeypatch.setattr(command, "prepare", lambda stack: Place(tmp_path, stack))
    monkeypatch.setattr(command, "refuse_locked", lambda _: None, raising=False)
    monkeypatch.setattr(command, "require_stack", lambda *_: None)
    monkeypatch.setattr(command, "read_export", lambda *_: make("db"))
    done = CliRunner().invoke(command.command, [*words, "-s", "ecs"])
    assert done.exit_code == 1 and "db has `managed: true`, so " in done.output, done.output
    assert len(done.output.splitlines()) == 1 and "docs/services.md has the steps" in done.output


def test_db_leaves_containers_beside_it_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a VM, where both may be: which one is meant, its name says."""
    export = beside("db")
    monkeypatch.setattr(db, "prepare", lambda _: SimpleNamespace(root=None))
    monkeypatch.setattr(db, "read_export", lambda *_: export)
    asked: list[str] = []

    def choose(_: object, service: str) -> None:
        asked.append(service)
        raise Refused("asked")

    monkeypatch.setattr(db, "Deployed", SimpleNamespace(of=lambda *_: None))
    monkeypatch.setattr(db, "choose_server", choose)
    for words, found in (
        ([], "asked"),
        (["--service", "own"], "asked"),
        (["--service", "db"], "db has `managed: true`"),
    ):
        done = CliRunner().invoke(db.command, ["-s", "prod", *words, "shell"])
        assert found in done.output
    assert asked == ["", "own"]


def test_down_says_it_of_what_it_has_removed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    place = Place(tmp_path, "ecs")
    for name, answer in {
        "prepare": lambda _: place,
        "exists": lambda *_: True,
        "look_for_disk": lambda *_, **__: None,
        "find_kept": lambda *_, **__: ([], []),
        "is_protected": lambda _: False,
        "take_lock": lambda _: None,
        "settle": lambda *_: None,
        "_remove": lambda *_: None,
        "find_backups": lambda _: "",
        "read_export": lambda *_: make("db"),
    }.items():
        monkeypatch.setattr(down, name, answer)
    done = CliRunner().invoke(down.command, ["-s", "ecs", "--yes"])
    assert done.exit_code == 0 and "Kept: the last state of db, RDS's snapshot x-db-1" in done.output


def test_what_stays_after_down_has_a_name_and_a_way_back() -> None:
    cache, database = tell_snapshots(find_managed(make("db", "cache")))
    assert database == (
        "Kept: the last state of db, RDS's snapshot x-db-1, which is paid for. `snapshot: x-db-1` in services begins "
        "with it; aws rds delete-db-snapshot --db-snapshot-identifier x-db-1 --region eu-central-1 deletes it."
    )
    assert "aws elasticache delete-snapshot --snapshot-name x-cache-1 --region eu-central-1" in cache
