"""A site's release command and workers among the parts of a whole stack."""

from pathlib import Path
from typing import Any

import pulumi
import pytest

from portico.components.barrier import PUT_OFF
from portico.components.docker.switch_verdict import Ended
from portico.config.release.release_command import key_command
from tests.components.recorder import CONTAINER, Recorder, Resource
from tests.components.sample import BLOG, SECRET, deploy, make_stack
from tests.config.sample import make_site

QUEUE = {"name": "queue", "command": "work", "replicas": 2, "stop": "90s"}
BEAT = {"name": "beat", "command": "tick", "single": True}
SITE = make_site(release={"command": "flask db upgrade", "timeout": "1h"}, workers=[QUEUE, BEAT])
COMMAND = "shop-release-command"
WORKERS = ["shop-worker.beat-0", "shop-worker.queue-0", "shop-worker.queue-1"]


@pytest.fixture
def made(root: Path) -> Recorder:
    return deploy(root, SITE, BLOG, secrets={"shop": {"KEY": SECRET}})


def find_places(made: Recorder) -> dict[str, int]:
    """The place of each container in the order in which they were registered."""
    names = [one.name for one in made.resources if one.type == CONTAINER]
    return {name: place for place, name in enumerate(names)}


def test_the_order_is_files_command_replicas_switch_workers(made: Recorder) -> None:
    places = find_places(made)
    order = ["shop-files", COMMAND, "shop-gunicorn-0", "portico-release-switch"]
    assert [places[name] for name in order] == sorted(places[name] for name in order)
    assert all(places[name] > places["portico-release-switch"] for name in WORKERS)
    assert made.container("shop-files").urn in made.container(COMMAND).dependencies
    for index in range(2):
        assert made.container(COMMAND).urn in made.container(f"shop-gunicorn-{index}").dependencies
    assert all(made.container("portico-release-switch").urn in made.container(one).dependencies for one in WORKERS)


def test_a_preview_that_cannot_know_the_end_of_a_command_shows_no_replica_as_changed(made: Recorder) -> None:
    replica = made.container("shop-gunicorn-0")
    assert all(made.container(COMMAND).urn not in needed for needed in replica.needs.values())


def test_what_comes_after_a_command_or_the_switch_asks_before_it_is_made(made: Recorder) -> None:
    assert made.container("shop-gunicorn-0").create_hooks == ("shop-release-barrier",)
    assert {made.container(one).create_hooks for one in WORKERS} == {("shop-worker-barrier",)}
    assert made.container("blog-gunicorn-0").create_hooks == ()


def test_new_ones_start_before_old_ones_end_and_have_their_time(made: Recorder) -> None:
    for name in [COMMAND, *WORKERS]:
        found = made.container(name)
        assert (found.delete_before_replace, found.replace_on_changes) == (False, ("*",))
    assert made.container("shop-worker.queue-0").inputs["destroyGraceSeconds"] == 95


def test_all_are_containers_of_the_release_with_its_image_secrets_and_network(made: Recorder) -> None:
    replica = made.container("shop-gunicorn-0")
    for name in [COMMAND, *WORKERS]:
        found = made.container(name)
        assert found.inputs["image"] == replica.inputs["image"]
        assert found.mounts == replica.mounts
        assert found.inputs["networksAdvanced"] == [{"name": "portico-network-bridge-0123456"}]
        assert found.labels["portico.release"] == replica.labels["portico.release"]
        assert SECRET not in str(found.raw)


def test_a_site_without_any_has_no_such_component(made: Recorder) -> None:
    assert made.component("ReleaseCommand").name == "shop-release"
    assert made.component("Workers").name == "shop-worker"
    assert made.registered_outputs("Workers") == {
        "containers": [f"{name}-id" for name in sorted(WORKERS)[1:] + WORKERS[:1]]
    }


def fail(root: Path, seen: list[Resource], *sites: Any, **states: dict[str, Any]) -> str:
    with pytest.raises(pulumi.RunError) as caught:
        deploy(root, *sites, seen=seen, states=states)
    return str(caught.value)


def test_where_a_command_fails_the_run_fails_and_its_site_is_named(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reported: list[str] = []
    monkeypatch.setattr(pulumi.log, "error", lambda text: reported.append(text))
    monkeypatch.setattr("portico.components.docker.release_command.tell_full", lambda _: "there is no space")
    seen: list[Resource] = []
    said = fail(root, seen, SITE, BLOG, **{COMMAND: {"exitCode": 3}})
    assert said == "shop did not go live; see the error above."
    (first, *_) = reported
    release = make_stack(root, SITE).releases[0].id
    assert (
        first.startswith(
            f"shop-release-command (`flask db upgrade`) failed. No replica of release {release} was made; "
            "there is no release of shop before it."
        )
        or "Docker could not be asked why" in first
    )
    assert first.endswith("\nthere is no space")


@pytest.mark.parametrize(
    ("code", "logs", "serves"),
    [
        (0, "", True),
        (None, "", True),
        (1, "@refused shop 0 1 x\n@live blog", False),
        (1, "@refused blog 0 1 x\n@live shop", True),
        # in maintenance: nobody asks for its replicas
        (1, "@refused blog 0 1 x\n@live other", True),
        (1, "the tree is not there any more", False),
    ],
)
def test_workers_follow_what_the_switch_says_of_their_site(code: int | None, logs: str, serves: bool) -> None:
    assert Ended("t", "e", [], code, logs).serves("shop") is serves


def test_a_site_that_goes_back_runs_nothing_and_has_the_workers_of_its_release(root: Path) -> None:
    """Not even where a secret has changed since, which would be another key."""
    release = make_stack(root, SITE).releases[0]
    made = deploy(root, SITE, pinned={"shop": release.id}, history={"shop": ()}, images=None)
    assert COMMAND not in find_places(made) and set(WORKERS) <= find_places(made).keys()
    assert made.container("shop-gunicorn-0").create_hooks == ()


def last(name: str, attempt: int, **outputs: Any) -> dict[str, Any]:
    labels = [{"label": "portico.attempt", "value": str(attempt)}]
    return {
        f"urn:pulumi:test::portico::{CONTAINER}::{name}": {
            "type": CONTAINER,
            "outputs": {"labels": labels, "name": f"{name}-1", **outputs},
        }
    }


def test_what_is_not_seen_to_have_ended_well_or_to_run_gets_another_number(root: Path) -> None:
    """The engine of the sample shows no container."""
    known = last(COMMAND, 4) | last("shop-worker.beat-0", 2)
    made = deploy(root, SITE, known=known, images=[])
    assert made.container(COMMAND).labels["portico.attempt"] == "5"
    assert made.container("shop-worker.beat-0").labels["portico.attempt"] == "3"
    assert made.container("shop-worker.queue-0").labels["portico.attempt"] == "0"


def test_the_command_has_the_key_of_what_it_depends_on(made: Recorder, root: Path) -> None:
    release = make_stack(root, SITE, secrets={"shop": {"KEY": SECRET}}).releases[0]
    assert made.container(COMMAND).labels["portico.key"] == key_command(release)


def test_the_words_by_which_a_failure_is_known_are_those_that_are_left_out() -> None:
    from portico.cli.failure import tidy

    assert tidy(f'before hook "x" failed: shop-gunicorn-0 {PUT_OFF}') == ""
