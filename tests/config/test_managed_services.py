"""Services that AWS runs, in the settings: what is refused, what follows from them, and what an update says."""

from pathlib import Path
from typing import Any

import pytest

from portico.config.backups import list_sources
from portico.config.messages.managed_changes import announce_managed, announce_removed, list_refused
from portico.config.plan import make_plan
from portico.config.services.managed import (
    describe_managed,
    name_managed,
    offer_connections,
    spell_windows,
    tell_managed,
)
from portico.config.services.urls import fill_in
from portico.config.settings import Mistakes
from portico.config.settings.service import Service
from tests.config.aws_sample import make_aws_values
from tests.config.ecs_sample import make_ecs_values
from tests.config.sample import make_site, make_values, read_settings

DB = {"name": "db", "kind": "postgres", "managed": True}
CACHE = {"name": "cache", "kind": "valkey", "managed": True}
KEY = "arn:aws:kms:eu-central-1:123456789012:key/0a1b2c3d"
BLOG = make_site(name="blog", hosts=["blog.example"])


def read(**values: Any) -> Service:
    return Service.model_validate(values)


def refuse(root: Path, *sites: Any, ecs: bool = True, **stack: Any) -> list[str]:
    make = make_ecs_values if ecs else make_values
    with pytest.raises(Mistakes) as raised:
        make_plan(make(*sites, **stack), root)
    return [str(one) for one in raised.value.all]


@pytest.mark.parametrize(
    ("service", "said"),
    [
        (DB | {"image": "postgres:18.6"}, "services[0]: image is for a container, and AWS runs this one; leave it out"),
        (DB | {"memory": "1G"}, "services[0]: memory is for a container, and AWS runs this one; leave it out"),
        (
            DB | {"instance": "cache.t4g.micro"},
            'services[0]: instance "cache.t4g.micro" is none for postgres; write one such as db.t4g.micro',
        ),
        (DB | {"storage": "10G"}, "services[0]: storage 10G is less than AWS sells; write at least 20G"),
        (
            DB | {"storage": "100G", "storageLimit": "109G"},
            "services[0]: storageLimit 109G lets it not grow; write at least 110G, or 100G",
        ),
        (CACHE | {"storage": "20G"}, "services[0]: storage is for postgres, and a cache has no disk; leave it out"),
        (DB | {"name": "a--b"}, 'services[0]: name "a--b": AWS takes no two dashes side by side; write one'),
        (
            DB | {"key": KEY.replace("central", "west")},
            "services[0].key: is in eu-west-1, and a service in eu-central-1 needs a key there; write its ARN",
        ),
        (
            DB | {"backupDays": 0},
            "services[0].backupDays: 0 does not fit; write at least 1",
        ),
        (
            DB | {"window": "sunday"},
            'services[0].window: "sunday" is not a day and a time; write a day of three letters and a time in UTC, '
            "such as sun:03:30",
        ),
    ],
)
def test_what_aws_would_not_take_is_refused(root: Path, service: Any, said: str) -> None:
    assert refuse(root, services=[service]) == [said]


@pytest.mark.parametrize("name", ["instance", "window", "key", "snapshot"])
@pytest.mark.parametrize("text", ["", "a b", 'x"', "x\n", "$(id)", "-", "é", "x" * 300])
def test_no_other_text_gets_to_aws(root: Path, name: str, text: str) -> None:
    (said,) = refuse(root, services=[DB | {name: text}])
    assert said.startswith(f"services[0].{name}: ") and said.isprintable()


def test_what_is_aws_alone_is_refused_of_a_container(root: Path) -> None:
    plain = {"name": "db", "kind": "postgres", "standby": True, "backupDays": 3}
    said = "is for a service with managed; write managed: true, or leave it out"
    assert refuse(root, services=[plain], ecs=False) == [
        f"services[0]: standby {said}",
        f"services[0]: backupDays {said}",
    ]


@pytest.mark.parametrize("target", ["local", "ssh"])
def test_a_machine_has_containers(root: Path, target: str) -> None:
    section = {"ssh": {"host": "a.example", "user": "me"}} if target == "ssh" else {}
    assert refuse(root, ecs=False, services=[DB], target=target, **section) == [
        f"services[0].managed: is for the targets ecs and aws, and on {target} db is a container; leave it out"
    ]


def test_a_vm_has_both_kinds_and_few_that_aws_runs(root: Path) -> None:
    services = [{"name": "own", "kind": "postgres"}, DB | {"key": KEY.replace("central", "west")}]
    services += [CACHE | {"name": f"cache-{number}"} for number in range(4)]
    with pytest.raises(Mistakes) as raised:
        make_plan(make_aws_values(services=services), root)
    assert [str(one) for one in raised.value.all] == [
        "services[1].key: is in eu-west-1, and a service in eu-central-1 needs a key there; write its ARN",
        "services: are 5 with managed, and a VM gets to 4 at most, by a group of AWS's for each",
    ]
    assert make_plan(make_aws_values(services=[services[0], DB, *services[2:5]]), root)


