"""What is said before an update of a site's release command and workers."""

from pathlib import Path
from typing import Any

import pytest

from portico.config.messages.change_summary import Outcome, announce, foresee, recall
from portico.config.messages.process_changes import tell_processes
from portico.config.release.assemble import make_release
from portico.config.release.release import Release
from portico.config.release.release_command import key_command
from portico.config.release.worker import digest_workers
from tests.config.sample import make_site, read_settings

UPGRADE = {"command": "flask db upgrade"}
QUEUE = {"name": "queue", "command": "work", "stop": "2m"}
BEAT = {"name": "beat", "command": "tick", "single": True}


def release(root: Path, **site: Any) -> Release:
    settings = read_settings(root, make_site(**site))
    return make_release(settings, settings.sites[0], root, {})


@pytest.mark.parametrize(
    ("done", "renewed", "reported"),
    [
        (False, True, ["It runs `flask db upgrade` first."]),
        (False, False, ["It runs `flask db upgrade` first."]),
        (True, True, ["`flask db upgrade` is not run again."]),
        (True, False, []),
    ],
)
def test_a_release_command_is_reported_where_it_runs_and_where_that_is_in_question(
    root: Path, done: bool, renewed: bool, reported: list[str]
) -> None:
    made = release(root, release=UPGRADE)
    assert tell_processes(made, renewed=renewed, done={key_command(made)} if done else (), workers={}) == reported


def tell(root: Path, now: list[Any], before: list[Any], renewed: bool = False, faults: Any = ()) -> list[str]:
    old = digest_workers(release(root, workers=before))
    return tell_processes(release(root, workers=now), renewed=renewed, done=(), workers=old, faults=faults)


def test_workers_are_reported_where_something_becomes_of_them(root: Path) -> None:
    both = [QUEUE, BEAT]
    queue = "Its worker queue: a new one starts, and the old one ends with its job, within 2m."
    beat = "Its worker beat ends (within 30s), then a new one begins: never two at once."
    assert tell(root, both, both) == []
    assert tell(root, both, both, renewed=True) == [queue, beat]
    assert tell(root, [QUEUE, {**BEAT, "command": "other"}], both) == [beat]
    assert tell(root, both, []) == ["Its workers queue, beat start once it is live."]
    assert tell(root, [], both) == ["Its workers queue, beat end last."]
    assert tell(root, [QUEUE], both) == ["Its worker beat ends last."]
    renamed = {**BEAT, "name": "clock"}
    assert tell(root, [QUEUE, renamed], both) == [
        "Its worker clock starts once it is live.",
        "Its worker beat ends before clock begins: never two single ones at once.",
    ]
    # Under the same name it has no lock that a single one could wait for.
    assert tell(root, [{**QUEUE, "single": True}], [QUEUE]) == [queue]
    # Who else is single waits for it, too.
    other = {**BEAT, "name": "other"}
    assert tell(root, [renamed, other], [QUEUE, BEAT, other]) == [
        "Its worker clock starts once it is live.",
        "Its worker other ends (within 30s), then a new one begins: never two at once.",
        "Its worker beat ends before clock, other begin: never two single ones at once.",
        "Its worker queue ends last.",
    ]
    assert tell(root, both, both, faults={"beat"}) == ["Its worker beat does not run: another one is made."]


def outcome(**changes: Any) -> Outcome:
    values: dict[str, Any] = {"releases": {"shop": "a", "blog": "b"}, "images": {"shop": "1", "blog": "2"}}
    return Outcome(**(values | {"tree": "t", "edge": {"port": 80}, "memory": 256} | changes))


def test_the_sentences_stand_behind_the_change_of_their_site(root: Path) -> None:
    replicas, further = {"shop": 1, "blog": 1}, {"shop": ["It runs `x` first."], "blog": []}
    changes = announce(outcome(), outcome(releases={"shop": "c", "blog": "b"}), replicas, {}, further)
    assert [change.kind for change in changes] == ["rolling"]
    assert str(changes[0]).endswith("then NGINX reloads. No request waits. It runs `x` first.")
    (alone,) = announce(outcome(), outcome(), replicas, {}, further)
    assert (alone.kind, str(alone)) == ("update", "shop: its replicas stay. It runs `x` first.")
    first = announce(None, outcome(), replicas, {}, further)
    assert [change.subject for change in first] == ["shop", "blog", "NGINX"]
    assert announce(outcome(), outcome(), replicas) == []


def test_what_workers_are_is_remembered_and_nothing_of_those_who_have_none(root: Path) -> None:
    settings = read_settings(root, make_site(workers=[QUEUE]))
    made = make_release(settings, settings.sites[0], root, {})
    left = foresee(settings, [made], "t", {"port": 80})
    read = recall({**left.export(), "releases": left.releases, "tree": "t"})
    assert read and read.workers == {"shop": digest_workers(made)}
    plain = read_settings(root)
    none = foresee(plain, [make_release(plain, plain.sites[0], root, {})], "t", {})
    assert "workers" not in none.export()
