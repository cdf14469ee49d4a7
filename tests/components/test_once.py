"""What runs a release command inside its container, and what a single worker waits for: run here as there."""

import os
import shlex
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from select import select

import pytest

from portico.config.in_container import read_script
from portico.config.release.command_record import Ran, read_record


def once(
    folder: Path, *command: str, key: str = "k1", limit: int = 60, release: str = ""
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-I", "-S", "-c", read_script("once.py"), str(folder), key, str(limit), *command],
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, "PORTICO_RELEASE": release},
    )


def note(folder: Path, code: int = 0, seconds: float = 0) -> list[str]:
    """A command that writes down that it ran."""
    script = f"import sys, time; open({str(folder / 'ran')!r}, 'a').write('x'); time.sleep({seconds}); sys.exit({code})"
    return [sys.executable, "-I", "-S", "-c", script]


def count(folder: Path) -> int:
    return len((folder / "ran").read_text())


def test_what_ended_well_is_not_run_again_for_its_key(tmp_path: Path) -> None:
    assert once(tmp_path, *note(tmp_path)).returncode == 0
    again = once(tmp_path, *note(tmp_path))
    assert (again.returncode, count(tmp_path)) == (0, 1)
    assert "not run again" in again.stdout
    assert once(tmp_path, *note(tmp_path), key="k2").returncode == 0
    assert once(tmp_path, *note(tmp_path)).returncode == 0
    assert count(tmp_path) == 2
    assert [(ran.key, ran.code) for ran in read_record((tmp_path / "once").read_text())] == [("k1", 0), ("k2", 0)]


def test_the_record_says_what_ran_for_which_release(tmp_path: Path) -> None:
    """As Portico reads it: what the script writes and what is read here are two programs."""
    before = int(time.time())
    command = [sys.executable, "-c", "import sys; sys.exit(3) # zwölf"]
    assert once(tmp_path, *command, release="1a2b3c").returncode == 3
    assert once(tmp_path, "true").returncode == 0
    first, second = read_record((tmp_path / "once").read_text())
    assert (first.key, first.code, first.release, first.command) == ("k1", 3, "1a2b3c", shlex.join(command))
    assert before <= first.began.timestamp() <= time.time() and 0 <= first.seconds < 60
    assert (second.code, second.release, second.command) == (0, "", "true")


def test_what_no_text_can_hold_is_written_down_all_the_same(tmp_path: Path) -> None:
    """A command that ended well and is not written down would run again."""
    once(tmp_path, "true", "\udcff")
    assert "not run again" in once(tmp_path, "true", "\udcff").stdout


@pytest.mark.parametrize("line", ["k1 0 1700000000 1.5", "k1 0 1700000000 1.5  "])
def test_a_line_of_an_older_version_counts(tmp_path: Path, line: str) -> None:
    (tmp_path / "once").write_text(f"{line}\n")
    assert "not run again" in once(tmp_path, *note(tmp_path)).stdout
    assert read_record(line) == [Ran(key="k1", code=0, began=datetime.fromtimestamp(1700000000, UTC), seconds=1.5)]


@pytest.mark.parametrize(
    "line",
    [
        *("", "torn", "k1 zero 1700000000 1.5", f"k1 0 {10**30} 1.5", "k1 0 1 soon x y", "k1 0 1 nan x y"),
        *("k1 0 1 1.5 x \x1b[2Jclear", "k1 0 1 1.5 x two\rlines"),
    ],
)
def test_what_is_no_line_of_the_record_is_left_out(line: str) -> None:
    read = read_record(f"{line}\nk2 0 1700000000 1.5 r flask db upgrade\n")
    assert [ran.key for ran in read] == ["k2"]


def test_what_failed_is_run_again_and_ends_with_its_own_code(tmp_path: Path) -> None:
    assert [once(tmp_path, *note(tmp_path, code=3)).returncode for _ in range(2)] == [3, 3]
    assert count(tmp_path) == 2


def test_what_takes_too_long_is_ended_and_says_by_which_setting(tmp_path: Path) -> None:
    done = once(tmp_path, *note(tmp_path, seconds=60), limit=1)
    assert done.returncode == 124 and "release.timeout" in done.stdout


