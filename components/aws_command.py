"""Calls of the AWS CLI with the deployer's credentials, for what Pulumi has no resource for."""

import json
import os
import re
import shutil
import subprocess
from typing import Any, Final

# Seconds that one question may take.
_LONGEST = 120
# How AWS says that somebody may not ask.
_DENIED: Final = re.compile(r"AccessDenied|UnauthorizedOperation|NotAuthorized|not authorized")


class AwsError(Exception):
    """AWS has refused something, or cannot be asked.

    `code` is AWS's own name of the reason, such as AccessDenied, "" where it gives none; `denied` is whether somebody
    may not ask.
    """

    def __init__(self, said: str) -> None:
        super().__init__(said)
        found = re.search(r"An error occurred \(([\w.]+)\)", said)
        self.code = found[1] if found else ""
        self.denied = bool(_DENIED.search(said))


def has_command() -> bool:
    """Whether there is an `aws` on this machine."""
    return shutil.which("aws") is not None


def ask(region: str, service: str, command: str, *words: str) -> dict[str, Any]:
    """What AWS answers, {} where it says nothing. Raises AwsError, with AWS's own words in one line."""
    found: dict[str, Any] = json.loads(run(region, service, command, *words, "--output", "json") or "{}")
    return found


def run(region: str, service: str, command: str, *words: str) -> str:
    """What `aws` prints. Raises AwsError."""
    try:
        done = execute(service, command, "--region", region, *words)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise AwsError(f"`aws {service} {command}` cannot be asked: {error}") from None
    if done.returncode:
        said = " ".join((done.stderr or done.stdout).split())
        raise AwsError(f"AWS does not answer `aws {service} {command}`: {said}")
    return done.stdout


def execute(*words: str, seconds: float = _LONGEST) -> "subprocess.CompletedProcess[str]":
    """Run `aws` with these words to its end. Raises OSError, and subprocess.TimeoutExpired after so many seconds."""
    return subprocess.run(
        ["aws", *words],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=seconds,
        env={**os.environ, "AWS_PAGER": ""},
        # Ctrl-C is for who asks: a question that is cut has an unknown answer.
        start_new_session=True,
    )
