"""Waits until a VM that has just been made can run containers, and says what it is doing meanwhile."""

import asyncio
import re
import time
from collections.abc import Sequence

import pulumi

from portico.components.hosts.connection import Connection

# What a VM says of itself, in one line; see config/templates/cloud-init.
_QUESTION = """
cd /var/lib/portico 2>/dev/null || { echo "waits: its first boot has not come to Docker yet"; exit; }
[ ! -e ready ] || { echo ready; exit; }
[ ! -e failed ] || { echo "failed: $(cat failed)"; tail -n 5 /var/log/cloud-init-output.log 2>/dev/null; exit; }
echo "waits: $(cat step)"
"""
# What no waiting fixes, by what ssh or AWS's command prints.
_HOPELESS = {
    "SessionManagerPlugin is not found": "install AWS's Session Manager plugin on this machine",
    "AccessDenied": "let who deploys call ssm:StartSession on it",
    "ExpiredToken": "log in to AWS again",
    "Unable to locate credentials": "log in to AWS, or name a profile in AWS_PROFILE",
    "UNPROTECTED PRIVATE KEY FILE": "make the key (aws.key) readable for yourself alone: chmod 600",
    "HOST IDENTIFICATION HAS CHANGED": "another machine answers in its place: see .portico/known_hosts",
}
_PAUSE = 3.0  # seconds between two questions
_EVERY = 30.0  # seconds after which the same is said again


async def wait_ready(connection: Connection, seconds: float) -> None:
    """Return once the VM is ready. What it does meanwhile is reported by a line, at least every half minute.

    Raises pulumi.RunError after so many seconds, or as soon as waiting cannot help; it names what is missing.
    """
    begun, said, at = time.monotonic(), "", 0.0
    while True:
        state = await _ask(connection)
        if state == "ready":
            return
        passed = time.monotonic() - begun
        if advice := next((text for words, text in _HOPELESS.items() if words in state), None):
            raise pulumi.RunError(
                f"The VM {connection.host} cannot be reached: {_shorten(state)}\nTo fix it, {advice}."
            )
        if state.startswith("failed: "):
            raise pulumi.RunError(_give_up(connection, f"its first boot failed at {state.removeprefix('failed: ')}"))
        state = state.removeprefix("waits: ")
        if passed >= seconds:
            raise pulumi.RunError(_give_up(connection, f"it is not ready after {seconds:.0f} s: {state}"))
        if state != said or passed - at >= _EVERY:
            said, at = state, passed
            pulumi.log.info(f"VM {connection.host}, {passed:.0f} s: {state}")
        await asyncio.sleep(_PAUSE)


async def _ask(connection: Connection) -> str:
    """ "ready", "waits: …", "failed: …", or why nothing came back."""
    command: Sequence[str] = ("ssh", *connection.options, "-T", connection.url, "sh", "-s")
    try:
        process = await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
    except FileNotFoundError:
        raise pulumi.RunError("There is no ssh on this machine; install it (openssh-client).") from None
    try:
        answer, errors = await asyncio.wait_for(process.communicate(_QUESTION.encode()), 60)
    except TimeoutError:
        process.kill()
        return "waits: nothing answers on SSH yet"
    if process.returncode == 0 and answer.strip():
        return answer.decode(errors="replace").strip()
    words = _shorten(errors.decode(errors="replace"))
    # Until its first boot has made the user, the VM knows no key.
    return f"waits: SSH refuses the login yet ({words})" if words else "waits: nothing answers on SSH yet"


def _shorten(text: str) -> str:
    """What matters of an error: its last line that says something."""
    lines = [line.strip() for line in text.splitlines() if re.search(r"\w", line)]
    return (lines or [""])[-1][:300]


def _give_up(connection: Connection, why: str) -> str:
    return (
        f"The VM {connection.host} cannot take containers: {why}\n"
        "What served before keeps serving. Fix the cause and run this again. To begin with a new VM instead, end this "
        f"one first: aws ec2 terminate-instances --instance-ids {connection.host}"
    )
