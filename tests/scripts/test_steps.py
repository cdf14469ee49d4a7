"""How set-up does what is missing: one at a time in a folder, interrupted at any moment, whatever is around it."""

import os
import pty
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.docker.command import ROOT

# A part of set-up that is done when `done` is there, and takes as long as it is reported.
PART = """#!/usr/bin/env bash
set -euo pipefail
. "$(dirname "$0")/lib.sh"
ready() { [ -f "$ROOT/NAME.done" ]; }
work() {
  echo "$BASHPID" >>"$ROOT/NAME.pids"
  [ -z "${KILL_NAME:-}" ] || kill -TERM $$
  sleep "${SECONDS_NAME:-0}" &
  echo $! >>"$ROOT/NAME.pids"
  wait $! || true
  [ -z "${FAIL_NAME:-}" ] || { echo "no such thing"; false; }
  touch "$ROOT/NAME.done"
}
ensure ready "Making NAME (about 1 minute)" work
"""


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A copy of set-up with parts that are given what to do; nothing of theirs may be left."""
    folder = tmp_path / "a checkout"
    parts = folder / "scripts" / "setup"
    parts.mkdir(parents=True)
    shutil.copy(ROOT / "scripts" / "setup.sh", folder / "scripts")
    for name in ("lib.sh", "steps.sh", "versions.sh", "target.py", "base_images.py", "fetch.py"):
        shutil.copy(ROOT / "scripts" / "setup" / name, parts)
    for name in ("python", "pulumi", "docker", "images"):
        (parts / f"{name}.sh").write_text(PART.replace("NAME", name))
        (parts / f"{name}.sh").chmod(0o755)
    (parts / "env.sh").write_text('#!/bin/sh\ntouch "$(dirname "$0")/../../env.done"\n')
    (parts / "env.sh").chmod(0o755)
    (folder / ".venv").symlink_to(ROOT / ".venv")
    (folder / "Pulumi.yaml").write_text("config:\n  portico:target:\n    type: string\n    default: local\n")
    yield folder
    until(lambda: not any(map(runs, pids(folder))))


def runs(pid: int) -> bool:
    """Whether a process is there that has not ended."""
    try:
        return " Z " not in Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False


def pids(folder: Path, part: str = "*") -> list[int]:
    return [int(line) for file in folder.glob(f"{part}.pids") for line in file.read_text().split()]


def variables(**more: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PORTICO_")}
    return {**kept, **more}


def start(folder: Path, **more: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        ["bash", str(folder / "scripts" / "setup.sh")],
        env=variables(**more),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def finish(process: subprocess.Popen[str]) -> str:
    said, _ = process.communicate(timeout=60)
    return said


def until(condition: Callable[[], object], seconds: float = 120) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)


def is_done(folder: Path) -> bool:
    return all((folder / f"{name}.done").exists() for name in ("python", "pulumi", "docker", "images", "env"))


def test_what_is_missing_is_done_once_and_nothing_is_said_then(folder: Path) -> None:
    first = start(folder)
    said = finish(first)
    assert first.returncode == 0, said
    assert is_done(folder)
    assert sorted(line for line in said.splitlines() if line.startswith("->")) == [
        f"-> Making {name} (about 1 minute)" for name in ("docker", "images", "pulumi", "python")
    ]
    assert len(re.findall(r"^   done in \d+ s: Making (docker|images|pulumi|python)$", said, re.MULTILINE)) == 4
    again = start(folder)
    assert finish(again) == ""
    assert again.returncode == 0


def test_pulumi_is_made_beside_the_others(folder: Path) -> None:
    process = start(folder, SECONDS_pulumi="3600")
    until(lambda: (folder / "images.done").exists())
    assert not (folder / "pulumi.done").exists()
    os.kill(pids(folder, "pulumi")[-1], signal.SIGTERM)  # it waits no longer
    said = finish(process)
    assert process.returncode == 0, said
    assert "s: Making images\n" in said and "s: Making pulumi\n" in said


@pytest.mark.parametrize(("bad", "other"), [("pulumi", "docker"), ("docker", "pulumi")])
def test_a_part_that_fails_ends_the_others_and_says_why(folder: Path, bad: str, other: str) -> None:
    process = start(folder, **{f"FAIL_{bad}": "yes", f"SECONDS_{bad}": "2", f"SECONDS_{other}": "3600"})
    said = finish(process)
    assert process.returncode == 1
    assert "   | no such thing" in said
    assert f"error: this step failed: Making {bad} (about 1 minute)." in said
    assert f".tools/logs/{bad}.log" in said


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP], ids=lambda n: n.name)
def test_an_interrupted_set_up_ends_all_that_it_began(folder: Path, number: signal.Signals) -> None:
    process = start(folder, SECONDS_pulumi="3600", SECONDS_docker="3600")
    until(lambda: pids(folder, "pulumi") and pids(folder, "docker"))
    # As from a terminal: to all that is in front, of which those that run in the background hear nothing.
    os.killpg(process.pid, number)
    finish(process)
    assert process.returncode in (1, 130, -number)
    until(lambda: not any(map(runs, pids(folder))))
    assert finish(start(folder)).count("->") == 3  # python was done
    assert is_done(folder)


def test_a_signal_while_a_step_starts_leaves_nothing(folder: Path) -> None:
    """Between the start of a step and the noting of whom to end with it: the step itself sends the signal."""
    for _ in range(10):
        process = start(folder, SECONDS_pulumi="3600", KILL_pulumi="yes")
        finish(process)
        assert process.returncode
        # Who was killed may take a moment to be gone.
        until(lambda: not any(map(runs, pids(folder))))


def test_a_killed_set_up_ends_too_and_the_next_one_goes_on(folder: Path) -> None:
    process = start(folder, SECONDS_pulumi="3600", SECONDS_docker="3600")
    until(lambda: pids(folder, "pulumi") and pids(folder, "docker"))
    (folder / ".tools" / "tmp" / "left").mkdir()
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    said = finish(start(folder))
    assert is_done(folder), said
    assert "-> Making python" not in said
    assert not list((folder / ".tools" / "tmp").iterdir())


def test_two_at_once_do_everything_once(folder: Path) -> None:
    first = start(folder, SECONDS_pulumi="3600")
    until(lambda: pids(folder, "pulumi"))
    second = start(folder)
    assert second.stdout
    said = second.stdout.readline()
    assert "Another set-up is at work in this folder; this one waits until it has ended." in said
    os.kill(pids(folder, "pulumi")[-1], signal.SIGTERM)  # the first waits no longer
    assert "->" not in finish(second)
    assert finish(first).count("->") == 4
    assert (first.returncode, second.returncode) == (0, 0)


def test_what_a_step_leaves_running_does_not_keep_the_lock(folder: Path) -> None:
    """Such as the Docker engine. It closes the lock, as docker.sh does."""
    script = folder / "scripts" / "setup" / "docker.sh"
    script.write_text(script.read_text().replace("work() {", "work() {\n  setsid sleep 20 9>&- &\n"))
    finish(start(folder))
    (folder / "images.done").unlink()
    assert "Another" not in finish(start(folder))


def test_ctrl_c_in_a_terminal_ends_all_of_it(folder: Path) -> None:
    near, far = pty.openpty()
    env = variables(SECONDS_pulumi="3600", SECONDS_docker="3600")
    command = ["setsid", "--ctty", "bash", str(folder / "scripts" / "setup.sh")]
    process = subprocess.Popen(command, stdin=far, stdout=far, stderr=far, env=env)
    os.close(far)
    try:
        until(lambda: pids(folder, "pulumi") and pids(folder, "docker"))
        os.write(near, b"\x03")
        assert process.wait(120) == 130
        until(lambda: not any(map(runs, pids(folder))))
    finally:
        process.kill()
        os.close(near)


def test_a_part_alone_waits_too(folder: Path) -> None:
    """As where `make test` calls one, while `make up` runs."""
    part = [str(folder / "scripts" / "setup" / "pulumi.sh")]
    first = subprocess.Popen(part, env=variables(SECONDS_pulumi="3600"), stdout=subprocess.DEVNULL)
    until(lambda: pids(folder, "pulumi"))
    second = subprocess.Popen(part, env=variables(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert second.stdout
    assert "waits until it has ended" in second.stdout.readline()
    os.kill(pids(folder, "pulumi")[-1], signal.SIGTERM)  # the first waits no longer
    assert "->" not in finish(second)
    assert (first.wait(), second.returncode) == (0, 0)


def test_no_home_a_strict_umask_and_another_locale(folder: Path) -> None:
    script = str(folder / "scripts" / "setup.sh")
    env = variables(LC_ALL="POSIX")
    env.pop("HOME", None)
    done = subprocess.run(
        ["bash", "-c", 'umask 077; exec bash "$1"', "-", script], env=env, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert is_done(folder)
