"""What the command prints tells a terminal nothing, whatever it repeats."""

import io

import pytest

from portico.cli.refused import Refused
from portico.cli.screen import Screen


def test_a_refusal_is_printed_as_lines(capsys: pytest.CaptureFixture[str]) -> None:
    Refused("there is no site \x1b[31mred\r\u009b\u2028: see\n  its name").show()
    assert capsys.readouterr().err == "error: there is no site \\x1b[31mred\\r\\x9b\\u2028: see\n  its name\n"


def test_the_last_lines_of_a_log_are_shown_as_text() -> None:
    output = io.StringIO()
    screen = Screen(output)
    screen.say("its last log lines:\n  \x1b]0;title\x07 caf\u00e9")
    assert output.getvalue() == "its last log lines:\n  \\x1b]0;title\\x07 caf\u00e9\n"