@pytest.mark.parametrize(("command", "code"), [("/nobody/has/this", 127), ("/", 126)])
def test_a_program_that_cannot_be_run_is_named(tmp_path: Path, command: str, code: int) -> None:
    done = once(tmp_path, command)
    assert done.returncode == code and f"{command} cannot be run: " in done.stdout
    assert not done.stderr


def test_a_signal_reaches_the_command_and_is_its_end(tmp_path: Path) -> None:
    words = [sys.executable, "-I", "-S", "-c", read_script("once.py"), str(tmp_path), "k", "60"]
    process = subprocess.Popen([*words, *note(tmp_path, seconds=60)])
    while not (tmp_path / "ran").exists():
        time.sleep(0.05)
    process.terminate()
    assert process.wait(60) == 128 + 15


def test_two_never_run_beside_each_other_and_the_second_sees_what_the_first_did(tmp_path: Path) -> None:
    words = [sys.executable, "-I", "-S", "-c", read_script("once.py"), str(tmp_path), "k1", "60"]
    with subprocess.Popen([*words, *note(tmp_path, seconds=2)]) as first:
        while not (tmp_path / "ran").exists():
            time.sleep(0.05)
        second = once(tmp_path, *note(tmp_path))
        assert first.wait(60) == 0
    assert (second.returncode, count(tmp_path)) == (0, 1)
    assert "still runs" in second.stdout and "not run again" in second.stdout


def test_one_that_was_killed_leaves_no_lock_and_counts_as_not_run(tmp_path: Path) -> None:
    words = [sys.executable, "-I", "-S", "-c", read_script("once.py"), str(tmp_path), "k1", "60"]
    with subprocess.Popen([*words, *note(tmp_path, seconds=3)]) as first:
        while not (tmp_path / "ran").exists():
            time.sleep(0.05)
        first.kill()
    assert once(tmp_path, *note(tmp_path)).returncode == 0
    assert count(tmp_path) == 2


def single(folder: Path, name: str, *known: str, seconds: float = 0) -> "subprocess.Popen[str]":
    """A single worker that says when it begins; `known` are the single ones of its release."""
    script = "import sys, time; print('begins', flush=True); time.sleep(float(sys.argv[1]))"
    words = [sys.executable, "-I", "-S", "-c", read_script("single.py"), str(folder), name, ",".join([name, *known])]
    return subprocess.Popen(
        [*words, sys.executable, "-c", script, str(seconds)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def wait(worker: "subprocess.Popen[str]") -> float:
    """Seconds until it begins."""
    asked = time.monotonic()
    assert worker.stdout and worker.stdout.readline() == "begins\n"
    return time.monotonic() - asked


@pytest.mark.parametrize("name", ["beat", "clock", "alarm"], ids=["itself", "renamed", "renamed to an earlier name"])
def test_a_single_worker_waits_for_the_one_before_it(tmp_path: Path, name: str) -> None:
    with single(tmp_path, "beat", seconds=2) as first:
        wait(first)
        with single(tmp_path, name) as second:
            assert 1 < wait(second) < 20


def test_a_single_worker_waits_for_no_other_of_its_release(tmp_path: Path) -> None:
    with single(tmp_path, "beat", "clock", seconds=5) as first, single(tmp_path, "clock", "beat") as second:
        wait(first)
        assert wait(second) < 4
        first.kill()


def test_several_that_are_new_begin_together_and_the_one_before_them_not_again(tmp_path: Path) -> None:
    """Docker starts one again that crashes just then."""
    with single(tmp_path, "beat", seconds=1) as old:
        wait(old)
        with (
            single(tmp_path, "alarm", "clock", seconds=60) as first,
            single(tmp_path, "clock", "alarm", seconds=60) as second,
        ):
            assert max(wait(first), wait(second)) < 30
            with single(tmp_path, "beat") as again:
                assert again.stdout
                assert not select([again.stdout], [], [], 1)[0]
                first.kill()
                assert not select([again.stdout], [], [], 1)[0]
                second.kill()
                wait(again)


def test_a_single_worker_that_cannot_be_run_says_so(tmp_path: Path) -> None:
    words = [sys.executable, "-I", "-S", "-c", read_script("single.py"), str(tmp_path), "beat", "beat", "/nobody/has"]
    done = subprocess.run(words, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (1, "/nobody/has cannot be run: No such file or directory\n")
