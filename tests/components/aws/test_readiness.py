"""Waiting for a VM: what is asked, what is reported meanwhile, and how it ends."""

import asyncio
import subprocess
import time
from pathlib import Path

import pulumi
import pytest

from portico.components.hosts.connection import Connection
from portico.components.hosts.readiness import wait_ready

THERE = Connection("portico", "i-0123", 22, ("-o", "BatchMode=yes"))
AGAIN = (
    "What served before keeps serving. Fix the cause and run this again. To begin with a new VM instead, end this one "
    "first: aws ec2 terminate-instances --instance-ids i-0123"
)


@pytest.fixture
def reported(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The lines that are shown; the pauses are short."""
    lines: list[str] = []
    monkeypatch.setattr("pulumi.log.info", lambda text, *_, **__: lines.append(text))
    monkeypatch.setattr("portico.components.hosts.readiness._PAUSE", 0.02)
    return lines


@pytest.fixture
def ssh(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """An ssh that does what lines of a file say, one a call, and the last one from then on."""
    script = tmp_path / "ssh"
    script.write_text(
        f'#!/bin/bash\ncd {tmp_path}\necho "$*" >>calls\ncat >question\n'
        "number=$(wc -l <calls); total=$(wc -l <says)\n"
        'eval "$(sed -n "$((number < total ? number : total))p" says)"\n'
    )
    script.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    return tmp_path / "says"


def say(ssh: Path, *lines: str) -> None:
    ssh.write_text("".join(f"{line}\n" for line in lines))


def refuse(seconds: float = 60) -> str:
    with pytest.raises(pulumi.RunError) as caught:
        asyncio.run(wait_ready(THERE, seconds))
    return str(caught.value)


def test_a_vm_that_is_ready_is_asked_once_and_nothing_is_reported(ssh: Path, reported: list[str]) -> None:
    say(ssh, "echo ready")
    asyncio.run(wait_ready(THERE, 60))
    assert reported == []
    assert (ssh.parent / "calls").read_text() == "-o BatchMode=yes -T ssh://portico@i-0123:22 sh -s\n"


def test_what_it_does_meanwhile_is_reported_once_a_step(ssh: Path, reported: list[str]) -> None:
    say(
        ssh,
        "echo 'Connection timed out' >&2; exit 255",
        "exit 255",
        "echo 'waits: installing Docker'",
        "echo 'waits: installing Docker'",
        "echo 'waits: starting Docker'",
        "echo ready",
    )
    asyncio.run(wait_ready(THERE, 60))
    assert [line.partition(" s: ")[2] for line in reported] == [
        "SSH refuses the login yet (Connection timed out)",
        "nothing answers on SSH yet",
        "installing Docker",
        "starting Docker",
    ]
    assert all(line.startswith("VM i-0123, ") for line in reported)


def test_the_same_is_reported_again_after_half_a_minute(
    ssh: Path, reported: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("portico.components.hosts.readiness._EVERY", 0.0)
    say(ssh, "echo 'waits: installing Docker'", "echo 'waits: installing Docker'", "echo ready")
    asyncio.run(wait_ready(THERE, 60))
    assert len(reported) == 2


@pytest.mark.parametrize(
    ("line", "missing"),
    [
        ("echo 'waits: installing Docker'", "installing Docker"),
        (
            "echo 'An error occurred (TargetNotConnected): i-0123 is not connected.' >&2; exit 255",
            "SSH refuses the login yet (An error occurred (TargetNotConnected): i-0123 is not connected.)",
        ),
        ("exit 255", "nothing answers on SSH yet"),
    ],
)
def test_the_time_limit_names_what_is_missing(ssh: Path, reported: list[str], line: str, missing: str) -> None:
    say(ssh, line)
    assert refuse(0.1) == f"The VM i-0123 cannot take containers: it is not ready after 0 s: {missing}\n{AGAIN}"


def test_a_first_boot_that_failed_is_not_waited_for(ssh: Path, reported: list[str]) -> None:
    say(ssh, "printf 'failed: installing Docker\\nE: Unable to locate package\\n'")
    assert refuse() == (
        "The VM i-0123 cannot take containers: its first boot failed at installing Docker\n"
        f"E: Unable to locate package\n{AGAIN}"
    )


@pytest.mark.parametrize(
    ("words", "advice"),
    [
        ("SessionManagerPlugin is not found. Please refer to", "install AWS's Session Manager plugin on this machine."),
        ("An error occurred (AccessDeniedException) when calling", "let who deploys call ssm:StartSession on it."),
        ("An error occurred (ExpiredTokenException) when calling", "log in to AWS again."),
        ("Unable to locate credentials", "log in to AWS, or name a profile in AWS_PROFILE."),
    ],
)
def test_what_no_waiting_fixes_ends_it_at_once(ssh: Path, reported: list[str], words: str, advice: str) -> None:
    say(ssh, f"echo '{words}' >&2; exit 255")
    said = refuse()
    assert said.startswith("The VM i-0123 cannot be reached: ") and words in said
    assert said.endswith(f"To fix it, {advice}") and reported == []


def test_where_there_is_no_ssh_it_is_said(monkeypatch: pytest.MonkeyPatch, reported: list[str]) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    assert refuse() == "There is no ssh on this machine; install it (openssh-client)."


def test_others_go_on_while_it_waits(ssh: Path, reported: list[str]) -> None:
    say(ssh, "sleep 2; echo ready")

    async def look() -> tuple[float, float]:
        """The longest time that nobody else came to act, and all of it."""
        waiting = asyncio.create_task(wait_ready(THERE, 60))
        begun = before = time.monotonic()
        longest = 0.0
        while not waiting.done():
            await asyncio.sleep(0.01)
            longest, before = max(longest, time.monotonic() - before), time.monotonic()
        return longest, before - begun

    longest, whole = asyncio.run(look())
    assert longest < whole / 2


@pytest.mark.parametrize(
    ("files", "answer"),
    [
        (None, "waits: its first boot has not come to Docker yet\n"),
        ({"step": "starting Docker\n"}, "waits: starting Docker\n"),
        ({"step": "ready\n", "ready": ""}, "ready\n"),
        ({"step": "making swap\n", "failed": "making swap\n"}, "failed: making swap\n"),
    ],
)
def test_the_question_is_understood_by_a_vm(
    ssh: Path, reported: list[str], tmp_path: Path, files: dict[str, str] | None, answer: str
) -> None:
    say(ssh, "echo ready")
    asyncio.run(wait_ready(THERE, 60))
    home = tmp_path / "home"
    for name, text in (files or {}).items():
        home.mkdir(exist_ok=True)
        (home / name).write_text(text)
    question = (tmp_path / "question").read_text()
    asked = question.replace("/var/lib/portico", str(home)).replace("/var/log/cloud-init-output.log", "/dev/null")
    assert subprocess.run(["sh", "-s"], input=asked, capture_output=True, text=True).stdout == answer
