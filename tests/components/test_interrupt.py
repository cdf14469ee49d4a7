"""A program that the engine stops ends without a trace of its own."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_an_interrupt_ends_the_program_without_a_trace() -> None:
    code = "import os, signal; from components import end_quietly; end_quietly(); os.kill(os.getpid(), signal.SIGINT)"
    ended = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60)
    # Pulumi's language host adds nothing to this exit code: the user has been told.
    assert (ended.returncode, ended.stderr) == (32, "")
