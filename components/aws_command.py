"""What the AWS CLI is asked, as whoever deploys: for what Pulumi has no resource for."""

import json
import shutil
import subprocess
from typing import Any

# Seconds that one question may take.
_LONGEST = 120


class AwsError(Exception):
    """AWS has refused something, or cannot be asked; `code` is AWS's own name of the reason, such as AccessDenied."""

    def __init__(self, said: str, code: str = "") -> None:
        super().__init__(said)
        self.code = code


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
        done = subprocess.run(
            ["aws", service, command, "--region", region, *words],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_LONGEST,
            # Ctrl-C is for who asks: a question that is cut has an unknown answer.
            start_new_session=True,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise AwsError(f"`aws {service} {command}` cannot be asked: {error}") from None
    if done.returncode:
        said = " ".join((done.stderr or done.stdout).split())
        raise AwsError(f"AWS does not answer `aws {service} {command}`: {said}", _find_code(said))
    return done.stdout


def _find_code(said: str) -> str:
    """Of `An error occurred (ParameterNotFound) when calling …`, the word in parentheses."""
    _, _, rest = said.partition("An error occurred (")
    return rest.partition(")")[0]
