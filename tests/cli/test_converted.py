"""`portico init --from`: what a Compose file and a Procfile say is taken over, or said not to be."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner, Result

from portico.cli.converted import spell_worker
from portico.cli.from_compose import read_compose
from portico.cli.from_procfile import read_procfile
from portico.cli.main import portico
from portico.cli.refused import Refused
from portico.config.checks import check_settings

PROCFILE = """# of Heroku
web: gunicorn shop:app --workers 3 --bind 0.0.0.0:$PORT --max-requests 500
release: flask db upgrade
worker: celery -A shop worker --loglevel info
clock: celery -A shop beat
metrics: cd tools && ./metrics
"""
COMPOSE = """
services:
  web:
    build: .
    command: ["gunicorn", "--threads=8", "-b", ":5000", "shop:app"]
    environment:
      GREETING: "on"
      RETRIES: 3
      SECRET_KEY: not-to-be-written
      DATABASE_URL: postgresql://shop:not-to-be-written@db/shop
      MODE: ${MODE:-production}
      PATH: /opt/bin
    volumes: ["uploads:/app/instance", "./src:/app/src"]
    env_file: .env
    mem_limit: 256m
    deploy: {replicas: 3}
    cap_add: [NET_ADMIN]
    restart: always
  jobs:
    build: .
    command: celery -A shop worker
  migrate:
    build: {context: .}
    command: flask db upgrade
  db:
    image: postgres:17
  proxy:
    image: nginx:1.30
    ports: ["9090:80"]
volumes: {uploads: {}}
"""


@pytest.fixture
def source(tmp_path: Path) -> Path:
    (tmp_path / "shop.py").write_text("from flask import Flask\napp = Flask(__name__)\n")
    (tmp_path / "requirements.txt").write_text("flask==3.1.3\n")
    return tmp_path


def init(source: Path, name: str, text: str, *words: str) -> tuple[Result, dict[str, Any]]:
    (source / name).write_text(text)
    done = CliRunner().invoke(portico, ["init", "--from", str(source / name), "--name", "shop", *words])
    assert done.exit_code == 0, done.output
    config = yaml.safe_load((source / "deploy" / "Pulumi.dev.yaml").read_text())["config"]
    values = {key.removeprefix("portico:"): value for key, value in config.items()}
    # What was written is what `up` takes.
    check_settings(values, source / "deploy")
    return done, values


def test_a_procfile_is_taken_over(source: Path) -> None:
    done, values = init(source, "Procfile", PROCFILE)
    (site,) = values["sites"]
    assert site["entry"] == "shop:app" and site["gunicorn"] == {"workers": 3}
    assert site["release"] == {"command": "flask db upgrade"}
    assert site["workers"] == [
        {"name": "worker", "command": "celery -A shop worker --loglevel info"},
        {"name": "clock", "command": "celery -A shop beat", "single": True},
    ]
    left = re.findall(r"Not taken over: (.*)\.\n", done.output)
    assert left[0] == "web: `--max-requests` of gunicorn: Portico writes gunicorn.conf.py itself"
    assert left[1].startswith("metrics: ") and "which only a shell understands" in left[1] and len(left) == 2


def test_a_compose_file_is_taken_over(source: Path) -> None:
    done, values = init(source, "docker-compose.yml", COMPOSE)
    (site,) = values["sites"]
    assert values["port"] == 9090 and (site["entry"], site["replicas"]) == ("shop:app", 3)
    assert site["gunicorn"] == {"threads": 8, "memory": "256M"}
    assert site["environment"] == {"GREETING": "on", "RETRIES": "3"}
    assert site["data"] == [{"name": "uploads", "path": "/app/instance"}]
    assert site["release"] == {"command": "flask db upgrade"}
    assert site["workers"] == [{"name": "jobs", "command": "celery -A shop worker"}]
    assert values["services"] == [{"name": "db", "kind": "postgres", "version": "17"}] and site["uses"] == ["db"]
    assert "--path portico:secrets.shop.SECRET_KEY" in done.output and "secrets.shop.DATABASE_URL" not in done.output
    written = "".join(file.read_text() for file in (source / "deploy").iterdir())
    assert "not-to-be-written" not in written + done.output
    left = re.findall(r"Not taken over: (.*)\.\n", done.output)
    words = (
        "MODE",
        "PATH",
        "./src",
        "uploads",
        "env_file",
        "cap_add",
        "db: its data: PostgreSQL 17 begins empty",
        "proxy: Portico's own NGINX",
    )
    assert [word for word in words if not any(word in line for line in left)] == []
    assert len(left) == len(words)


@pytest.mark.parametrize(
    ("image", "service"),
    [
        ("postgres", {"name": "my-db", "kind": "postgres"}),
        ("postgres:15-alpine", {"name": "my-db", "kind": "postgres"}),
        ("docker.io/library/postgres:18.1", {"name": "my-db", "kind": "postgres", "version": "18"}),
        (
            "pgvector/pgvector:pg17",
            {"name": "my-db", "kind": "postgres", "version": "17", "image": "pgvector/pgvector:pg17"},
        ),
        ("postgis/postgis:16-3.4", None),
        ("redis:7-alpine", {"name": "my-db", "kind": "valkey"}),
        ("valkey/valkey:8.1", {"name": "my-db", "kind": "valkey"}),
        ("mysql:8", None),
        ("shop/postgres:17", None),
    ],
)
def test_a_database_or_a_cache_is_taken_over(source: Path, image: str, service: dict[str, str] | None) -> None:
    compose = f"services: {{web: {{build: .}}, my_db: {{image: {image}}}}}\n"
    done, values = init(source, "compose.yaml", compose)
    assert values.get("services") == ([service] if service else None)
    assert values["sites"][0].get("uses") == (["my-db"] if service else None)
    (line,) = re.findall(r"Not taken over: (.*)\.\n", done.output)
    assert line.startswith("my_db: its data: " if service else f"my_db ({image}): Portico runs one PostgreSQL")


def test_variables_that_lead_to_a_service_lead_nowhere_any_more(source: Path) -> None:
    """Their values would be host names of Compose's network."""
    variables = {
        "DATABASE_URL": "postgresql+psycopg://shop:hidden@db:5432/shop",
        "REDIS_URL": "redis://cache",
        "CELERY_BROKER_URL": "redis://cache:6379/0",
        "POSTGRES_HOST": "db",
        "OTHER_HOST": "db.shop.example",
        "CACHED": "cache-control",
    }
    services = {"web": {"build": ".", "environment": variables}, "db": {"image": "postgres:18"}}
    compose = yaml.safe_dump({"services": {**services, "cache": {"image": "redis"}, "more": {"image": "redis"}}})
    done, values = init(source, "compose.yaml", compose)
    (site,) = values["sites"]
    assert site["environment"] == {"OTHER_HOST": "db.shop.example", "CACHED": "cache-control"}
    assert "Secret:" not in done.output and "hidden" not in done.output
    left = re.findall(r"Not taken over: (.*)\.\n", done.output)
    led = [line for line in left if " leads to " in line]
    assert [re.search(r"the variable (\w+) leads to (\w+)", line).groups() for line in led] == [  # type: ignore[union-attr]
        ("CELERY_BROKER_URL", "cache"),
        ("POSTGRES_HOST", "db"),
    ]
    assert [line for line in left if line.startswith("more (redis)")]


