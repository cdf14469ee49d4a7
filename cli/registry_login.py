"""Docker's way to ask for a login to ECR: the command `docker-credential-portico`.

    echo https://123456789012.dkr.ecr.eu-central-1.amazonaws.com | docker-credential-portico get

A login to ECR ends after 12 hours. So none is kept: who needs one asks for it, and AWS's own command gets it.
"""

import json
import re
import subprocess
import sys
from collections.abc import Sequence
from typing import Final, TextIO

from portico.components.aws_command import execute

_LONGEST: Final = 60  # seconds
_REGION: Final = re.compile(r"[0-9]{12}\.dkr\.ecr(?:-fips)?\.([a-z0-9-]+)\.")


def answer(words: Sequence[str], asked: TextIO, reported: TextIO) -> int:
    """Answer as Docker's credential helpers do; the exit code. What is wrong is reported where the answer would be."""
    if list(words) != ["get"]:
        # Nothing is kept, so there is nothing to list, to store or to erase.
        reported.write("{}\n")
        return 0 if list(words) in (["list"], ["store"], ["erase"]) else 1
    server = asked.read().strip()
    region = _REGION.search(server)
    try:
        done = execute("ecr", "get-login-password", *(["--region", region[1]] if region else []), seconds=_LONGEST)
    except (OSError, subprocess.TimeoutExpired) as error:
        reported.write(f"the aws command does not answer: {error}\n")
        return 1
    if done.returncode:
        reported.write(f"{done.stderr.strip() or f'aws ended with {done.returncode}'}\n")
        return 1
    json.dump({"ServerURL": server, "Username": "AWS", "Secret": done.stdout.strip()}, reported)
    return 0


def main() -> None:
    """The command `docker-credential-portico`."""
    sys.exit(answer(sys.argv[1:], sys.stdin, sys.stdout))


if __name__ == "__main__":
    main()
