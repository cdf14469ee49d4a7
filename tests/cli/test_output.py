"""What `portico up` prints, by event logs of real runs: few lines, each cause once, no line of a provider's source."""

from pathlib import Path

import pytest

from portico.cli.events import Event, parse
from portico.cli.failure import count_rows
from portico.cli.story import IMAGE, Story
from tests.cli.recorded_run import RECORDED, fail, replay


def test_of_a_run_that_changes_nothing_nothing_is_said() -> None:
    story, said = replay("noop")
    assert (said, story.tell_changes(), story.changed) == ([], [], 0)


def test_a_health_path_without_a_page_is_warned_of_where_its_site_changed() -> None:
    recorded = (RECORDED / "release.jsonl").read_text()
    story = Story()
    for line in recorded.replace("@live hello", "@live hello\\n@missing hello /\\n@missing httpbin /").splitlines():
        event = parse(line)
        assert event
        story.take(event)
    (said,) = story.tell_missing()
    assert said.startswith("warning: hello answers its health path / with 404: ")
    assert replay("release")[0].tell_missing() == []


def act(kind: str, at: int, role: str, op: str = "create-replacement") -> Event:
    """An event of a container of the site hello."""
    labels = [{"label": "portico.site", "value": "hello"}, {"label": "portico.role", "value": role}]
    urn = f"urn:pulumi:dev::portico::docker:index/container:Container::hello-{role}"
    return Event(kind=kind, at=at, body={"metadata": {"op": op, "urn": urn, "new": {"inputs": {"labels": labels}}}})


def test_a_release_command_is_reported_while_it_runs_and_after_it() -> None:
    story = Story()
    story.take(act("resourcePreEvent", 10, "command"))
    assert story.tell_progress() == "hello: running its release command"
    story.take(act("resOutputsEvent", 22, "command"))
    # The second step of a replacement takes no time.
    story.take(act("resourcePreEvent", 22, "command", "replace"))
    story.take(act("resOutputsEvent", 22, "command", "replace"))
    story.take(act("resourcePreEvent", 22, "gunicorn"))
    assert story.tell_progress() == "hello: getting healthy"
    story.changes["hello"].live = 30
    assert story.tell_changes() == ["hello: changes: release command done in 12 s, live 8 s after its start."]


def test_what_is_no_site_is_not_waited_for_as_one() -> None:
    """What makes backups has an image of its own, labelled like those of the sites."""
    story = Story()
    build = {"labels": {"portico.site": "backup_maker"}}
    urn = f"urn:pulumi:dev::portico::{IMAGE}::backup_maker-image"
    story.take(
        Event(
            kind="resourcePreEvent",
            body={"metadata": {"op": "create", "urn": urn, "new": {"inputs": {"build": build}}}},
        )
    )
    assert (story.changes, story.tell_progress()) == ({}, "making backup_maker-image")


def test_of_a_release_there_is_one_line() -> None:
    story, said = replay("release")
    (line,) = story.tell_changes()
    assert line.startswith("hello: new release 3b008e4663fd (before: a3502ca58d75): built in ") and line.endswith(
        "s after its start."
    )
    assert said == [] and story.changed > 0


def test_of_the_first_update_there_is_one_line_a_site() -> None:
    story, said = replay("first")
    assert [line.split(":")[0] for line in story.tell_changes()] == ["hello", "httpbin"]
    assert said == ["NGINX: starts."]


def test_a_failure_says_its_cause_once_and_what_serves(tmp_path: Path) -> None:
    lines = fail("failure", tmp_path)
    text = "\n".join(lines)
    assert text.count("Likely cause: the package nothere is missing") == 1
    assert "the release before it (3b008e4663fd) keeps serving" in text
    assert "ModuleNotFoundError: No module named 'nothere'" in text
    assert "error: hello did not go live; see the error above." in lines
    assert "httpbin is live with the release that was asked for." in lines
    # What did not go live is not said to be live.
    assert "hello: " not in text


@pytest.mark.parametrize("name", ["failure", "badbuild", "mistakes"])
def test_a_failure_fits_on_a_terminal(name: str, tmp_path: Path) -> None:
    # Below it stand where the log is, and what make says.
    assert sum(count_rows(line, 80) for line in fail(name, tmp_path)) <= 27


def test_a_build_that_failed_is_reported_by_the_program_alone(tmp_path: Path) -> None:
    text = "\n".join(fail("badbuild", tmp_path))
    assert text.count("flask-that-nobody-has==9: see its name") == 1 and text.count("error: ") == 2
    assert "provider2.go" not in text and "sdk.helper_schema" not in text and "docker@5.2.0" not in text


def test_mistakes_stand_alone(tmp_path: Path) -> None:
    first, *lines = fail("mistakes", tmp_path)
    assert first == "error: 2 mistakes in the settings; nothing was changed."
    assert len(lines) == 2 and all(line.startswith("  ") for line in lines)


def test_of_an_interrupted_run_no_cause_is_made_up(tmp_path: Path) -> None:
    (tmp_path / "none.log").write_text("error: 3 changes\n")
    assert fail("interrupted", tmp_path) == []


@pytest.mark.parametrize(("op", "reported"), [("create", "making shop-a"), ("delete", "removing shop-a")])
def test_what_is_done_to_a_resource_is_said(op: str, reported: str) -> None:
    story = Story()
    urn = "urn:pulumi:dev::portico::docker:index/container:Container::shop-a"
    story.take(Event(kind="resourcePreEvent", body={"metadata": {"op": op, "urn": urn}}))
    assert story.tell_progress() == reported


def test_what_is_gone_is_counted() -> None:
    story, _ = replay("down")
    assert dict(story.list_removed()) == {"container": 12, "image": 5, "volume": 3, "network": 2}


def test_a_preview_says_the_sentences_themselves() -> None:
    _, said = replay("release", foresees=True)
    assert len(said) == 1 and "2 replicas start beside the old ones, then NGINX reloads. No request waits." in said[0]
