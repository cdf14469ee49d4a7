"""What every command on a stack does before: who has to say what, and where what is needed is found."""

import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import click
import pytest

from portico.cli import prepare as preparing
from portico.cli.prepare import prepare
from portico.cli.project import find_root, read_config
from portico.cli.refused import Refused
from portico.cli.run import spell_path


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project of a user, with the stacks dev and prod."""
    project = tmp_path / "deploy"
    project.mkdir()
    (project / "Pulumi.yaml").write_text("name: shop\n")
    for stack in ("dev", "prod"):
        (project / f"Pulumi.{stack}.yaml").write_text("config:\n  portico:target: ssh\n")
    for name in ("PULUMI_CONFIG_PASSPHRASE", "PULUMI_CONFIG_PASSPHRASE_FILE", "PULUMI_PARALLEL"):
        # What prepare sets is taken back at the end.
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
    monkeypatch.setenv("PATH", os.environ["PATH"])
    monkeypatch.chdir(tmp_path)
    return project


def test_a_project_is_found_from_the_applications_folder_and_from_below_its_own(root: Path) -> None:
    (root / "below").mkdir()
    assert find_root(root.parent) == find_root(root) == find_root(root / "below") == root


def test_elsewhere_the_python_of_the_command_is_that_of_the_program(root: Path) -> None:
    place = prepare("dev")
    assert (place.root, Path.cwd()) == (root, root)
    assert os.environ["PATH"].split(os.pathsep)[0] == str(Path(sys.executable).parent)
    assert (os.environ["PULUMI_CONFIG_PASSPHRASE"], os.environ["PULUMI_PARALLEL"]) == ("", "8")


def test_a_file_is_named_from_where_the_user_is(root: Path) -> None:
    with click.Context(click.Command("up")):
        prepare("dev")
        place = prepare("dev")
        assert spell_path(place.logs / "up-dev.log") == "deploy/.tools/logs/up-dev.log"


def test_only_the_stack_dev_has_an_empty_passphrase(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(Refused, match=r"'prod' is new, .* to it$"):
        prepare("prod")
    (root / "Pulumi.prod.yaml").write_text("secretsprovider: awskms://alias/shop\nconfig: {}\n")
    prepare("prod")
    assert "PULUMI_CONFIG_PASSPHRASE" not in os.environ


def test_an_empty_passphrase_opens_a_stack_that_has_one_and_makes_none(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", "")
    with pytest.raises(Refused, match=r"'prod' is new, .*; the one that is set is empty"):
        prepare("prod")
    (root / "Pulumi.prod.yaml").write_text("encryptionsalt: v1:abc\nconfig: {}\n")
    prepare("prod")


def test_what_set_up_wrote_for_a_shell_is_taken_over(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PULUMI_HOME", "")
    (root / ".tools").mkdir()
    (root / ".tools" / "env").write_text("export PULUMI_HOME='/a place'\n")
    prepare("dev")
    assert os.environ["PULUMI_HOME"] == "/a place"


def test_a_set_up_that_failed_has_said_why(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preparing, "is_checkout", lambda _: True)
    failed = subprocess.Popen(["sh", "-c", "exit 7"])
    monkeypatch.setattr(subprocess, "Popen", lambda *_, **__: failed)
    with pytest.raises(SystemExit, match="7"):
        prepare("dev")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP], ids=lambda number: number.name)
def test_a_signal_to_the_command_ends_its_set_up(tmp_path: Path, number: signal.Signals) -> None:
    script = tmp_path / "setup.sh"
    script.write_text("#!/bin/bash\ntrap 'echo ended; exit 130' TERM\necho begun\nsleep 30 &\nwait $!\necho late\n")
    script.chmod(0o755)
    program = f"from portico.cli import set_up; set_up.SCRIPT = {str(script)!r}; set_up.run_set_up('dev')"
    words = [sys.executable, "-c", program]
    process = subprocess.Popen(words, stdout=subprocess.PIPE, text=True, start_new_session=True)
    try:
        assert process.stdout and process.stdout.readline() == "begun\n"
        process.send_signal(number)
        assert process.stdout.readline() == "ended\n"
        assert process.wait(60) == 128 + number
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)


def test_a_key_that_stands_twice_is_a_sentence(root: Path) -> None:
    (root / "Pulumi.dev.yaml").write_text(
        "config:\n  portico:sites:\n    - name: shop\n      body: 1M\n      body: 2M\n"
    )
    with pytest.raises(Refused, match=r"^Pulumi\.dev\.yaml, line 5: body is in line 4 already; write it once$"):
        read_config(root, "dev")


def test_a_stack_file_that_is_no_yaml_is_a_sentence(root: Path) -> None:
    (root / "Pulumi.dev.yaml").write_text("config: [\n")
    with pytest.raises(Refused, match=r"Pulumi\.dev\.yaml is not valid YAML: "):
        read_config(root, "dev")
