"""What is said before an update."""

from pathlib import Path
from typing import Any

import pytest

from portico.components.ecs.preview import Planned, announce
from tests.components.ecs.sample import deploy
from tests.config.sample import make_site

PREVIOUS: dict[str, Any] = {"releases": {"shop": "r1"}, "trees": {"shop": "t1"}}


def say(release: str = "r1", tree: str = "t1", previous: dict[str, Any] | None = None, replicas: int = 2) -> list[str]:
    planned = [Planned(site="shop", release=release, tree=tree, replicas=replicas)]
    return announce(PREVIOUS if previous is None else previous, planned)


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
    "previous", [{}, {"releases": {"shop": "r1"}, "tree": "t1"}], ids=["the first update", "from another engine"]
)
def test_what_was_not_here_is_new(previous: dict[str, Any]) -> None:
    assert say(previous=previous) == ["shop: new, 2 tasks; it is served as soon as they are healthy."]
    assert say(previous=previous, replicas=1) == ["shop: new, 1 task; it is served as soon as they are healthy."]


def test_a_site_that_goes_is_said_to_go() -> None:
    assert announce(PREVIOUS, []) == ["shop: removed; its host names get a 404."]


def test_it_is_said_in_previews_alone(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    monkeypatch.setattr("pulumi.log.info", said.append)
    before = deploy(root).exports
    assert said == []
    monkeypatch.setattr("pulumi.runtime.is_dry_run", lambda: True)
    deploy(root, previous=before)
    assert said == []
    deploy(root, make_site(immutable=False), previous=before)
    assert [line.partition(",")[0] for line in said] == ["shop: rolling replacement"]


def test_what_runs_beside_the_web_is_said_to_begin_to_change_and_to_go() -> None:
    def say_of(processes: dict[str, str], before: dict[str, str], release: str = "r1") -> list[str]:
        planned = Planned(site="shop", release=release, tree="t1", replicas=2, processes=processes)
        return announce({**PREVIOUS, "processes": {"shop": before}}, [planned])

    queue, job = {"worker queue": "1"}, {"job nightly": "1"}
    assert say_of({**queue, **job}, {**queue, **job}) == []
    assert say_of(queue, {}) == ["shop: its worker queue begins once the web is live."]
    assert say_of({"worker queue": "2"}, queue) == ["shop: its worker queue is replaced, once the web is live."]
    assert say_of({}, job) == ["shop: its job nightly is removed."]
    # With another release they are others too.
    assert say_of({**queue, **job}, {**queue, **job}, "r2")[1:] == [
        "shop: its worker queue is replaced, once the web is live.",
        "shop: its job nightly runs in the new release from then on, once the web is live.",
    ]


def test_data_is_said_to_begin_once() -> None:
    planned = Planned(site="shop", release="r1", tree="t1", replicas=2, data=["media", "store"])
    reported = announce({**PREVIOUS, "data": {"shop": ["media"]}}, [planned])
    assert reported == [
        "shop: its data store begins with what the image has there; no release and no `down` removes it.",
    ]


def test_an_update_leaves_what_the_next_preview_needs(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    site = make_site(
        workers=[{"name": "queue", "command": "celery worker"}], data=[{"name": "store", "path": "/var/lib/shop"}]
    )
    before = deploy(root, site).exports
    said: list[str] = []
    monkeypatch.setattr("pulumi.log.info", said.append)
    monkeypatch.setattr("pulumi.runtime.is_dry_run", lambda: True)
    deploy(root, site, previous=before)
    assert said == []
    deploy(root, {**site, "workers": [{"name": "queue", "command": "celery worker --pool solo"}]}, previous=before)
    assert said == ["shop: its worker queue is replaced, once the web is live."]