@pytest.mark.parametrize(
    ("name", "text", "why"),
    [
        ("Procfile", "# nothing\n", "names no process"),
        ("compose.yaml", "services: {db: {image: postgres}}\n", "has build"),
        ("compose.yaml", "services: {a: {build: .}, b: {build: .}}\n", "Write --service and one of: a b"),
        ("compose.yaml", "services: [\n", "not valid YAML"),
    ],
)
def test_what_cannot_be_read_is_refused(source: Path, name: str, text: str, why: str) -> None:
    (source / name).write_text(text)
    with pytest.raises(Refused, match=why):
        (read_procfile if name == "Procfile" else read_compose)(source / name)
    done = CliRunner().invoke(portico, ["init", "--from", str(source / name)])
    assert done.exit_code == 1 and not (source / "deploy").exists()


def test_another_file_is_refused(source: Path) -> None:
    for name in ("shop.py", "no.yaml"):
        done = CliRunner().invoke(portico, ["init", "--from", str(source / name)])
        assert done.exit_code == 1 and "--from: " in done.output


def test_the_service_can_be_named(source: Path) -> None:
    (source / "compose.yaml").write_text("services: {a: {build: .}, b: {build: ., command: gunicorn shop}}\n")
    assert read_compose(source / "compose.yaml", "b").entry == "shop:application"
    with pytest.raises(Refused, match="write one of: a b"):
        read_compose(source / "compose.yaml", "c")


@pytest.mark.parametrize(
    ("name", "spelt"), [("Worker_2", "worker-2"), ("web", "web-worker"), ("9", "w-9"), ("_", "worker")]
)
def test_a_worker_gets_a_name_that_it_can_have(name: str, spelt: str) -> None:
    assert spell_worker(name) == spelt
