"""An update that runs beside the test and is killed with all it started: CLI, language host, plugins."""

import json
import os
import signal
import subprocess
import time
from pathlib import Path

from tests.docker.commands import Door
from tests.docker.engine import Deployment


class Running:
    """One update, or another `target` of make, in a session of its own; `log` is what it prints."""

    def __init__(self, deployment: Deployment, number: int, door: Door = "make", target: str = "up") -> None:
        self.log = deployment.folder / "logs" / f"killed-{number:02}.log"
        self.log.touch()
        self._engine = deployment.find_log(target)
        self._engine.unlink(missing_ok=True)
        words = deployment.spell_make(target) if door == "make" else deployment.spell_up()
        with self.log.open("wb") as file:
            self.process = subprocess.Popen(
                words,
                cwd=deployment.folder,
                env=deployment.environment,
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def await_line(self, text: str, most: float = 120) -> None:
        """Wait until Pulumi has said a line with this text."""
        end = time.monotonic() + most
        while not any(text in file.read_text(errors="replace") for file in (self.log, self._engine) if file.exists()):
            assert self.process.poll() is None and time.monotonic() < end, f"no {text!r}\n{self.log.read_text()}"
            time.sleep(0.02)

    def find_pulumi(self) -> int:
        """The process id of the CLI: the first one of its name."""
        named = [pid for pid in list_session(self.process.pid) if read_name(pid) == "pulumi"]
        return min(named)

    def kill(self) -> bool:
        """SIGKILL to every process of the session; plugins have process groups of their own. Was it still running?"""
        lived = self.process.poll() is None
        while left := list_session(self.process.pid):
            for pid in left:
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    continue
            self.process.poll()
            time.sleep(0.02)
        self.process.wait()
        return lived


def list_session(session: int) -> list[int]:
    """The living processes of a session."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            fields = (folder / "stat").read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue
        if int(fields[3]) == session and fields[0] != "Z":
            found.append(int(folder.name))
    return found


def read_name(pid: int) -> str:
    """The name of a process; "" for one that is gone."""
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip()
    except OSError:
        return ""


def tell_holder(deployment: Deployment) -> str:
    """What every command of make says first, where another run works on the stack or was killed; "" else."""
    # Make adds a line of its own where the command ends with 1.
    reported: list[dict[str, str]]
    reported, _ = json.JSONDecoder().raw_decode(deployment.make("doctor", fails=None, JSON="yes").output)
    (lock,) = [one for one in reported if one["what"] == "lock"]
    return lock["reported"] if lock["state"] == "missing" else ""
