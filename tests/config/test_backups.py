"""Backups: where they may go, when they are made, what is secret of them, and what is reported of them."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cronsim import CronSim

from portico.config.backups import find_times, list_files, make_context, spell_asked, tell
from portico.config.live.backups import Backups, count, find_due
from portico.config.plan import make_plan
from portico.config.release.release_command import key_command
from portico.config.settings import Mistakes
from portico.config.settings.backups import Backups as Section
from tests.config.aws_sample import make_section as make_aws
from tests.config.ecs_sample import make_section as make_ecs
from tests.config.sample import make_site, make_values, read_settings, refuse

DATA = [{"name": "instance", "path": "/app/instance"}]
SITE = make_site(data=DATA)
KEY = "0123456789abcdef0123456789abcdef"
HOST_KEY = "ssh-ed25519 " + "A" * 68
S3 = {"to": "s3://shop-backups/all", "region": "eu-central-1", "accessKey": "AKIAEXAMPLE"}
SFTP = {"to": "sftp://keeper@backup.example:2222/srv/backups", "hostKey": HOST_KEY}
PRIVATE = "-----BEGIN OPENSSH PRIVATE KEY-----\nabc\n-----END OPENSSH PRIVATE KEY-----\n"


def refused(root: Path, **values: Any) -> list[str]:
    with pytest.raises(Mistakes) as found:
        make_plan(make_values(values.pop("site", SITE), **values), root)
    return [str(one) for one in found.value.all]


@pytest.mark.parametrize(
    ("section", "said"),
    [
        ({}, "backups.to: is required; write"),
        ({"to": "backups"}, 'backups.to: "backups" is not a place for backups; write a folder of the machine such as'),
        ({"to": "/srv/../etc"}, 'backups.to: "/srv/../etc" is not a place'),
        ({"to": "/"}, 'backups.to: "/" is not a place'),
        ({"to": "s3:bucket"}, 'backups.to: "s3:bucket" is not a place'),
        ({"to": "ftp://a@b/c"}, 'backups.to: "ftp://a@b/c" is not a place'),
        ({"to": "sftp://a@b -o ProxyCommand=x/c"}, "is not a place"),
        ({"to": "/srv/b", "every": "* * *"}, 'backups.every: "* * *" is not a cron expression'),
        ({"to": "/srv/b", "every": "0 0 31 2 *"}, "(bad day-of-month)"),
        ({"to": "/srv/b", "keep": {"last": 0}}, "backups.keep.last: 0 does not fit; write at least 1"),
        ({"to": "/srv/b", "keep": 5}, "backups.keep: 5 does not fit"),
        ({"to": "/srv/b", "bandwidth": "fast"}, "backups.bandwidth: "),
        ({"to": "/srv/b", "region": "eu-central-1"}, "backups: region is for s3://, and to is another place"),
        ({"to": "s3://shop-backups"}, "backups: region is required for s3://; write that of the bucket"),
        ({"to": "s3://shop-backups"}, "backups: accessKey is required for s3://"),
        (
            {"to": "sftp://a@b/c"},
            "backups: hostKey is required for sftp://; write the server's public key, as `ssh-keyscan HOST` prints it",
        ),
        (SFTP | {"hostKey": "backup.example ssh-ed25519 AAAA"}, "is not a public host key"),
    ],
)
def test_what_does_not_fit_is_refused(root: Path, section: dict[str, Any], said: str) -> None:
    reported = refuse(root, make_values(SITE, backups=section))
    assert [line for line in reported if said in line], reported


HOSTILE = (
    "a b",
    "a\nb",
    "$(id)",
    "`id`",
    "a;b",
    "-oProxyCommand=id",
    "../x",
    "'",
    '"',
    "a\\",
    "\x1b[31m",
    "",
    " ",
    "é",
)


@pytest.mark.parametrize("name", ["to", "region", "endpoint", "accessKey", "hostKey", "image", "every"])
def test_no_text_says_more_than_it_is(root: Path, name: str) -> None:
    """They end up in the words of restic and ssh, and in a Dockerfile."""
    good: dict[str, Any] = {"hostKey": SFTP, "endpoint": S3, "region": S3, "accessKey": S3}.get(name, {"to": "/srv/b"})
    for hostile in HOSTILE:
        # Behind a good one, what is no sign of its own is a longer name.
        behind = [f"{good.get(name, '')}{hostile}"] if hostile and hostile[0] not in "-." else []
        for text in (hostile, *behind):
            reported = refuse(root, make_values(SITE, backups=good | {name: text}))
            assert [line for line in reported if line.startswith(f"backups.{name}: ")], (text, reported)


def test_there_must_be_something_to_back_up(root: Path) -> None:
    reported = refuse(root, make_values(make_site(), backups={"to": "/srv/backups"}))
    assert reported == [
        "backups: there is nothing to back up: no site has data or uses a service; write data for a site, or leave it "
        "out"
    ]


def test_a_vm_keeps_no_backups_of_itself(root: Path) -> None:
    reported = refuse(root, make_values(SITE, backups={"to": "/srv/backups"}, target="aws", aws=make_aws()))
    assert [line for line in reported if line.startswith("backups.to: is a folder of a VM that an update may replace")]
    settings = read_settings(root, SITE, backups=S3, target="aws", aws=make_aws(), address="0.0.0.0", port=80)
    assert settings.backups


def test_on_ecs_aws_makes_them(root: Path) -> None:
    reported = refuse(root, make_values(SITE, backups=S3, target="ecs", ecs=make_ecs()))
    assert [line for line in reported if line.startswith("backups: are AWS's on ecs")]


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"backups": {"to": "/srv/b"}}, "backupKey: is required for backups; `portico backup key` makes it"),
        ({"backups": {"to": "/srv/b"}, "backupKey": "short"}, "backupKey: is not a key; write a text of 16 to 512"),
        ({"backups": {"to": "/srv/b"}, "backupKey": 12345678901234567890}, "backupKey: is not a key"),
        (
            {"backups": {"to": "/srv/b"}, "backupKey": KEY, "backupAccess": "x" * 20},
            "backupAccess: is for s3:// and sftp://; remove it",
        ),
        ({"backups": S3, "backupKey": KEY}, "backupAccess: is required for backups.to: the secret access key"),
        (
            {"backups": S3, "backupKey": KEY, "backupAccess": "two words here"},
            "backupAccess: is not a secret access key",
        ),
        ({"backups": SFTP, "backupKey": KEY, "backupAccess": KEY}, "backupAccess: is not a private SSH key"),
    ],
)
def test_a_secret_that_is_missing_or_wrong_is_reported_and_never_shown(
    root: Path, values: dict[str, Any], said: str
) -> None:
    reported = refused(root, **values)
    assert [line for line in reported if line.startswith(said)] and len(reported) == 1, reported
    assert not [line for line in reported if KEY in line]


def test_a_key_without_backups_may_stay(root: Path) -> None:
    """Who takes the section out keeps the key of the backups that there are."""
    plan = make_plan(make_values(SITE, backupKey=KEY), root)
    assert plan.private.backups == {}


def test_backups_are_no_part_of_a_release(root: Path) -> None:
    without = make_plan(make_values(SITE), root)
    plan = make_plan(make_values(SITE, backups={"to": "/srv/backups"}, backupKey=KEY), root)
    assert [one.id for one in plan.releases] == [one.id for one in without.releases]
    assert plan.render().digest == without.render().digest
    assert plan.private.backups == {"key": KEY} and KEY not in repr(plan)


def test_each_stack_has_a_time_of_its_own_and_never_midnight(root: Path) -> None:
    settings = read_settings(root, SITE, backups={"to": "/srv/backups"})
    times = {find_times(settings, "portico", f"stack{index}") for index in range(300)}
    assert len(times) > 100 and find_times(settings, "portico", "prod") == find_times(settings, "portico", "prod")
    for every in times:
        minute, hour, *rest = every.split()
        assert rest == ["*", "*", "*"] and 1 <= int(hour) <= 4 and 1 <= int(minute) <= 59
        assert next(CronSim(every, datetime(2026, 1, 1, tzinfo=UTC)))
    said = read_settings(root, SITE, backups={"to": "/srv/backups", "every": "5 */6 * * *"})
    assert find_times(said, "portico", "prod") == "5 */6 * * *"


@pytest.mark.parametrize(
    ("section", "url"),
    [
        ({"to": "/srv/backups"}, "/to/portico.prod"),
        (S3, "s3:https://s3.eu-central-1.amazonaws.com/shop-backups/all/portico.prod"),
        (S3 | {"region": "cn-north-1"}, "s3:https://s3.cn-north-1.amazonaws.com.cn/shop-backups/all/portico.prod"),
        (
            {"to": "s3://shop", "endpoint": "http://minio.example:9000", "accessKey": "abc"},
            "s3:http://minio.example:9000/shop/portico.prod",
        ),
        (SFTP, "sftp://keeper@backup.example:2222//srv/backups/portico.prod"),
    ],
)
def test_each_stack_has_a_place_of_its_own(root: Path, section: dict[str, Any], url: str) -> None:
    reported = tell(read_settings(root, SITE, backups=section), "portico", "prod")
    assert reported["url"] == url and reported["host"] == "portico.prod"
    assert reported["sources"] == [{"name": "shop/instance", "kind": "folder"}]


def test_the_server_is_known_by_its_key_alone(root: Path) -> None:
    reported = tell(read_settings(root, SITE, backups=SFTP), "portico", "prod")
    (option,) = reported["options"]
    assert "StrictHostKeyChecking=yes" in option and "BatchMode=yes" in option
    section = Section.model_validate(SFTP)
    assert list_files(section, KEY, PRIVATE) == {
        "key": KEY,
        "ssh": PRIVATE,
        "known_hosts": f"portico-backups {HOST_KEY}\n",
    }


def test_what_is_reported_holds_no_secret(root: Path) -> None:
    section = Section.model_validate(S3)
    files = list_files(section, KEY, "wJalrXUtnFEMI")
    assert "aws_secret_access_key = wJalrXUtnFEMI\n" in files["aws"]
    reported = spell_asked(tell(read_settings(root, SITE, backups=S3 | {"bandwidth": "3M"}), "portico", "prod"))
    assert KEY not in reported and "wJalr" not in reported and json.loads(reported)["rate"] == 3072


def test_the_image_holds_what_it_runs() -> None:
    context = make_context(Section.model_validate({"to": "/srv/backups", "image": "python:3.13-slim"}))
    assert b"FROM python:3.13-slim" in context["Dockerfile"].content
    code = "opt/portico/portico/components/in_container/backups"
    assert context[f"{code}/run.sh"].executable and f"{code}/main.py" in context and "opt/portico/cronsim.py" in context


NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
NIGHTLY = "17 3 * * *"


def make_run(at: datetime, outcome: str = "proven", **more: Any) -> dict[str, Any]:
    proof = {"files": 3, "databases": 1, "rows": 120, "moving": 0, "gone": 0}
    return {"at": at.isoformat(), "outcome": outcome, "snapshot": "cadc2ec0", "proof": proof, **more}


def make_known(*runs: dict[str, Any], since: datetime = NOW - timedelta(days=30)) -> Backups:
    return Backups.read(NIGHTLY, {"since": since.isoformat(), "runs": [*runs]})


def test_one_may_be_missing_and_two_may_not() -> None:
    assert find_due(NIGHTLY, NOW) == datetime(2026, 11, 29, 3, 17, tzinfo=UTC)
    late, later = NOW - timedelta(hours=30), NOW - timedelta(hours=40)
    assert [*make_known(make_run(late)).warn(NOW)] == []
    (reported,) = make_known(make_run(later)).warn(NOW)
    assert reported == (
        "backups: the newest proven one is of 2026-11-28 20:00 UTC, and two were due since 2026-11-29 03:17 UTC"
    )


def test_who_never_proved_one_is_informed_once_two_were_due() -> None:
    assert [*make_known(since=NOW - timedelta(hours=1)).warn(NOW)] == []
    assert [*Backups(every=NIGHTLY).warn(NOW)] == []
    (reported,) = make_known().warn(NOW)
    assert reported == "backups: none was proven since 2026-10-31 12:00 UTC"


def test_one_that_failed_is_reported_whatever_was_proven_before() -> None:
    good, bad = make_run(NOW - timedelta(hours=20)), make_run(NOW - timedelta(hours=1), "failed", why="a disk is full")
    known = make_known(good, bad)
    assert [*known.warn(NOW)] == ["backups: the last one, of 2026-11-30 11:00 UTC, failed: a disk is full"]
    assert [*known.tell(NOW)] == [
        "backups: the newest proven one is cadc2ec0, made 2026-11-29 16:00 UTC (20 hours ago): 3 files, 1 database of "
        "SQLite with 120 rows",
        "  the last one of 2026-11-30 11:00 UTC failed: a disk is full",
        "  made at 17 3 * * * (UTC)",
    ]


def test_one_that_is_being_made_is_no_failure() -> None:
    known = make_known(make_run(NOW - timedelta(hours=20)), {"at": NOW.isoformat(), "outcome": "running"})
    assert [*known.warn(NOW)] == []
    assert "  one is being made since 2026-11-30 12:00 UTC" in [*known.tell(NOW)]
    assert known.spell()["proven"]["snapshot"] == "cadc2ec0"


REHEARSED = {"command": "flask db upgrade", "rehearse": True, "rehearsePaths": ["/orders"]}


def test_a_rehearsal_needs_a_backup_of_that_site(root: Path) -> None:
    said = "sites[0].release.rehearse: needs a backup to try a release on, and "
    site = make_site(release=REHEARSED)
    (reported,) = refuse(root, make_values(site))
    assert reported.startswith(f"{said}backups are not set; write backups")
    other = make_site(name="blog", hosts=["blog.example"], data=DATA)
    (reported,) = refuse(root, make_values(site, other, backups={"to": "/srv/backups"}))
    assert reported.startswith(f"{said}no data or service of this site is backed up")
    db = [{"name": "db", "kind": "postgres"}]
    for good in ({"data": DATA}, {"uses": ["db"]}):
        assert read_settings(root, make_site(release=REHEARSED, **good), services=db, backups={"to": "/srv/backups"})


def test_a_rehearsal_is_refused_on_ecs(root: Path) -> None:
    reported = refuse(root, make_values(make_site(release=REHEARSED), target="ecs", ecs=make_ecs()))
    assert [line for line in reported if line.startswith("sites[0].release.rehearse: needs a Docker engine")], reported


def test_a_rehearsal_is_no_part_of_a_release_and_runs_no_command_again(root: Path) -> None:
    def plan(release: dict[str, Any]) -> Any:
        return make_plan(make_values(SITE | {"release": release}, backups={"to": "/srv/b"}, backupKey=KEY), root)

    with_it, without = plan(REHEARSED).releases[0], plan({"command": "flask db upgrade"}).releases[0]
    assert with_it.id == without.id and key_command(with_it) == key_command(without)


def test_what_services_have_is_backed_up_for_each_site_that_uses_them(root: Path) -> None:
    services = [{"name": "db", "kind": "postgres"}, {"name": "cache", "kind": "valkey"}]
    my_shop = make_site(name="my-shop", uses=["db", "cache"])
    blog = make_site(name="blog", hosts=["blog.example"], uses=["db"], data=DATA)
    settings = read_settings(root, my_shop, blog, services=services, backups={"to": "/srv/backups"})
    assert [(one["name"], one["kind"], one.get("site")) for one in tell(settings, "p", "prod")["sources"]] == [
        ("blog/instance", "folder", None),
        ("db/my_shop", "postgres", "my-shop"),
        ("db/blog", "postgres", "blog"),
        ("cache/valkey", "valkey", "my-shop"),
    ]


def test_what_was_started_again_is_reported() -> None:
    proof = {"files": 3, "databases": 0, "servers": 2, "server_rows": 41, "caches": 1, "keys": 5}
    assert count({"proof": proof}) == (
        "3 files, 0 databases of SQLite, 2 databases of PostgreSQL with 41 rows, 1 cache with 5 keys"
    )
