"""What is printed on a terminal, and what into a pipe."""

import pytest

from portico.cli.screen import Screen
from tests.cli.recorded_run import Output


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