def test_backups_are_of_containers_and_no_site_with_another_one_is_rehearsed(root: Path) -> None:
    own, site = {"name": "own", "kind": "postgres"}, make_site(uses=["db"], release={"command": "x", "rehearse": True})
    values = make_aws_values(services=[own, DB]) | {"backups": {"to": "s3://bucket/x", "region": "eu-central-1"}}
    with pytest.raises(Mistakes) as raised:
        make_plan(values | {"sites": [site]}, root)
    assert (
        "sites[0].release.rehearse: db has managed: true, so it is in no backup of Portico's, and there is no copy to "
        "try it on; leave it out"
    ) in [str(one) for one in raised.value.all]
    with pytest.raises(Mistakes, match="backups: there is nothing to back up: AWS runs db, and copies it itself"):
        make_plan(values | {"services": [DB], "sites": [make_site(uses=["db"])]}, root)
    users = [make_site(uses=["db"]), BLOG | {"uses": ["own"]}]
    settings = read_settings(root, *users, **make_aws_values(services=[own, DB]) | {"sites": users})
    assert [one["name"] for one in list_sources(settings)] == ["own/blog"]


def test_it_is_one_sites(root: Path) -> None:
    (said,) = refuse(root, make_site(uses=["db"]), BLOG | {"uses": ["db"]}, services=[DB])
    assert said.startswith(
        "services[0].name: db is used by shop and blog, and a database that AWS runs belongs to one site"
    )


def test_its_urls_are_secrets_over_tls_and_name_neither_password_nor_address(root: Path) -> None:
    plan = make_plan(make_ecs_values(make_site(uses=["db", "cache"]), services=[DB, CACHE]), root)
    (release,) = plan.releases
    assert release.variables == ("DATABASE_URL", "REDIS_URL")
    given = plan.secrets["shop"]
    words = dict.fromkeys(given, "0a1b"), dict.fromkeys(given, "x.example")
    assert fill_in(given, *words) == {
        "DATABASE_URL": "postgresql://app:0a1b@x.example:5432/app?sslmode=require",
        "REDIS_URL": "rediss://:0a1b@x.example:6379/0?ssl_cert_reqs=required",
    }


@pytest.mark.parametrize(
    ("window", "week", "day"),
    [
        ("sun:03:30", "sun:03:30-sun:04:30", "02:00-03:00"),
        ("sun:23:30", "sun:23:30-mon:00:30", "22:00-23:00"),
        ("mon:00:15", "mon:00:15-mon:01:15", "22:45-23:45"),
    ],
)
def test_the_backup_ends_before_changes_may_begin(window: str, week: str, day: str) -> None:
    assert spell_windows(read(**DB, window=window)) == (week, day)


def test_names_are_those_that_aws_takes() -> None:
    db, cache = read(**DB), read(**CACHE)
    assert name_managed("shop", "prod", db, "0a1b2c3d") == "shop-prod-db-0a1b2c3d"
    assert name_managed("7 Seas.Web_1", "prod", db, "0a1b2c3d") == "p-7-seas-web-1-prod-db-0a1b2c3d"
    for service, most in ((db, 63), (cache, 40)):
        found = name_managed("p" * 30 + "-" + "q" * 60, "prod", service, "0a1b2c3d")
        assert len(found) <= most and "--" not in found and found.endswith("-0a1b2c3d")


def test_what_is_promised_of_a_database(root: Path) -> None:
    settings = read_settings(root, make_site())
    made = describe_managed(settings, read(**DB), "x-db-1")
    wanted = {
        "storage_encrypted": True,
        "publicly_accessible": False,
        "backup_retention_period": 7,
        "auto_minor_version_upgrade": True,
        "allow_major_version_upgrade": False,
        "deletion_protection": False,
        "skip_final_snapshot": False,
        "final_snapshot_identifier": "x-db-1",
        "performance_insights_enabled": True,
        "multi_az": False,
        "allocated_storage": 20,
        "max_allocated_storage": 100,
        "instance_class": "db.t4g.micro",
    }
    assert {name: made[name] for name in wanted} == wanted
    protected = settings.model_copy(update={"protect": True})
    other = describe_managed(protected, read(**DB, storageLimit="20G", standby=True, key=KEY), "x-db-1")
    assert other["deletion_protection"] and other["multi_az"] and "max_allocated_storage" not in other
    assert other["kms_key_id"] == other["performance_insights_kms_key_id"] == KEY


