"""What a person does by hand on a stack that serves: one command, what is typed, files that are changed."""

import os
import pty
import subprocess
from collections.abc import Mapping, Sequence

from tests.docker.engine import Deployment


def command(deployment: Deployment, text: str, site: str = "shop", *, code: int = 0, stdin: str = "") -> str:
    """What a one-off command prints; it must end with that code, which `make` would hide behind its own."""
    done = subprocess.run(
        deployment.spell_portico("exec", "--site", site, "--", text),
        env=deployment.environment,
        input=stdin,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout


def change_files(deployment: Deployment, *words: str) -> None:
    """Run a command that may write where NGINX's files lie, below /etc/portico: NGINX's own container may not."""
    edge = deployment.container("nginx")
    (volume,) = [one["Name"] for one in edge.attrs["Mounts"] if one["Destination"] == "/etc/portico"]
    deployment.engine.containers.run(
        str(edge.attrs["Image"]),
        list(words[1:]),
        entrypoint=[words[0]],
        user="0:0",
        network_mode="none",
        volumes={volume: {"bind": "/etc/portico", "mode": "rw"}},
        remove=True,
    )


def type_into_shell(deployment: Deployment, text: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """What `make shell` does with this text from a pipe."""
    return subprocess.run(
        deployment.spell_make("shell", **variables),
        cwd=deployment.folder,
        env=deployment.environment,
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
        env={**deployment.environment, "TERM": "xterm", **(variables or {})},
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
    assert process.wait(120) == 0, said
    return said.decode(errors="replace")
