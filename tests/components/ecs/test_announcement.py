"""What is said before an update."""

from pathlib import Path
from typing import Any

import pytest

from portico.components.ecs.preview import Planned, announce
from tests.components.ecs.sample import deploy
from tests.config.sample import make_site

PAST: dict[str, Any] = {"releases": {"shop": "r1"}, "trees": {"shop": "t1"}}


def say(release: str = "r1", tree: str = "t1", past: dict[str, Any] | None = None, replicas: int = 2) -> list[str]:
    planned = [Planned(site="shop", release=release, tree=tree, replicas=replicas)]
    return announce(PAST if past is None else past, planned)


def test_nothing_is_said_of_a_site_that_stays() -> None:
    assert say() == []


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"release": "r2"}, "the application"),
        ({"tree": "t2"}, "NGINX's files"),
        ({"release": "r2", "tree": "t2"}, "the application and NGINX's files"),
    ],
)
def test_a_change_is_a_rolling_replacement(changes: dict[str, Any], why: str) -> None:
    (line,) = say(**changes)
    assert line.startswith(f"shop: rolling replacement, since {why} changed") and line.endswith("no request is lost.")


@pytest.mark.parametrize(
    "past", [{}, {"releases": {"shop": "r1"}, "tree": "t1"}], ids=["the first update", "from another engine"]
)
def test_what_was_not_here_is_new(past: dict[str, Any]) -> None:
    assert say(past=past) == ["shop: new, 2 tasks; it is served as soon as they are healthy."]
    assert say(past=past, replicas=1) == ["shop: new, 1 task; it is served as soon as they are healthy."]


def test_a_site_that_goes_is_said_to_go() -> None:
    assert announce(PAST, []) == ["shop: removed; its host names get a 404."]


def test_it_is_said_in_previews_alone(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    monkeypatch.setattr("pulumi.log.info", said.append)
    before = deploy(root).exports
    assert said == []
    monkeypatch.setattr("pulumi.runtime.is_dry_run", lambda: True)
    deploy(root, past=before)
    assert said == []
    deploy(root, make_site(immutable=False), past=before)
    assert [line.partition(",")[0] for line in said] == ["shop: rolling replacement"]
