"""What `portico up` prints, by event logs of real runs: few lines, each cause once, no line of a provider's source."""

import io
import json
import shutil
from pathlib import Path

import pytest

from portico.cli import run as running
from portico.cli.events import Event, Reader, parse
from portico.cli.failure import choose, count_rows, fit, tidy
from portico.cli.prepare import Place
from portico.cli.run import Ended, run, tell_failure
from portico.cli.screen import Screen
from portico.cli.story import IMAGE, Story

RECORDED = Path(__file__).parent / "recorded"
URN = "urn:pulumi:dev::portico::pulumi:pulumi:Stack::portico-dev"


class Output(io.StringIO):
    """What is printed; `terminal` says whether it is one."""

    def __init__(self, terminal: bool = False) -> None:
        super().__init__()
        self.terminal = terminal

    def isatty(self) -> bool:
        return self.terminal

    @property
    def lines(self) -> list[str]:
        return self.getvalue().splitlines()


def replay(name: str, *, foresees: bool = False) -> tuple[Story, list[str]]:
    """A recorded run, and the lines that it is worth while it goes on."""
    story, said = Story(foresees=foresees), []
    for line in (RECORDED / f"{name}.jsonl").read_text().splitlines():
        event = parse(line)
        assert event, line
        said += story.take(event)
    return story, said


def fail(name: str, tmp_path: Path) -> list[str]:
    """What is said of the failure of a recorded run."""
    story, said = replay(name)
    output = Output()
    tell_failure(Ended(1, story, tmp_path / "none.log"), Screen(output))
    return [*said, *story.tell_changes(), *output.lines]


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
    assert "error: hello did not go live; why is said above." in lines and "httpbin is live as asked for." in lines
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


# --- what is left out


@pytest.mark.parametrize(
    ("message", "text"),
    [
        ("  sdk-v2/provider2.go:571: sdk.helper_schema: no space left: provider=docker@5.2.0", "no space left"),
        ("1 error occurred:\n\t* no space left\n\n", "no space left"),
        ("update failed", ""),
        ("update canceled", ""),
        ("resource operation failed", ""),
        ("shop: update failed since a disk is full", "shop: update failed since a disk is full"),
    ],
)
def test_a_message_is_tidied(message: str, text: str) -> None:
    assert tidy(message) == text


def test_what_the_program_did_not_explain_stays_with_its_resource() -> None:
    reported = [
        ("a-network", "1 error occurred:\n\t* no address is free\n"),
        ("b", "torn"),
        ("", "b is torn, since it is old"),
    ]
    assert choose([*reported, *reported]) == ["a-network: no address is free", "b is torn, since it is old"]
    assert choose([("", "an unhandled error occurred: program exited with non-zero exit code: 1")]) != []


def test_a_provider_that_ends_with_the_engine_is_said_only_where_nothing_else_is() -> None:
    ended = "Detected that /x/pulumi-resource-docker exited prematurely.\nThis is *always* a bug in the provider."
    assert choose([("", "shop did not go live"), ("", ended)]) == ["shop did not go live"]
    assert choose([("", ended)]) == [ended]
    late = "cannot complete a resource 'urn:pulumi:dev::x::portico:index:Port::p' whose registration isn't pending"
    assert choose([("", "the engine is gone"), ("p", late)]) == ["the engine is gone"]
    assert choose([("p", late)]) == [f"p: {late}"]


@pytest.mark.parametrize(
    "missing",
    [
        "aws:x/target:Target resource 't': property resourceId value output<string>{} has a problem: resourceId is "
        "required and missing",
        "aws:x/target:Target resource 't' has a problem: Missing required argument. The argument \"resource_id\" is "
        "required, but no definition was found.. Examine values at 't.resourceId'.",
    ],
)
def test_what_lacks_the_value_of_something_that_failed_is_said_only_where_nothing_else_is(missing: str) -> None:
    why = "shop-release-command (`flask db upgrade`) failed with exit code 3."
    assert choose([("", why), ("t", missing)]) == [why]
    assert choose([("t", missing)]) == [f"t: {missing}"]
    other = "aws:x/target:Target resource 't' has a problem: Conflicting configuration arguments."
    assert choose([("", why), ("t", other)]) == [why, f"t: {other}"]


def test_a_long_message_keeps_its_beginning_and_its_end() -> None:
    long, short = "\n".join(f"line {number}" for number in range(100)), "one\ntwo"
    (cut, kept) = fit([long, short], 12, 80)
    lines = cut.splitlines()
    assert kept == short and lines[:2] == ["line 0", "line 1"] and lines[-1] == "line 99" and "  ..." in lines
    assert len(lines) + 2 <= 12
    assert fit([short], 12, 80) == [short]


def test_a_list_of_mistakes_is_whole() -> None:
    listed = "\n".join(["40 mistakes in the settings; nothing was changed.", *(f"  sites[{n}]: no" for n in range(40))])
    log = "\n".join(["shop did not go live", *(f"line {number}" for number in range(100))])
    whole, cut = fit([listed, log], 12, 80)
    assert whole == listed and len(cut.splitlines()) <= 12


# --- a terminal, and a pipe


def test_on_a_terminal_one_line_is_written_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    output = Output(terminal=True)
    screen = Screen(output)
    screen.show("hello: building")
    screen.show("x" * 200)
    screen.say("hello: live.")
    parts = output.getvalue().split("\r\x1b[K")
    assert "hello: building" in parts[1] and len(parts[2]) <= 80 and parts[-1] == "hello: live.\n"
    assert output.getvalue().count("\n") == 1


def test_on_a_terminal_a_line_ends_between_two_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "30")
    output = Output(terminal=True)
    Screen(output).say(
        'error: one two three four five six seven\n    File "/app/a/long/path/that/has/no/space", line 1\nend'
    )
    assert output.lines == [
        "error: one two three four five",
        "  six seven",
        "    File",
        '      "/app/a/long/path/that/has/no/space",',
        "      line 1",
        "end",
    ]
    pipe = Output()
    Screen(pipe).say(f"error: {'word ' * 40}")
    assert len(pipe.lines) == 1


def test_a_pipe_gets_lines_alone_and_hears_of_what_takes_long(monkeypatch: pytest.MonkeyPatch) -> None:
    output = Output()
    screen = Screen(output)
    for _ in range(50):
        screen.show("hello: building")
    assert output.getvalue() == ""
    monkeypatch.setattr("portico.cli.screen.SILENCE", 0)
    screen.show("hello: building")
    assert output.lines == ["still at work: hello: building (0 s)"]


# --- a run


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
    for text in ("shop did not go live; why is said above.", "shopping is closed", "update canceled"):
        assert story.take(hear(text, "error")) == []
    assert "shop: " in story.tell_progress()


def hear(message: str, severity: str) -> Event:
    line = {"timestamp": 1, "diagnosticEvent": {"urn": URN, "message": message, "severity": severity}}
    event = parse(json.dumps(line))
    assert event
    return event
