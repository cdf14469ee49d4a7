"""Which program has a socket."""

import os
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from components.owner import SCRIPT, find_program, spell_program


@pytest.fixture
def inode() -> Iterator[int]:
    with socket.socket() as own:
        yield os.fstat(own.fileno()).st_ino


def test_a_program_is_told_by_its_name_and_process(inode: int) -> None:
    name = Path("/proc/self/comm").read_text().strip()
    assert find_program(inode) == f"the program {name} (process {os.getpid()})"


def test_a_shell_finds_the_same(inode: int) -> None:
    script = SCRIPT.replace("NUMBER", str(inode))
    done = subprocess.run(["sh", "-s"], input=script, capture_output=True, text=True, check=True)
    assert spell_program(done.stdout) == find_program(inode)


def test_what_nobody_has_is_nobodys(tmp_path: Path) -> None:
    assert find_program(0) is None
    done = subprocess.run(["sh", "-s"], input=SCRIPT.replace("NUMBER", "0"), capture_output=True, text=True)
    assert done.stdout == "" and spell_program(done.stdout) is None


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
