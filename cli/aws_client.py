"""Questions to AWS, asked by its own command: who has that has credentials, a region and a profile for it already."""

import json
import os
import re
import subprocess
from typing import Any, Final

# How AWS says that somebody may not ask.
_DENIED: Final = re.compile(r"AccessDenied|UnauthorizedOperation|NotAuthorized|not authorized")


class AwsError(Exception):
    """What AWS, or its command, refused: `code` is AWS's word for it, "" where there is none."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        found = re.search(r"An error occurred \((\w+)\)", text)
        self.code = found[1] if found else ""
        self.denied = bool(_DENIED.search(text))


def ask(service: str, call: str, region: str = "", **parameters: Any) -> dict[str, Any]:
    """The answer to one call, such as ask("ec2", "describe_vpcs", VpcIds=[…]). Raises AwsError."""
    words = ["aws", service, call.replace("_", "-"), "--output", "json"]
    words += ["--region", region] if region else []
    words += ["--cli-input-json", json.dumps(parameters)] if parameters else []
    quiet = {**os.environ, "AWS_PAGER": ""}
    try:
        done = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, env=quiet)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise AwsError(f"the aws command does not answer: {error}") from None
    if done.returncode:
        raise AwsError(" ".join(done.stderr.split()) or f"aws ended with {done.returncode}")
    try:
        answer = json.loads(done.stdout or "{}")
    except ValueError:
        raise AwsError("the aws command answers no JSON") from None
    return answer if isinstance(answer, dict) else {}
