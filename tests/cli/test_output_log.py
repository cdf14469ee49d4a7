"""A run of Pulumi as `portico up` follows it: its log, its own words, and sites that fail while others go on."""

import io
import json
import shutil
from pathlib import Path

import pytest

from portico.cli import run as running
from portico.cli.events import Reader
from portico.cli.prepare import Place
from portico.cli.run import Ended, run, tell_failure
from portico.cli.screen import Screen
from portico.cli.story import Story
from tests.cli.recorded_run import RECORDED, URN, Output, hear


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    """A project, and a pulumi that tells the events of a file."""
    (tmp_path / "bin").mkdir()
    pulumi = tmp_path / "bin" / "pulumi"
    pulumi.write_text(
        '#!/bin/sh\necho "said by pulumi"\nwhile [ $# -gt 0 ]; do [ "$1" != --event-log ] || log=$2; shift; done\n'
        '[ ! -f events ] || cat events >"$log"\nexit 3\n'
    )
    pulumi.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"), prepend=":")
    monkeypatch.setattr(running, "PAUSE", 0.01)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    return Place(tmp_path, "dev")


def test_all_that_is_said_is_in_a_log_of_its_user_alone(place: Place) -> None:
    shutil.copy(RECORDED / "failure.jsonl", place.root / "events")
    output = Output()
    ended = run(place, "up", ["up"], Screen(output))
    assert (ended.code, ended.log) == (3, place.root / ".tools" / "logs" / "up-dev.log")
    assert ended.log.read_text() == "said by pulumi\n" and ended.log.stat().st_mode & 0o77 == 0
    assert len(ended.story.tell_failures()) == 2
    # The events say more than is reported: they are nowhere any more.
    assert {one.name for one in place.root.iterdir()} == {"bin", "events", ".tools"}
    run(place, "up", ["up"], Screen(output))
    assert (place.logs / "up-dev.previous.log").exists()


def test_where_pulumi_does_not_begin_its_own_words_are_reported(place: Place) -> None:
    pulumi = place.root / "bin" / "pulumi"
    pulumi.write_text('#!/bin/sh\necho "error: the passphrase is wrong"\nexit 255\n')
    output = Output()
    ended = run(place, "up", ["up"], Screen(output))
    tell_failure(ended, Screen(output))
    assert ended.code == 255 and output.lines == ["error: the passphrase is wrong"]


def test_a_line_that_is_being_written_is_waited_for(tmp_path: Path) -> None:
    file = tmp_path / "events"
    whole = json.dumps({"timestamp": 1, "diagnosticEvent": {"urn": URN, "message": "hello", "severity": "info"}})
    debug = whole.replace('"severity": "info"', '"severity":"debug"').replace(
        '"diagnosticEvent": ', '"diagnosticEvent":'
    )
    reader = Reader(file)
    assert list(reader.read()) == []
    with file.open("w") as log:
        log.write(f"{debug}\n{whole[:20]}")
        log.flush()
        assert list(reader.read()) == [] and not file.exists()
        log.write(f"{whole[20:]}\n")
        log.flush()
        (event,) = reader.read()
    assert event.body["message"] == "hello" and event.type == "pulumi:pulumi:Stack" and event.at == 1


@pytest.mark.parametrize(
    ("many", "said"),
    [("many", ["keepReleases: ", "sites: "]), ("5", ["Stack 'dev' with"])],
    ids=["all", "nothing that is known here"],
)
def test_what_pulumi_stops_at_hides_no_other_mistake(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, many: str, said: list[str]
) -> None:
    sites = '"none"' if many == "many" else "[{name: shop, source: ., entry: 'web:app', hosts: [a.example]}]"
    (tmp_path / "Pulumi.yaml").write_text("name: portico\n")
    text = f"config:\n  portico:keepReleases: {many}\n  portico:sites: {sites}\n"
    (tmp_path / "Pulumi.dev.yaml").write_text(text)
    (tmp_path / "requirements.txt").write_text("flask==3.1.3\n")
    (tmp_path / "web.py").write_text("from flask import Flask\napp = Flask(__name__)\n")
    monkeypatch.chdir(tmp_path)
    log = tmp_path / "up.log"
    log.write_text(
        "error: validating stack config: Stack 'dev' with configuration key 'portico:keepReleases' must be of type "
        "'integer'\n"
    )
    output = io.StringIO()
    tell_failure(Ended(1, Story(), log), Screen(output))
    assert all(part in output.getvalue() for part in said), output.getvalue()


def test_a_site_that_is_given_up_is_reported_at_once_while_others_are_on_their_way() -> None:
    story = Story()
    for site in ("shop", "shop-admin", "blog"):
        assert story.take(hear(f"{site}: added: 2 replicas", "info")) == []
    health = "shop-admin-gunicorn-0 did not become healthy. It gets no request; there is no release before it.\nLikely"
    [said] = story.take(hear(health, "error"))
    assert said.startswith("shop-admin is given up: shop-admin-gunicorn-0 did not become healthy.")
    # Another replica of it is no news, and nobody waits for it any more.
    assert story.take(hear(health.replace("gunicorn-0", "gunicorn-1"), "error")) == []
    assert "shop-admin" not in story.tell_progress() and "blog" in story.tell_progress()
    [said] = story.take(hear("shop-image-0123 could not be built; what served before keeps serving.\nLikely", "error"))
    assert said.startswith("shop is given up: shop-image-0123 could not be built.")
    # The last one: its cause follows anyway.
    assert story.take(hear("blog-gunicorn-0 did not become healthy. It gets", "error")) == []
    assert len(story.tell_failures()) == 4


def test_what_is_of_no_site_gives_none_up() -> None:
    story = Story()
    for site in ("shop", "blog"):
        story.take(hear(f"{site}: added: 2 replicas", "info"))
    for text in ("shop did not go live; see the error above.", "shopping is closed", "update canceled"):
        assert story.take(hear(text, "error")) == []
    assert "shop: " in story.tell_progress()
