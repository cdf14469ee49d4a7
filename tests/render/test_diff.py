"""make diff: how the difference is spelled. What is live is read in test_live.py, on the real engine."""

import json
from pathlib import Path

import pytest
import yaml

from portico.cli.commands.diff import compare
from tests.config.ecs_sample import make_ecs_values
from tests.config.sample import SHOP, make_site, write_files
from tests.render.command import diff


def test_equal_trees_differ_in_nothing() -> None:
    assert list(compare({"a": "x\n"}, {"a": "x\n"})) == []


def test_a_change_is_a_unified_diff() -> None:
    assert "".join(compare({"a": "x\ny\n"}, {"a": "x\nz\n"})) == "--- live/a\n+++ new/a\n@@ -1,2 +1,2 @@\n x\n-y\n+z\n"


def test_files_that_come_and_go() -> None:
    text = "".join(compare({"a": "x\n"}, {"b": "y"}))
    assert "--- live/a\n+++ /dev/null\n" in text
    assert "--- /dev/null\n+++ new/b\n@@ -0,0 +1 @@\n+y\n\\ No newline at end of file\n" in text


def test_the_history_of_a_pinned_site_is_asked_of_pulumi(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write_files(tmp_path / "shop", SHOP)
    (tmp_path / "Pulumi.yaml").write_text("name: portico\n")
    values = {"portico:sites": [make_site()], "portico:rollback": {"shop": "0" * 12}}
    (tmp_path / "Pulumi.dev.yaml").write_text(yaml.safe_dump({"config": values}))
    pulumi = tmp_path / "bin" / "pulumi"
    pulumi.parent.mkdir()
    pulumi.write_text("#!/bin/sh\necho 'error: no stack' >&2\nexit 1\n")
    pulumi.chmod(0o755)
    monkeypatch.setenv("PATH", str(pulumi.parent), prepend=":")
    assert diff("dev", root=tmp_path) == 1
    assert "the history cannot be read: `pulumi stack output` failed: error: no stack" in capsys.readouterr().err
    record = {"release": "1" * 12, "image": "2" * 12, "at": "2026-01-01T00:00:00Z", "site": "{}", "static": ""}
    pulumi.write_text(f"#!/bin/sh\necho '{json.dumps({'history': {'shop': [record]}})}'\n")
    assert diff("dev", root=tmp_path) == 1
    assert "shop can go back to; write one of 111111111111" in capsys.readouterr().err


def test_on_ecs_the_files_lie_in_images(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_files(tmp_path / "shop", SHOP)
    (tmp_path / "Pulumi.yaml").write_text("name: portico\n")
    values = {f"portico:{key}": value for key, value in make_ecs_values().items()}
    (tmp_path / "Pulumi.dev.yaml").write_text(yaml.safe_dump({"config": values}))
    assert diff("dev", root=tmp_path) == 1
    said = capsys.readouterr().err
    assert "lie in images" in said and "portico render -s dev --out folder" in said
