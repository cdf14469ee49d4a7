"""Logins to ECR: Docker's provider asks a command of ours, and that asks AWS's."""

import io
import json
import shutil
import subprocess
from pathlib import Path

import pytest

from portico.cli.registry_login import answer
from portico.components.docker.credential_helper import NAME

HOST = "https://123456789012.dkr.ecr.eu-west-1.amazonaws.com"


@pytest.fixture
def aws(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A command `aws` that tells what it was asked for, as a password."""
    file = tmp_path / "aws"
    file.write_text('#!/bin/sh\necho "token of $*"\n')
    file.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    return file


def ask(word: str, server: str = "") -> tuple[int, str]:
    reported = io.StringIO()
    return answer([word], io.StringIO(server), reported), reported.getvalue()


@pytest.mark.parametrize(
    ("server", "asked"),
    [
        (HOST, "--region eu-west-1"),
        (f"{HOST}.cn\n", "--region eu-west-1"),
        ("123456789012.dkr.ecr-fips.us-gov-west-1.amazonaws.com", "--region us-gov-west-1"),
        ("http://127.0.0.1:5000", ""),
    ],
)
@pytest.mark.usefixtures("aws")
def test_a_login_is_asked_for_in_the_region_of_the_registry(server: str, asked: str) -> None:
    code, reported = ask("get", server)
    password = f"token of ecr get-login-password {asked}".strip()
    assert code == 0 and json.loads(reported) == {"ServerURL": server.strip(), "Username": "AWS", "Secret": password}


def test_what_aws_refuses_is_reported(aws: Path) -> None:
    aws.write_text("#!/bin/sh\necho 'Unable to locate credentials' >&2\nexit 255\n")
    assert ask("get", HOST) == (1, "Unable to locate credentials\n")


def test_without_aws_command_that_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    code, reported = ask("get", HOST)
    assert code == 1 and reported.startswith("the aws command does not answer: ")


def test_nothing_is_kept() -> None:
    assert [ask(word) for word in ("list", "store", "erase", "steal")] == [(0, "{}\n")] * 3 + [(1, "{}\n")]


@pytest.mark.usefixtures("aws")
def test_docker_finds_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    root = Path(__file__).parents[2]
    monkeypatch.setenv("PATH", f"{root / 'scripts'}:{aws_path()}:/usr/bin:/bin")
    command = shutil.which(f"docker-credential-{NAME}")
    assert command
    done = subprocess.run([command, "get"], input=HOST, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout)["Username"] == "AWS"


def aws_path() -> str:
    found = shutil.which("aws")
    assert found
    return str(Path(found).parent)
