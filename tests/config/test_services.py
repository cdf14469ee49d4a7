"""Services in the settings: what is refused, what follows from them, and that nobody else's release changes."""

import base64
import hashlib
import hmac
from pathlib import Path
from typing import Any

import pytest

from portico.config.messages.service_changes import announce_service, tell_made
from portico.config.plan import make_plan
from portico.config.release.assemble import make_release
from portico.config.release.release_command import key_command
from portico.config.services.connections import count_connections, limit_connections, limit_memory
from portico.config.services.containers import describe_server
from portico.config.services.server import make_verifier, write_grants, write_options, write_users
from portico.config.services.urls import add_urls, fill_in, list_urls
from portico.config.settings import Mistakes
from portico.config.settings.service import IMAGES
from tests.config.sample import make_site, make_values, read_settings

DB = {"name": "db", "kind": "postgres"}
CACHE = {"name": "cache", "kind": "valkey"}
BLOG = make_site(name="blog", hosts=["blog.example"])


def refuse(root: Path, *sites: Any, secrets: Any = None, **stack: Any) -> list[str]:
    """What is said of these settings."""
    with pytest.raises(Mistakes) as raised:
        make_plan(make_values(*sites, **stack) | ({"secrets": secrets} if secrets else {}), root)
    return [str(one) for one in raised.value.all]


@pytest.mark.parametrize(
    ("site", "stack", "said"),
    [
        ({"uses": ["dbb"]}, {"services": [DB]}, 'sites[0].uses: there is no service "dbb"; did you mean db?'),
        ({"uses": ["db"]}, {}, 'sites[0].uses: there is no service "db"; write it in services, or leave it out here'),
        ({"uses": ["db", "db"]}, {"services": [DB]}, "sites[0].uses: names a service twice; write each once"),
        (
            {"uses": ["db", "other"]},
            {"services": [DB, DB | {"name": "other"}]},
            "sites[0].uses: db and other would both give DATABASE_URL; write one postgres for a site",
        ),
        ({}, {"services": [DB, DB]}, 'services[1].name: "db" is listed twice; write each name once'),
        (
            {},
            {"services": [DB | {"name": "shop"}]},
            'services[0].name: "shop" is the name of a site; write another, such as db',
        ),
        (
            {},
            {"services": [DB | {"version": "8.1"}]},
            'services[0]: version "8.1" is none of postgres; write one of: 18, 17',
        ),
        (
            {},
            {"services": [DB | {"evict": True}]},
            "services[0]: evict is for valkey, and a database forgets nothing; leave it out",
        ),
        (
            {"uses": ["db"]},
            {"services": [DB | {"memory": "64M"}]},
            "services[0].memory: 64M is too little for the 100 connections that its sites may open; write at least "
            "492M",
        ),
        (
            {},
            {"services": [CACHE | {"memory": "8M"}]},
            "services[0].memory: 8M is too little for Valkey; write at least 64M",
        ),
        (
            {"name": "postgres", "uses": ["db"]},
            {"services": [DB]},
            'sites[0].name: "postgres" cannot be the name of a database: PostgreSQL reserves it; write another',
        ),
        (
            {"uses": ["db"], "environment": {"DATABASE_URL": "x"}},
            {"services": [DB]},
            "sites[0].uses: the service db gives DATABASE_URL, which sites[0].environment sets too; remove it there",
        ),
    ],
)
def test_what_cannot_be_is_refused(root: Path, site: Any, stack: Any, said: str) -> None:
    assert refuse(root, make_site(**site), **stack) == [said]


def test_a_cache_is_one_site_s(root: Path) -> None:
    sites = (make_site(uses=["cache"]), BLOG | {"uses": ["cache"]})
    (said,) = refuse(root, *sites, services=[CACHE])
    assert said.startswith("services[0].name: cache is used by shop and blog, and each would read the other's keys")


def test_a_secret_of_the_same_name_is_reported(root: Path) -> None:
    (said,) = refuse(root, make_site(uses=["db"]), services=[DB], secrets={"shop": {"DATABASE_URL": "mine"}})
    assert "a secret of shop too: pulumi config rm --path portico:secrets.shop.DATABASE_URL" in said


def test_on_ecs_it_says_what_to_write_instead(root: Path) -> None:
    said = refuse(root, make_site(uses=["db"]), services=[DB], target="ecs", ecs={"region": "eu-central-1"})
    (found,) = [one for one in said if one.startswith("services[0]:")]
    assert "write managed: true, so that AWS runs it" in found and "secrets.SITE.DATABASE_URL" in found


def test_the_address_is_a_secret_and_a_variable(root: Path) -> None:
    plan = make_plan(make_values(make_site(uses=["db", "cache"]), BLOG, services=[DB, CACHE]), root)
    shop, blog = plan.releases
    assert shop.variables == ("DATABASE_URL", "REDIS_URL") and blog.variables == ()
    assert set(plan.secrets["shop"]) == {"DATABASE_URL", "REDIS_URL"} and "blog" not in plan.secrets
    filled = fill_in(plan.secrets["shop"], {"DATABASE_URL": "one", "REDIS_URL": "two"})
    assert filled == {
        "DATABASE_URL": "postgresql://shop:one@db.portico.internal:5432/shop",
        "REDIS_URL": "redis://shop:two@cache.portico.internal:6379/0",
    }
    # Named to be a file, it is no variable.
    site = make_site(uses=["db"], secretsAs={"DATABASE_URL": "files"})
    (apart,) = make_plan(make_values(site, services=[DB]), root).releases
    assert apart.variables == ()


