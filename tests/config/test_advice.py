"""What does not do what it says is said, each with its place, and refused nowhere."""

from pathlib import Path
from typing import Any

import pytest

from portico.config.plan import make_plan
from tests.config.sample import make_site, make_values

SECRETS = {"shop": {"REDIS_URL": "redis://:x@cache", "TOKEN": "t"}}


def advise(root: Path, **site: Any) -> list[str]:
    return make_plan(make_values(make_site(**site), secrets=SECRETS), root).advise()


def worker(command: str) -> dict[str, Any]:
    return {"workers": [{"name": "queue", "command": command}]}


@pytest.mark.parametrize(
    ("site", "said"),
    [
        ({"environment": {"FLASK_APP": "web"}}, "sites[0].environment.FLASK_APP: is for `flask` commands"),
        ({"environment": {"FLASK_ENV": "production"}}, "sites[0].environment.FLASK_ENV: is read by no Flask"),
        ({"environment": {"FLASK_DEBUG": "1"}}, "sites[0].environment.FLASK_DEBUG: turns on Flask's debug mode"),
        ({"environment": {"FLASK_RUN_PORT": "80"}}, "sites[0].environment.FLASK_RUN_PORT: is for `flask run`"),
        ({"environment": {"A": "$HOME/x"}}, "sites[0].environment.A: holds $HOME, and nothing puts"),
        ({"environment": {"A": "~/x"}}, "sites[0].environment.A: holds ~, and nothing puts"),
        ({"environment": {"A": "x/${ANY}"}}, "sites[0].environment.A: holds ${ANY}, and"),
        ({"environment": {"A": "${ANY:-x}"}}, "sites[0].environment.A: holds ${ANY:-x}, and"),
        ({"environment": {"A": "$B/x", "B": "y"}}, "sites[0].environment.A: holds $B, and"),
        ({"environment": {"A": "~/x\n"}}, "sites[0].environment.A: holds ~, and nothing puts"),
        ({"environment": {"A": "$TOKEN"}}, "sites[0].environment.A: holds $TOKEN, and"),
        (
            {"data": [{"name": "a", "path": "/app/shop.db"}]},
            "sites[0].data[0].path: /app/shop.db is named as a database's file, and it is a folder, which no SQLite "
            "can open; write path: /app/instance for",
        ),
        (
            {"data": [{"name": "a", "path": "/var/lib/shop/x.sqlite3"}]},
            "sites[0].data[0].path: /var/lib/shop/x.sqlite3 is named as a database's file, and it is a folder, which "
            "no SQLite can open; write path: /var/lib/shop for",
        ),
        (
            worker("sh -c 'rq worker --url $REDIS_URL'"),
            "sites[0].workers[0].command: puts the secret REDIS_URL on a command line, which every process of its "
            "machine may read; write sh -c 'RQ_REDIS_URL=… exec rq …'",
        ),
        (
            worker("bash -ec 'cd x && exec python run.py --token=\"$(cat /run/secrets/TOKEN)\"'"),
            "sites[0].workers[0].command: puts the secret TOKEN on a command line",
        ),
        (
            {"release": {"command": "sh -c 'flask load ${TOKEN}'"}},
            "sites[0].release.command: puts the secret TOKEN on a command line",
        ),
    ],
)
def test_it_is_said_with_its_place(root: Path, site: dict[str, Any], said: str) -> None:
    (line,) = advise(root, **site)
    assert line.startswith(said) and line.isprintable()


@pytest.mark.parametrize(
    "site",
    [
        {"environment": {"FLASK_DEBUG": "0", "FLASK_CONFIG": "prod"}},
        {"environment": {"A": "$2b$12$KXAB", "B": "cost $5", "C": "a~/b", "D": "$${X}", "E": "$HOMEx", "F": "$NAME"}},
        {"data": [{"name": "a", "path": "/app/shop.d"}]},
        worker("sh -c 'RQ_REDIS_URL=$REDIS_URL exec rq worker'"),
        worker("sh -c 'test -n \"$REDIS_URL\" && exec rq worker'"),
        worker("sh -c 'exec rq worker $QUEUE'"),
    ],
)
def test_what_does_as_it_says_is_not_spoken_of(root: Path, site: dict[str, Any]) -> None:
    assert advise(root, **site) == []
