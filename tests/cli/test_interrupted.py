"""Ctrl-C reaches Pulumi once, and the command waits until it has ended in order."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
# It ends as Pulumi does: it finishes what it is doing first.
PULUMI = """#!/bin/sh
trap 'echo heard >>heard' INT TERM HUP
touch begun
for _ in 1 2 3 4 5 6 7 8; do sleep 0.2; done
exit 7
"""
COMMAND = """
import sys
from pathlib import Path
from portico.cli.prepare import Place
from portico.cli.run import run
from portico.cli.screen import Screen
ended = run(Place(Path.cwd(), "dev"), "up", ["up"], Screen())
print("signal", ended.signal)
sys.exit(ended.code)
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP], ids=lambda one: one.name)
def test_a_signal_to_all_in_front_reaches_pulumi_once(tmp_path: Path, number: signal.Signals) -> None:
    (tmp_path / "bin").mkdir()
    pulumi = tmp_path / "bin" / "pulumi"
    pulumi.write_text(PULUMI)
    pulumi.chmod(0o755)
    environment = {**os.environ, "PATH": f"{pulumi.parent}:{os.environ['PATH']}", "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(
        [sys.executable, "-c", COMMAND],
        cwd=tmp_path,
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    end = time.monotonic() + 60
    while not (tmp_path / "begun").exists():
        assert time.monotonic() < end and process.poll() is None
        time.sleep(0.02)
    os.killpg(process.pid, number)
    said, _ = process.communicate(timeout=60)
    reported = "Interrupted: the steps under way finish first. Interrupt again to stop at once.\n"
    assert (process.returncode, said) == (7, f"{reported}signal {number.value}\n")
    assert (tmp_path / "heard").read_text() == "heard\n"