def test_own_secrets_stay_what_they_are(root: Path) -> None:
    settings = read_settings(root, make_site(uses=["db"]), services=[DB])
    assert set(add_urls(settings, {"shop": {"KEY": "x"}})["shop"]) == {"KEY", "DATABASE_URL"}
    (site,) = settings.sites
    release = make_release(settings, site, root, {"KEY": "x", **list_urls(settings, site)})
    assert release.variables == ("DATABASE_URL",)


def test_a_site_without_a_service_stays_the_same_release(root: Path) -> None:
    plain = make_plan(make_values(make_site(release={"command": "true"}), BLOG), root).releases
    beside = make_plan(
        make_values(make_site(release={"command": "true"}), BLOG | {"uses": ["db"]}, services=[DB]), root
    ).releases
    assert plain[0].id == beside[0].id and plain[1].id != beside[1].id
    assert key_command(plain[0]) == key_command(beside[0])


def test_connections_follow_from_workers_and_threads(root: Path) -> None:
    shop = make_site(
        uses=["db"],
        replicas=3,
        gunicorn={"workers": 2, "threads": 5},
        workers=[{"name": "queue", "command": "work", "replicas": 2}],
        schedule=[{"name": "nightly", "cron": "0 3 * * *", "command": "tidy"}],
    )
    settings = read_settings(root, shop, BLOG | {"uses": ["db"]}, services=[DB])
    # Two releases of 30 threads and of three other processes of four each, and five by hand.
    assert [count_connections(settings, one) for one in settings.sites] == [2 * (30 + 12) + 5, 2 * 16 + 5]
    (service,) = settings.services
    assert limit_connections(settings, service) == 150 and limit_memory(settings, service) == 192 + 3 * 150 + 62
    options = write_options(settings, service)
    assert "max_connections=150" in options and f"shared_buffers={704 // 4}MB" in options
    grants = write_grants(settings, service, {"shop": "a", "blog": "b"})
    assert 'ALTER ROLE "shop" WITH LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE CONNECTION LIMIT 89 ' in grants


def test_a_cache_forgets_only_where_it_is_said(root: Path) -> None:
    for evict, policy in ((False, "noeviction"), (True, "allkeys-lru")):
        settings = read_settings(root, make_site(uses=["cache"]), services=[CACHE | {"evict": evict, "memory": "1G"}])
        assert write_options(settings, settings.services[0])[2:] == [
            "--maxmemory",
            "614mb",
            "--maxmemory-policy",
            policy,
        ]


def test_no_password_is_handed_over(root: Path) -> None:
    settings = read_settings(root, make_site(uses=["db", "cache"]), services=[DB, CACHE])
    db, cache = settings.services
    texts = [write_grants(settings, db, {"shop": "geheim"}), write_users(settings, cache, {"shop": "geheim"})]
    assert not any("geheim" in one for one in texts)
    assert f"user shop on #{hashlib.sha256(b'geheim').hexdigest()} " in texts[1]


def test_the_verifier_is_that_of_rfc_5803() -> None:
    kind, rounds, keys = make_verifier("geheim").split("$")
    count, salt = rounds.split(":")
    stored, server = map(base64.b64decode, keys.split(":"))
    salted = hashlib.pbkdf2_hmac("sha256", b"geheim", base64.b64decode(salt), int(count))
    assert kind == "SCRAM-SHA-256" and make_verifier("geheim") == make_verifier("geheim")
    assert stored == hashlib.sha256(hmac.digest(salted, b"Client Key", "sha256")).digest()
    assert server == hmac.digest(salted, b"Server Key", "sha256")


@pytest.mark.parametrize(("kind", "version", "line"), [("postgres", 17, "17"), ("valkey", 8.1, "8.1")])
def test_a_version_may_be_written_without_quotes(root: Path, kind: str, version: object, line: str) -> None:
    service = {"name": "db", "kind": kind, "version": version}
    settings = read_settings(root, make_site(uses=["db"]), services=[service])
    assert settings.services[0].release_line == line


@pytest.mark.parametrize("version", IMAGES["postgres"])
def test_the_folder_is_where_the_image_has_its_volume(root: Path, version: str) -> None:
    settings = read_settings(root, make_site(uses=["db"]), services=[DB | {"version": version}])
    (service,) = settings.services
    folder = "/var/lib/postgresql/data" if version == "17" else "/var/lib/postgresql"
    made = describe_server(settings, service, "volume", "network")
    assert made["volumes"] == [{"volume_name": "volume", "container_path": folder}] and made["command"][0] == folder
    assert service.data.name == f"postgres-{version}"


def announce(root: Path, before: Any, **service: Any) -> list[str]:
    """What is said of the service where it was made of `before`, and is of these settings now."""
    settings = read_settings(root, make_site(uses=["db"]), services=[DB | service])
    (db,) = settings.services
    return [str(one) for one in announce_service(db, before, tell_made(settings, db, ["shop"]), ["shop"])]


def test_what_becomes_of_a_service_is_reported(root: Path) -> None:
    settings = read_settings(root, make_site(uses=["db"]), services=[DB])
    before = tell_made(settings, settings.services[0], ["shop"])
    assert announce(root, None) == ["db: PostgreSQL 18 starts; shop alone reaches it."]
    assert announce(root, before) == []
    assert announce(root, before | {"connections": 50, "parts": "x"}, memory="1G") == [
        "db: PostgreSQL 18 ends and starts again (its limit of connections from 50 to 100 and its memory "
        "from 512M to 1024M change); shop cannot reach it for some seconds."
    ]
    assert announce(root, before | {"parts": "older"}) == [
        "db: PostgreSQL 18 ends and starts again (how Portico starts it changes); shop cannot reach it for some "
        "seconds."
    ]
