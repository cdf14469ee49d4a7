"""A program that the engine stops ends without a trace of its own."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
START = (
    "import atexit, sys; atexit.register(print, 'said')\n"
    "from portico.components.shutdown import expect_verdict, settle\n"
)
# Most of what a program takes is to read Pulumi: one process does, and each program is a copy of it.
PARENT = """
import json, os, sys, tempfile
import portico.components.program
for line in sys.stdin:
    files = [tempfile.TemporaryFile() for _ in range(2)]
    if not os.fork():
        for number, file in enumerate(files, 1):
            os.dup2(file.fileno(), number)
        exec(json.loads(line), {"__name__": "__main__"})
        sys.exit()
    code = os.waitstatus_to_exitcode(os.wait()[1])
    print(json.dumps([code, *(os.pread(file.fileno(), 1 << 16, 0).decode() for file in files)]), flush=True)
"""
Run = Callable[[str], tuple[int, str, str]]
End = Callable[[str], tuple[int, str]]


@pytest.fixture(scope="module")
def run() -> Iterator[Run]:
    """Runs a program: how it ended, what it printed, and its errors."""
    command = [sys.executable, "-c", PARENT]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as parent:
        asked, reported = parent.stdin, parent.stdout
        assert asked and reported

        def call(code: str) -> tuple[int, str, str]:
            asked.write(json.dumps(code) + "\n")
            asked.flush()
            ended, out, err = json.loads(reported.readline())
            return ended, out, err

        yield call
        asked.close()


@pytest.fixture
def end(run: Run) -> End:
    """How a program ends, and what it printed."""
    return lambda code: run(START + code)[:2]


def test_an_interrupt_ends_the_program_without_a_trace(run: Run) -> None:
    code = (
        "import os, signal; from portico.components.shutdown import end_quietly\n"
        "end_quietly(); os.kill(os.getpid(), signal.SIGINT)"
    )
    ended, _, errors = run(code)
    # Pulumi's language host adds nothing to this exit code: the user has been reported.
    assert (ended, errors) == (32, "")


def test_a_program_whose_verdict_never_came_does_not_end_well(end: End) -> None:
    """The engine would delete what still serves."""
    assert end("expect_verdict()")[0] == 32
    assert end("expect_verdict(); expect_verdict()")[0] == 32
    assert end("print('before', end=''); expect_verdict()") == (32, "before")


def test_a_program_whose_verdict_never_came_cleans_up(end: End) -> None:
    clean = "from portico.components.shutdown import at_end; at_end(lambda: print('{}', flush=True)); "
    assert end(clean.format("early") + "expect_verdict(); " + clean.format("late"))[1].split() == [
        "late",
        "early",
        "late",
    ]
    assert end("expect_verdict(); settle(); " + clean.format("once"))[1].split() == ["once", "said"]


def test_a_program_that_heard_its_verdict_ends_well(end: End) -> None:
    assert end("expect_verdict(); settle()") == (0, "said\n")
    assert end("expect_verdict(); expect_verdict(); settle(); settle()") == (0, "said\n")
    # A stack without a switch, or a preview.
    assert end("pass") == (0, "said\n")


def test_the_verdict_on_one_of_two_is_none_on_the_other(end: End) -> None:
    """A user's program may have two: that one is live says nothing of the one that could not be made."""
    assert end("expect_verdict(); expect_verdict(); settle()")[0] == 32


def test_a_program_that_fails_besides_does_not_end_well_either(end: End) -> None:
    assert end("expect_verdict(); settle(); sys.exit(1)")[0] == 1
    assert end("expect_verdict(); raise SystemExit(1)")[0] != 0
    assert end("expect_verdict(); settle(); 1 / 0")[0] == 1
