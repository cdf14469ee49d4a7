"""Which program has a socket."""

import os
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from portico.components.docker.socket_owner import SCRIPT, find_program, spell_program


@pytest.fixture
def inode() -> Iterator[int]:
    with socket.socket() as own:
        yield os.fstat(own.fileno()).st_ino


def test_a_program_is_reported_by_its_name_and_process(inode: int) -> None:
    name = Path("/proc/self/comm").read_text().strip()
    assert find_program(inode) == f"the program {name} (process {os.getpid()})"


def test_a_shell_finds_the_same(inode: int) -> None:
    assert spell_program(run_script(inode)) == find_program(inode)


def test_one_is_named_of_several_that_share_it() -> None:
    with socket.socket() as own, subprocess.Popen(["sleep", "60"], pass_fds=[own.fileno()]) as other:
        said = run_script(os.fstat(own.fileno()).st_ino)
        other.kill()
    assert said.count("\n") == 1 and int(said.split()[0]) in (os.getpid(), other.pid)


def run_script(inode: int) -> str:
    script = SCRIPT.replace("NUMBER", str(inode))
    return subprocess.run(["sh", "-s"], input=script, capture_output=True, text=True, check=True).stdout


def test_what_nobody_has_is_nobodys() -> None:
    assert find_program(0) is None
    assert run_script(0) == "" and spell_program("") is None


def test_programs_that_others_may_not_see_are_passed_over(tmp_path: Path) -> None:
    """As where a program has just ended: its folder is there, and what it should hold is not."""
    (tmp_path / "1").mkdir()
    (tmp_path / "uptime").touch()
    folder = tmp_path / "22"
    (folder / "fd").mkdir(parents=True)
    (folder / "fd" / "3").symlink_to("socket:[7]")
    (folder / "comm").write_text("my server\n")
    assert find_program(7, tmp_path) == "the program my server (process 22)"
    assert find_program(8, tmp_path) is None
