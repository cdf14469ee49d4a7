"""Who works on a stack, reported from the locks and the state of a file backend."""

import json
import os
import shutil
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from portico.cli.holder import describe, find_backend, is_pulumi

STACK = "dev"


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("PULUMI_BACKEND_URL", raising=False)
    (tmp_path / "Pulumi.yaml").write_text("name: portico\nbackend:\n  url: file://./.state\n")
    for folder in ("locks/organization/portico/dev", "stacks/portico"):
        (tmp_path / ".state/.pulumi" / folder).mkdir(parents=True)
    return tmp_path


def lock(root: Path, pid: int, host: str = os.uname().nodename) -> None:
    text = {"pid": pid, "username": "ada", "hostname": host, "timestamp": "2026-11-24T00:58:08.833165197Z"}
    (root / f".state/.pulumi/locks/organization/portico/dev/{pid}.json").write_text(json.dumps(text))


def pend(root: Path, *operations: tuple[str, str]) -> None:
    pending: list[dict[str, Any]] = [
        {"type": kind, "resource": {"urn": f"urn:pulumi:dev::portico::docker:index::{name}"}}
        for kind, name in operations
    ]
    state = {"checkpoint": {"latest": {"pending_operations": pending}}}
    (root / ".state/.pulumi/stacks/portico/dev.json").write_text(json.dumps(state))


def test_nothing_is_said_where_nobody_works(root: Path) -> None:
    pend(root, ("deleting", "old"))
    assert describe(STACK, root) is None


def test_a_run_that_lives_is_waited_for(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("portico.cli.holder.is_pulumi", lambda pid: pid == 7)
    lock(root, 7)
    lock(root, 8)
    said = describe(STACK, root) or ""
    assert "Another run" in said and f"ada@{os.uname().nodename} (process 7, since " in said and "Wait" in said


def test_a_process_that_has_taken_the_number_is_no_holder(root: Path) -> None:
    lock(root, os.getpid())  # lives, and is no Pulumi
    assert "was interrupted" in (describe(STACK, root) or "")


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="states of processes are read from /proc")
def test_a_killed_run_whose_parent_has_not_asked_for_its_end_is_gone(tmp_path: Path) -> None:
    program = shutil.copy(shutil.which("sleep") or "", tmp_path / "pulumi")
    with subprocess.Popen([program, "60"]) as process:
        assert is_pulumi(process.pid)
        process.kill()
        while Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z":
            time.sleep(0.01)
        assert not is_pulumi(process.pid)


def test_a_run_that_is_gone_leads_to_recover(root: Path) -> None:
    lock(root, 2**22 + 1)
    assert "`portico recover -s dev`" in (describe(STACK, root) or "")


def test_another_machine_is_not_judged_from_here(root: Path) -> None:
    lock(root, 2**22 + 1, "elsewhere")
    said = describe(STACK, root) or ""
    assert "ada@elsewhere" in said and "`pulumi cancel --stack dev`" in said and "interrupted" not in said


def test_what_was_being_made_is_named_where_the_lock_is_gone(root: Path) -> None:
    pend(root, ("creating", "shop-gunicorn-0"), ("deleting", "old"))
    said = describe(STACK, root) or ""
    assert "while it made shop-gunicorn-0.\n" in said and "portico recover" in said


@pytest.mark.parametrize("url", ["https://api.pulumi.com", "s3://bucket"])
def test_other_backends_are_not_read(root: Path, monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("PULUMI_BACKEND_URL", url)
    lock(root, 2**22 + 1)
    assert find_backend(root) is None and describe(STACK, root) is None
