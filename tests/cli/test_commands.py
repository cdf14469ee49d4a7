"""The command `portico` itself: every command explains itself, a mistake is one line, make calls all of them."""

import os
import re
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from portico import __version__
from portico.cli.main import COMMANDS, portico
from portico.cli.spelling import MADE, assign, spell

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_with_an_example_that_it_takes(name: str) -> None:
    done = CliRunner().invoke(portico, [name, "--help"])
    reported = re.search(rf"Example: portico {name}\b(.*)", " ".join(done.output.split()))
    assert done.exit_code == 0 and reported, done.output
    command = portico.get_command(click.Context(portico), name)
    assert command
    # Raises where the example is not what it takes.
    command.make_context(name, reported[1].split(), resilient_parsing=False)


def test_the_version_is_reported() -> None:
    done = CliRunner().invoke(portico, ["--version"], prog_name="portico")
    assert (done.exit_code, done.output) == (0, f"portico {__version__}\n")


def test_the_list_is_that_of_the_files() -> None:
    files = {path.stem for path in (ROOT / "cli" / "commands").glob("*.py")} - {"__init__"}
    assert set(COMMANDS) == files


def test_make_calls_every_command_of_a_stack() -> None:
    called = set(re.findall(r"@\$\(PORTICO\) (\w+)", (ROOT / "Makefile").read_text()))
    assert called == set(COMMANDS) - {"init", "setup", "ci"}


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (
            ["up", "-s", "nope"],
            1,
            "error: there is no environment 'nope'; write Pulumi.nope.yaml, or choose one of: dev",
        ),
        (["up", "-s", "prod"], 1, "error: the stack 'prod' is new, and Pulumi encrypts its secrets with a passphrase"),
        (["up", "-s", "kept"], 1, "error: the stack 'kept' keeps secrets; set PULUMI_CONFIG_PASSPHRASE or"),
        (["logs", "--tail", "many"], 1, 'error: --tail "many" is no number of lines; write --tail 200, or --tail all'),
        (["upp"], 2, "No such command"),
        (["up", "--nothing"], 2, "No such option"),
    ],
)
def test_a_mistake_has_a_line_and_an_exit_code(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, words: list[str], code: int, said: str
) -> None:
    (tmp_path / "Pulumi.yaml").write_text("name: portico\n")
    for stack in ("dev", "prod"):
        (tmp_path / f"Pulumi.{stack}.yaml").write_text("config: {}\n")
    (tmp_path / "Pulumi.kept.yaml").write_text("config: {}\nencryptionsalt: v1:abc\n")
    for name in ("PULUMI_CONFIG_PASSPHRASE", "PULUMI_CONFIG_PASSPHRASE_FILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(portico, words)
    assert done.exit_code == code and said in done.stderr, done.output
    assert code == 2 or done.stderr.count("\n") == 1


def test_where_there_is_no_project_init_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(portico, ["status"])
    assert done.exit_code == 1 and "portico init writes one" in done.stderr


def test_up_loads_neither_pulumi_nor_docker() -> None:
    """Together they take more than a second, and it needs neither."""
    script = "import sys, portico.cli.commands.up; print(*sorted({'pulumi', 'docker', 'pydantic'} & set(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", script], env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True
    )
    assert (done.stdout.strip(), done.stderr) == ("", "")


@pytest.mark.parametrize(
    ("made", "spelled"),
    [
        ("", ["portico up -s prod", "portico exec -- flask db upgrade", "portico exec --site", "--tail 200"]),
        ("yes", ["make up ENV=prod", 'make exec CMD="flask db upgrade"', "make exec SITE=", "TAIL=200"]),
    ],
)
def test_a_command_is_spelled_as_its_user_calls_it(
    monkeypatch: pytest.MonkeyPatch, made: str, spelled: list[str]
) -> None:
    monkeypatch.setenv(MADE, made)
    commands = [spell("up", "prod"), spell("exec", command="flask db upgrade"), spell("exec", site="")]
    assert [*commands, assign("tail", "200")] == spelled