def test_what_is_promised_of_a_cache(root: Path) -> None:
    made = describe_managed(read_settings(root, make_site()), read(**CACHE, standby=True), "x-cache-1")
    assert made["at_rest_encryption_enabled"] and made["transit_encryption_enabled"]
    assert made["num_cache_clusters"] == 2 and made["automatic_failover_enabled"] and made["multi_az_enabled"]
    assert made["snapshot_retention_limit"] == 7 and made["final_snapshot_identifier"] == "x-cache-1"


BEFORE = tell_managed(read(**DB, storage="50G"), "x-db-1", "shop", "eu-central-1")


@pytest.mark.parametrize(
    ("changes", "path", "said"),
    [
        ({"version": "17"}, "version", "has data of PostgreSQL 18, which AWS would convert with no way back"),
        ({"key": KEY}, "key", "is encrypted with another key, for all its life"),
        ({"storage": "20G"}, "storage", "the disk of db has 50G, and AWS makes none smaller; write 50G"),
        ({"kind": "valkey"}, "kind", "db is postgres already"),
    ],
)
def test_what_would_be_another_one_is_refused(changes: dict[str, str], path: str, said: str) -> None:
    after = read(**DB | {"storage": "50G"} | changes) if "kind" not in changes else read(**DB | changes)
    (found,) = list_refused("services[0]", after, BEFORE, tell_managed(after, "x-db-1", "shop", "eu-central-1"))
    assert found.path == f"services[0].{path}" and said in found.text


@pytest.mark.parametrize(
    ("changes", "site", "said"),
    [
        ({}, "shop", []),
        (
            {"instance": "db.t4g.small"},
            "shop",
            ["moves from db.t4g.micro to db.t4g.small: shop cannot reach it for 5 to 10 minutes."],
        ),
        (
            {"standby": True},
            "shop",
            ["gets a second one in another zone, while it serves."],
        ),
        (
            {},
            "blog",
            ["gets another password, and is then reached by blog alone, with all its data."],
        ),
        (
            {"storage": "60G"},
            "shop",
            ["gets a disk of 60G, while it serves; AWS changes it again after 6 hours."],
        ),
    ],
)
def test_a_change_is_said_with_what_it_interrupts(changes: dict[str, Any], site: str, said: list[str]) -> None:
    after = read(**DB | {"storage": "50G"} | changes)
    found = announce_managed(after, BEFORE, tell_managed(after, "x-db-1", site, "eu-central-1"))
    assert found == [f"db: PostgreSQL 18 on RDS {one}" for one in said]
    assert not list(list_refused("services[0]", after, BEFORE, tell_managed(after, "x-db-1", site, "eu-central-1")))


def test_the_first_one_and_the_last_snapshot_are_said() -> None:
    db = read(**DB)
    (first,) = announce_managed(db, None, tell_managed(db, "x-db-1", "shop", "eu-central-1"))
    assert first == (
        "db: PostgreSQL 18 on RDS, db.t4g.micro, begins empty; shop alone reaches it. AWS takes 5 to 15 minutes to "
        "make it, and shop waits for it."
    )
    again = read(**DB, snapshot="x-db-0")
    assert (
        "begins from the snapshot x-db-0; "
        in announce_managed(again, None, tell_managed(again, "x-db-1", "", "eu-central-1"))[0]
    )
    assert announce_removed("db", BEFORE) == (
        "db: PostgreSQL on RDS is removed; AWS keeps its last state as the snapshot x-db-1, which is paid for until "
        "you delete it. `snapshot: x-db-1` begins with it."
    )


@pytest.mark.parametrize(
    ("instance", "least", "most"),
    [
        ("db.t4g.micro", 75, 90),
        ("db.m7g.large", 800, 901),
        ("db.r7g.large", 1700, 1803),
        ("db.m7g.4xlarge", 5000, 5000),
    ],
)
def test_connections_follow_from_the_machine(instance: str, least: int, most: int) -> None:
    assert least <= offer_connections(read(**DB, instance=instance)) <= most


def test_more_connections_than_there_are_are_said(root: Path) -> None:
    site = make_site(uses=["db"], replicas=4, gunicorn={"workers": 4, "threads": 4})
    (said,) = [one for one in make_plan(make_ecs_values(site, services=[DB]), root).advise() if "connections" in one]
    assert said.startswith("shop may open 133 connections to db while a release replaces another, and db.t4g.micro")
    larger = make_plan(make_ecs_values(site, services=[DB | {"instance": "db.t4g.medium"}]), root)
    assert not [one for one in larger.advise() if "connections" in one]


def test_it_stays_in_its_region() -> None:
    after = read(**DB, storage="50G")
    (found,) = list_refused("services[0]", after, BEFORE, tell_managed(after, "x-db-1", "shop", "eu-west-1"))
    assert found.path == "services[0]" and "db is in eu-central-1, and stays there" in found.text
