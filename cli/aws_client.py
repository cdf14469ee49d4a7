"""Calls of AWS by the AWS CLI, whose users have credentials, a region and a profile for it already."""

import json
import subprocess
from typing import Any

from portico.components.aws_command import AwsError, execute

_LONGEST = 60  # seconds


def ask(service: str, call: str, region: str = "", **parameters: Any) -> dict[str, Any]:
    """The answer to one call, such as ask("ec2", "describe_vpcs", VpcIds=[…]). Raises AwsError."""
    words = [service, call.replace("_", "-"), "--output", "json"]
    words += ["--region", region] if region else []
    words += ["--cli-input-json", json.dumps(parameters)] if parameters else []
    try:
        done = execute(*words, seconds=_LONGEST)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise AwsError(f"the aws command does not answer: {error}") from None
    if done.returncode:
        raise AwsError(" ".join(done.stderr.split()) or f"aws ended with {done.returncode}")
    try:
        answer = json.loads(done.stdout or "{}")
    except ValueError:
        raise AwsError("the aws command answers no JSON") from None
    return answer if isinstance(answer, dict) else {}
