"""One command: run until it ends or its time limit is over, and its result."""

import os
import re
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]


@dataclass(frozen=True, kw_only=True)
class Result:
    """What one command did. `changes`: resources that it changed, or would change; from Pulumi's own summary.

    `engine` is what Pulumi itself has said: of a command of make it is in a log, of Pulumi's own it is the output.
    """

    code: int
    output: str
    changes: int
    seconds: float
    log: Path
    engine: str = ""

    def tail(self, lines: int = 40) -> str:
        """The end of the output, for the message of an assertion."""
        return "\n".join([*self.output.splitlines()[-lines:], f"(all of it: {self.log})"])


# What a `make test` around this, set-up and pytest tell their own children, and what leads Pulumi elsewhere. Without
# compiled modules each command would compile the program again, which it does for no user.
_OUTER = re.compile(
    r"MAKEFLAGS|MAKELEVEL|MFLAGS|MAKEOVERRIDES|PULUMI_.*|PORTICO_(?!CA_BUNDLE).*|PYTEST_.*|PYTHON(PATH|DONTWRITEBYTECODE)"
)


@cache
def user_environment() -> Mapping[str, str]:
    """The environment of a user's shell: this process's own, without what this checkout and its tests added to it."""
    own = {key: value for key, value in os.environ.items() if not _OUTER.fullmatch(key)}
    places = own.get("PATH", os.defpath).split(os.pathsep)
    kept = [place for place in places if not Path(place).is_relative_to(ROOT)]
    return {**own, "PATH": os.pathsep.join(kept)}


@cache
def environment() -> Mapping[str, str]:
    """The environment that set-up wrote for a shell of this checkout, on top of a user's."""
    own = user_environment()
    file = ROOT / ".tools" / "env"
    if not file.is_file():
        return own
    show = ["bash", "-c", '. "$1" && env -0', "-", str(file)]
    done = subprocess.run(show, check=True, capture_output=True, text=True, env=own)
    return dict(line.split("=", 1) for line in done.stdout.split("\0") if "=" in line)


def run(command: Sequence[str], *, folder: Path, log: Path, timeout: float, env: Mapping[str, str]) -> Result:
    """Run `command` in `folder` with its output in `log`. At the time limit it is killed, with all it started.

    `env` is the whole environment.
    """
    began = time.monotonic()
    with log.open("wb") as file:
        process = subprocess.Popen(
            command,
            cwd=folder,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            code = process.wait(timeout)
        except BaseException as error:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            if not isinstance(error, subprocess.TimeoutExpired):
                raise
            code = -signal.SIGKILL
    output = log.read_text(errors="replace")
    if code == -signal.SIGKILL:
        output += f"\nkilled: not done within {timeout:g} s"
    seconds = time.monotonic() - began
    return Result(code=code, output=output, changes=count_changes(output), seconds=seconds, log=log, engine=output)


def count_changes(output: str) -> int:
    """Sum up Pulumi's summary, such as `+ 3 created`, `~ 1 to update` or `+-2 replaced`; `unchanged` is no change."""
    _, _, summary = output.rpartition("\nResources:\n")
    return sum(int(count) for count in re.findall(r"^ +[+~-]{1,2} ?(\d+) ", summary, re.MULTILINE))
