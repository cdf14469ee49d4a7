"""`portico ci`: the workflows are YAML that says what is promised, and the scripts inside do it."""

import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner, Result

from portico.cli.main import portico
from portico.cli.workflows import find_wrong

STACK = """config:
  portico:target: ssh
  portico:ssh: {host: vm.example, user: deploy, hostKey: ssh-ed25519 AAAA}
  portico:secrets: {shop: {KEY: {secure: v1:not-to-be-copied}}}
  portico:backups: {to: /srv/backups}
  portico:backupKey: {secure: v1:not-to-be-copied}
  portico:later: {key: {secure: v1:not-to-be-copied}}
  portico:services: [{name: db, kind: postgres}]
  portico:port: 80
  portico:sites:
    - {name: shop, source: .., entry: "shop:app", hosts: [shop.example], data: [{name: store, path: /data}]}
"""
# Stands for `portico` and `pulumi`: it writes down what it was asked, and answers as the file of that name says.
STUB = """#!/bin/sh
echo "$(basename "$0") $*" >>"$CALLS"
case $1 in
  ci) exit 0 ;;
  up) [ -s "$LOCKED" ] || { echo "https://shop.example"; exit 0; }
      sed -i 1d "$LOCKED"; echo "error: The stack prod is locked by ops@host. Nothing was changed."; exit 1 ;;
  preview) echo "shop: a new release \\`code\\`"; exit "${PREVIEW:-0}" ;;
  down) exit 0 ;;
  *) exit 0 ;;
esac
"""


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("PULUMI_BACKEND_URL", "PULUMI_CONFIG_PASSPHRASE", "PULUMI_CONFIG_PASSPHRASE_FILE"):
        monkeypatch.delenv(name, raising=False)
    root = tmp_path / "deploy"
    root.mkdir()
    (root / "Pulumi.yaml").write_text("name: shop\nruntime: python\nbackend: {url: s3://state}\n")
    (root / "Pulumi.prod.yaml").write_text(STACK)
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    monkeypatch.chdir(tmp_path)
    return root


def init(*words: str) -> Result:
    done = CliRunner().invoke(portico, ["ci", "init", "-s", "prod", *words])
    assert done.exit_code == 0, done.output
    return done


