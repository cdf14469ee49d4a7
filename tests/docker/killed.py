"""A `pulumi up` that runs beside the test and is killed with all it started: CLI, language host, plugins."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from tests.docker.command import ROOT, Result, environment, run
from tests.docker.engine import Deployment


class Running:
    """One `pulumi up` in a session of its own; `log` is what it prints."""

    def __init__(self, deployment: Deployment, number: int) -> None:
        self.log = deployment.folder / "logs" / f"killed-{number:02}.log"
        self.log.touch()
        with self.log.open("wb") as file:
            self.process = subprocess.Popen(
                [
                    "pulumi",
                    "up",
                    "--yes",
                    "--skip-preview",
                    "--non-interactive",
                    "--color=never",
                    "--stack",
                    deployment.name,
                ],
                cwd=deployment.folder,
                env={**environment(), **variables(deployment)},
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def await_line(self, text: str, most: float = 120) -> None:
        """Wait until a line with this text was printed."""
        end = time.monotonic() + most
        while text not in self.log.read_text(errors="replace"):
            assert self.process.poll() is None and time.monotonic() < end, f"no {text!r}\n{self.log.read_text()}"
            time.sleep(0.02)

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


def recover(deployment: Deployment, number: int, *, fails: bool = False) -> Result:
    """What `make recover` does, for a deployment of a test."""
    return script(deployment, "recover.py", number, fails=fails)


def script(deployment: Deployment, name: str, number: int, *, fails: bool = False) -> Result:
    """Run one of scripts/ in the deployment's folder."""
    log = deployment.folder / "logs" / f"{name}-{number:02}.log"
    command = [sys.executable, str(ROOT / "scripts" / name), deployment.name]
    result = run(command, folder=deployment.folder, log=log, timeout=200, env=variables(deployment))
    assert bool(result.code) == fails, result.tail()
    return result


def variables(deployment: Deployment) -> dict[str, str]:
    return {
        "PULUMI_BACKEND_URL": f"file://{deployment.folder}/state",
        "PULUMI_CONFIG_PASSPHRASE": "test",
        "PULUMI_CONFIG_PASSPHRASE_FILE": "",
    }
