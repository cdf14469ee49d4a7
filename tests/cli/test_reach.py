"""Whether the machines of a stack can be asked, which a refresh would do."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from portico.cli import reach
from portico.cli.engine import PROVIDER


def export(*hosts: str | None) -> dict[str, Any]:
    options = json.dumps(["-o", "BatchMode=yes"])
    inputs: list[dict[str, Any]] = [{"host": host, "sshOpts": options} if host else {} for host in hosts]
    return {"deployment": {"resources": [{"type": PROVIDER, "inputs": one} for one in inputs]}}


@pytest.fixture(autouse=True)
def ssh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An ssh that reaches one machine."""
    script = tmp_path / "ssh"
    script.write_text('#!/bin/sh\ncase "$*" in *i-0there:22*) exec sh -s ;; esac\nexit 255\n')
    script.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    return script


@pytest.mark.parametrize(
    ("hosts", "silent"),
    [
        ((), []),
        ((None,), []),
        (("unix:///run/docker.sock",), []),
        (("ssh://portico@i-0there:22",), []),
        (("ssh://portico@i-0gone:22",), ["ssh://portico@i-0gone:22"]),
        (("ssh://portico@i-0gone:22", "ssh://portico@i-0there:22"), ["ssh://portico@i-0gone:22"]),
    ],
)
def test_machines_that_do_not_answer_are_named(
    hosts: tuple[str | None, ...],
    silent: list[str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert reach.all_answer(export(*hosts)) is not bool(silent)
    lines = [f"{address} does not answer, so what runs there was not checked.\n" for address in silent]
    assert capsys.readouterr().err == "".join(lines)


def test_a_machine_that_says_nothing_is_not_waited_for(monkeypatch: pytest.MonkeyPatch, ssh: Path) -> None:
    ssh.write_text("#!/bin/sh\nexec sleep 60\n")
    monkeypatch.setattr(reach, "SECONDS", 0.3)
    assert reach.list_silent(export("ssh://portico@i-0there:22")) == ["ssh://portico@i-0there:22"]
