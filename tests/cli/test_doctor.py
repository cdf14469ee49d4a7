"""`portico doctor`: each piece is named, with what is seen of it and what to write where it is missing."""

import json
import os
import re
import socket
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from portico.cli.main import portico
from tests.docker.engine import free_port


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project on a machine that has a pulumi and nothing else."""
    (tmp_path / "Pulumi.yaml").write_text("name: portico\nbackend:\n  url: file://./.state\n")
    # Whoever runs the tests may have the stack dev up, at the port that is shipped.
    (tmp_path / "Pulumi.dev.yaml").write_text(f'config:\n  portico:port: "{free_port()}"\n')
    (tmp_path / "bin").mkdir()
    pulumi = tmp_path / "bin" / "pulumi"
    pulumi.write_text("#!/bin/sh\necho v3.256.0\n")
    pulumi.chmod(0o755)
    for name, value in (("PATH", str(tmp_path / "bin")), ("PULUMI_HOME", str(tmp_path / "home"))):
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/none.sock")
    monkeypatch.delenv("PULUMI_BACKEND_URL", raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def examine() -> dict[str, dict[str, Any]]:
    done = CliRunner().invoke(portico, ["doctor", "--json"])
    found = json.loads(done.stdout)
    assert done.exit_code == int(any(one["state"] == "missing" for one in found))
    return {one["what"]: one for one in found}


def test_what_is_there_and_what_is_missing(root: Path) -> None:
    found = examine()
    assert {what for what, one in found.items() if one["state"] == "missing"} == {"language host", "plugin", "Docker"}
    assert (
        found["Pulumi"]["reported"].startswith("3.256.0 (") and found["lock"]["reported"] == "nobody works on the stack"
    )
    assert found["plugin"]["remedy"] == "portico setup"
    assert found["plugin"]["reported"] == f"docker 5.2.0 is not in {root}/home/plugins"
    assert {"Python", "settings", "disk", "memory", "state", "port"} <= found.keys()


def test_an_old_pulumi_is_missing(root: Path) -> None:
    (root / "bin" / "pulumi").write_text("#!/bin/sh\necho v3.99.0\n")
    found = examine()["Pulumi"]
    assert (found["reported"].endswith(" is older than 3.250.0"), found["remedy"]) == (True, "portico setup")


def test_a_plugin_of_the_version_that_is_wanted(root: Path) -> None:
    (root / "home" / "plugins" / "resource-docker-v5.1.0").mkdir(parents=True)
    assert examine()["plugin"]["reported"].endswith("/plugins; there is resource-docker-v5.1.0")
    (root / "home" / "plugins" / "resource-docker-v5.2.0").mkdir(parents=True)
    assert examine()["plugin"]["state"] == "ok"


def test_a_port_that_somebody_has(root: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        # Pulumi writes numbers as texts.
        (root / "Pulumi.dev.yaml").write_text(f'config:\n  portico:port: "{port}"\n')
        found = examine()["port"]
    assert found["reported"] == f"{port} is in use" and "portico:port in Pulumi.dev.yaml" in found["remedy"]


def test_who_holds_the_lock(root: Path) -> None:
    folder = root / ".state/.pulumi/locks/organization/portico/dev"
    folder.mkdir(parents=True)
    lock = {"pid": 2**22 + 1, "username": "ada", "hostname": os.uname().nodename, "timestamp": "2026-11-24T00:58:08Z"}
    (folder / "1.json").write_text(json.dumps(lock))
    found = examine()["lock"]
    assert found["state"] == "missing" and "portico recover -s dev" in found["reported"]


def test_it_says_the_same_to_people(root: Path) -> None:
    done = CliRunner().invoke(portico, ["doctor"])
    assert done.exit_code == 1 and done.output.splitlines()[-1] == "3 missing."
    assert re.search(r"(?m)^missing  plugin         docker 5\.2\.0 is not in \S+; to do: portico setup$", done.output)


def test_without_a_project_init_is_named(root: Path) -> None:
    (root / "Pulumi.yaml").unlink()
    assert examine()["project"]["remedy"] == "portico init writes one"
