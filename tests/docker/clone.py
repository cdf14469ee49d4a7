"""A deployment's folder as a clone of the project: for the commands of the Makefile."""

import os
import pty
import shutil
import subprocess
from collections.abc import Mapping, Sequence

from tests.docker.command import ROOT, Result, environment, run
from tests.docker.engine import Deployment


def make_clone(deployment: Deployment) -> None:
    """Put beside the program what `make` finds in a clone; set-up was done for this run already."""
    shutil.copytree(ROOT / "scripts", deployment.folder / "scripts", ignore=shutil.ignore_patterns("__pycache__"))
    for script in ("setup.sh", "setup/python.sh"):
        (deployment.folder / "scripts" / script).write_text("#!/bin/sh\n")
    (deployment.folder / ".tools").mkdir()
    shutil.copy(ROOT / ".tools" / "env", deployment.folder / ".tools")


def make(deployment: Deployment, target: str, *, fails: bool = False, **variables: str) -> Result:
    """Run a command of the Makefile in the deployment's folder, which must be a clone."""
    result = run(
        spell_make(deployment, target, **variables),
        folder=deployment.folder,
        log=deployment.folder / "logs" / f"make-{target}.log",
        timeout=2 * deployment.UP,  # `make up` looks before it deploys
        env=make_environment(deployment),
    )
    assert bool(result.code) == fails, result.tail()
    return result


def spell_make(deployment: Deployment, target: str, **variables: str) -> list[str]:
    given = [f"{key}={value}" for key, value in {"ENV": deployment.name, **variables}.items()]
    return ["make", "--file", str(ROOT / "Makefile"), target, *given]


def make_environment(deployment: Deployment) -> dict[str, str]:
    return {**environment(), **deployment.variables}


def command(deployment: Deployment, text: str, site: str = "shop", *, code: int = 0, stdin: str = "") -> str:
    """What a one-off command prints; it must end with that code, which `make` would hide behind its own."""
    done = subprocess.run(
        [str(deployment.folder / "scripts" / "exec.sh"), text],
        env={**make_environment(deployment), "ENV": deployment.name, "SITE": site},
        input=stdin,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout


def type_into_shell(deployment: Deployment, text: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """What `make shell` does with this text from a pipe."""
    return subprocess.run(
        spell_make(deployment, "shell", **variables),
        cwd=deployment.folder,
        env=make_environment(deployment),
        input=text,
        capture_output=True,
        text=True,
        timeout=120,
    )


def type_into_terminal(
    deployment: Deployment, words: Sequence[str], text: str, variables: Mapping[str, str] | None = None
) -> str:
    """What a command says whose input and output are a terminal, where this text is typed; it must end well."""
    near, far = pty.openpty()
    process = subprocess.Popen(
        words,
        cwd=deployment.folder,
        env={**make_environment(deployment), "TERM": "xterm", **(variables or {})},
        stdin=far,
        stdout=far,
        stderr=far,
        start_new_session=True,
    )
    os.close(far)
    os.write(near, text.encode())
    said = b""
    while True:
        try:
            said += os.read(near, 4096)
        except OSError:  # the other end is closed
            break
    os.close(near)
    assert process.wait(30) == 0, said
    return said.decode(errors="replace")
