"""A program that the engine stops ends without a trace of its own."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
START = (
    "import atexit, sys; atexit.register(print, 'said')\n"
    "from portico.components.shutdown import expect_verdict, settle\n"
)


def end(code: str) -> tuple[int, str]:
    """How a program ends, and what it printed."""
    ended = subprocess.run([sys.executable, "-c", START + code], cwd=ROOT, capture_output=True, text=True, timeout=60)
    return ended.returncode, ended.stdout


def test_an_interrupt_ends_the_program_without_a_trace() -> None:
    code = (
        "import os, signal; from portico.components.shutdown import end_quietly\n"
        "end_quietly(); os.kill(os.getpid(), signal.SIGINT)"
    )
    ended = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60)
    # Pulumi's language host adds nothing to this exit code: the user has been told.
    assert (ended.returncode, ended.stderr) == (32, "")


def test_a_program_whose_verdict_never_came_does_not_end_well() -> None:
    """The engine would delete what still serves."""
    assert end("expect_verdict()")[0] == 32
    assert end("expect_verdict(); expect_verdict()")[0] == 32
    assert end("print('before', end=''); expect_verdict()") == (32, "before")


def test_a_program_whose_verdict_never_came_cleans_up() -> None:
    clean = "from portico.components.shutdown import at_end; at_end(lambda: print('{}', flush=True)); "
    assert end(clean.format("early") + "expect_verdict(); " + clean.format("late"))[1].split() == [
        "late",
        "early",
        "late",
    ]
    assert end("expect_verdict(); settle(); " + clean.format("once"))[1].split() == ["once", "said"]


def test_a_program_that_heard_its_verdict_ends_well() -> None:
    assert end("expect_verdict(); settle()") == (0, "said\n")
    assert end("expect_verdict(); expect_verdict(); settle(); settle()") == (0, "said\n")
    # A stack without a switch, or a preview.
    assert end("pass") == (0, "said\n")


def test_the_verdict_on_one_of_two_is_none_on_the_other() -> None:
    """A user's program may have two: that one is live says nothing of the one that could not be made."""
    assert end("expect_verdict(); expect_verdict(); settle()")[0] == 32


def test_a_program_that_fails_besides_does_not_end_well_either() -> None:
    assert end("expect_verdict(); settle(); sys.exit(1)")[0] == 1
    assert end("expect_verdict(); raise SystemExit(1)")[0] != 0
    assert end("expect_verdict(); settle(); 1 / 0")[0] == 1
