"""A state that a full disk tore is replaced by its newest whole copy."""

import json
import os
from pathlib import Path

import pytest

from portico.cli.torn_state import fix_all


def make_state(folder: Path, **files: tuple[int, bytes]) -> Path:
    """A state folder; each file has an age in seconds and its bytes."""
    home = folder / ".pulumi"
    places = {
        "live": "stacks/portico/dev.json",
        "bak": "stacks/portico/dev.json.bak",
        "previous": "history/portico/dev/dev-1.checkpoint.json",
        "backup": "backups/portico/dev/dev.2.json",
        "lock": "locks/organization/portico/dev/1.json.2.tmp",
    }
    for name, (age, content) in files.items():
        file = home / places[name]
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
        os.utime(file, (1e9 - age, 1e9 - age))
    return home


def state(number: int) -> bytes:
    return json.dumps({"version": 3, "checkpoint": {"number": number}}).encode()


def test_a_whole_state_is_left_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    home = make_state(tmp_path, live=(9, state(1)), bak=(1, state(2)), lock=(0, b"{}"))
    print(*fix_all(tmp_path), sep="\n", end="")
    assert (home / "stacks/portico/dev.json").read_bytes() == state(1)
    assert capsys.readouterr().out == ""
    assert len(list(home.glob("locks/**/*.tmp"))) == 1, "a lock that says who holds it was removed"


def test_the_newest_whole_copy_takes_the_place(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    home = make_state(
        tmp_path,
        live=(0, state(4)[:20]),
        bak=(1, b""),
        previous=(9, state(2)),
        backup=(5, state(3)),
        lock=(0, b""),
    )
    print(*fix_all(tmp_path), sep="\n", end="")
    assert (home / "stacks/portico/dev.json").read_bytes() == state(3)
    assert (home / "stacks/portico/dev.json.torn").read_bytes() == state(4)[:20]
    assert "was damaged" in capsys.readouterr().out
    assert not list(home.glob("locks/**/*.tmp"))


def test_without_a_copy_nothing_is_changed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    home = make_state(tmp_path, live=(0, b"{"))
    print(*fix_all(tmp_path), sep="\n", end="")
    assert (home / "stacks/portico/dev.json").read_bytes() == b"{"
    assert "no copy of it is intact" in capsys.readouterr().out