def run(root: Path, script: str, *words: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    """One of the scripts, beside stand-ins for what it calls."""
    folder = root / ".ci" / "bin"
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("portico", "pulumi"):
        (folder / name).write_text(STUB)
        (folder / name).chmod(0o755)
    given = {"PATH": "/usr/bin:/bin", "CALLS": str(root / "calls"), "LOCKED": str(root / "locked"), **environment}
    return subprocess.run([root / "ci" / script, *words], env=given, capture_output=True, text=True, timeout=60)


def calls(root: Path) -> list[str]:
    return (root / "calls").read_text().splitlines()


def read_workflow(file: Path) -> dict[Any, Any]:
    found: dict[Any, Any] = yaml.safe_load(file.read_text())
    return found


def test_github_previews_a_request_and_deploys_a_merge(root: Path) -> None:
    done = init("--branches")
    assert "Missing" not in done.output
    made = read_workflow(root.parent / ".github" / "workflows" / "portico.yml")
    jobs = made["jobs"]
    assert set(jobs) == {"preview", "deploy", "branch"}
    # YAML 1.1 takes the key `on` for a truth.
    assert made[True]["push"]["branches"] == ["main"]
    for name in ("preview", "branch"):
        assert "head.repo.full_name == github.repository" in jobs[name]["if"], "forks get no secrets"
    assert made["permissions"] == {"contents": "read"} and "pull_request_target" not in made[True]
    assert jobs["deploy"]["concurrency"] == {"group": "portico-prod", "cancel-in-progress": False}
    assert jobs["deploy"]["if"] == "github.event_name == 'push'"
    steps = [step.get("run", "") for job in jobs.values() for step in job["steps"]]
    named = {word for step in steps for word in step.split() if word.endswith(".sh")}
    assert named == {f"./deploy/ci/{name}.sh" for name in ("install", "preview", "deploy", "branch")}
    assert all((root.parent / word).stat().st_mode & 0o111 for word in named)
    # What a request's author writes, such as a title or the name of a branch, never becomes part of a command.
    assert not any("${{" in step for step in steps)


def test_gitlab_does_the_same(root: Path) -> None:
    init("--for", "gitlab", "--branches")
    made = read_workflow(root.parent / ".gitlab-ci.yml")
    assert made["portico deploy"]["resource_group"] == "portico-prod"
    for name in (".own", "portico branch ends"):
        assert "$CI_MERGE_REQUEST_SOURCE_PROJECT_ID == $CI_PROJECT_ID" in made[name]["rules"][0]["if"]
    assert made["portico branch"]["environment"]["on_stop"] == "portico branch ends" in made
    assert made["portico branch ends"]["environment"]["action"] == "stop"
    lines = [line for job in made.values() if isinstance(job, dict) for line in job.get("script", [])]
    assert all((root.parent / word).is_file() for line in lines for word in line.split() if word.endswith(".sh"))


def test_nothing_is_overwritten(root: Path) -> None:
    init()
    file = root / "ci" / "deploy.sh"
    file.write_text("mine")
    assert "kept   deploy/ci/deploy.sh, as it was" in init().output and file.read_text() == "mine"
    assert not (root / "ci" / "branch.sh").exists()


def test_a_deployment_waits_for_the_lock(root: Path) -> None:
    init()
    (root / "locked").write_text("once\ntwice\n")
    done = run(root, "deploy.sh", "prod", PORTICO_PAUSE="0")
    assert done.returncode == 0 and done.stdout.count("Waiting for the run that has the lock.") == 2, done
    assert calls(root) == ["portico ci check -s prod", *["portico up -s prod"] * 3]


def test_a_deployment_does_not_wait_for_ever(root: Path) -> None:
    init()
    (root / "locked").write_text("x\n" * 99)
    done = run(root, "deploy.sh", "prod", PORTICO_PAUSE="0", PORTICO_WAIT="0")
    assert done.returncode == 1 and calls(root).count("portico up -s prod") == 1


@pytest.mark.parametrize(
    ("code", "title"), [("0", "What a merge changes on `prod`"), ("1", "preview of `prod` failed")]
)
def test_a_preview_is_written_for_a_comment(root: Path, tmp_path: Path, code: str, title: str) -> None:
    init()
    done = run(root, "preview.sh", "prod", str(tmp_path / "preview.md"), PREVIEW=code)
    text = (tmp_path / "preview.md").read_text()
    assert done.returncode == int(code) and title in text.splitlines()[0]
    assert "    shop: a new release `code`" in text.splitlines(), "indented, so that it is no Markdown"


def test_an_environment_of_a_branch_begins_and_ends_with_it(root: Path) -> None:
    init("--branches")
    copied = (root / "ci" / "branch.yaml").read_text()
    assert "not-to-be-copied" not in copied and "backups" not in copied and "services" in copied
    assert run(root, "branch.sh", "up", "12").returncode == 0
    config = yaml.safe_load((root / "Pulumi.pr-12.yaml").read_text())["config"]
    assert config["portico:port"] == 20012 and config["portico:sites"][0]["hosts"] == ["pr-12-shop.localhost"]
    assert run(root, "branch.sh", "down", "12").returncode == 0
    assert calls(root)[-4:] == [
        "portico down -s pr-12 --yes",
        "portico down -s pr-12 --yes --data shop",
        "portico down -s pr-12 --yes --data db",
        "pulumi stack rm pr-12 --yes",
    ]
    for words in (("up", "12;x"), ("up", ""), ("away", "12")):
        assert run(root, "branch.sh", *words).returncode == 2


@pytest.mark.parametrize(
    ("values", "backend", "given", "why"),
    [
        ({}, "s3://x", {}, "target: local is the machine of the workflow"),
        ({"target": "ssh", "ssh": {"host": "a"}}, "s3://x", {}, "ssh.hostKey is required where a workflow deploys"),
        ({"target": "ecs"}, "file://./.state", {}, "the state is in file://./.state"),
        ({"target": "ecs"}, "s3://x", {"encrypted": True}, "the stack has secrets; set PULUMI_CONFIG_PASSPHRASE"),
    ],
)
def test_what_a_workflow_lacks_is_said(values: Any, backend: str, given: Any, why: str) -> None:
    (line,) = find_wrong(values, backend, **{"passphrase": False, "encrypted": False, **given})
    assert line.startswith(why)


def test_a_stack_without_a_host_key_is_not_deployed(root: Path) -> None:
    (root / "Pulumi.prod.yaml").write_text(STACK.replace(", hostKey: ssh-ed25519 AAAA", ""))
    done = CliRunner().invoke(portico, ["ci", "check", "-s", "prod"])
    assert done.exit_code == 1 and "ssh.hostKey is required" in done.output
    (root / "Pulumi.prod.yaml").write_text(STACK)
    assert CliRunner().invoke(portico, ["ci", "check", "-s", "prod"]).output == "A workflow can deploy prod.\n"
