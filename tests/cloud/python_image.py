"""Python's image with the packages of the client that orders certificates: a VM reaches no package index."""

import platform
import sys
from pathlib import Path
from typing import Final

import docker

from portico.config.settings import Settings
from tests.docker.command import ROOT, run, user_environment

LOCK: Final = ROOT / "components" / "in_container" / "certbot.lock"
PYTHON: Final = "portico-test/python-with-certbot:1"
RECIPE: Final = f"""
FROM {Settings.model_fields["python_image"].default}
ENV PIP_NO_INDEX=1 PIP_FIND_LINKS=/wheels
COPY wheels /wheels
"""


def make_python(folder: Path, address: str | None = None) -> str:
    """The image's name on the engine at `address`, or on this machine's. `folder` is an empty one."""
    kind = ["--require-hashes", "--only-binary=:all:", "--python-version", "3.13"]
    for built in ("manylinux2014", "manylinux_2_28", "manylinux_2_34"):
        kind += ["--platform", f"{built}_{platform.machine()}"]
    done = run(
        [sys.executable, "-m", "pip", "download", "--quiet", *kind, "--dest", str(folder / "wheels"), "-r", str(LOCK)],
        folder=ROOT,
        log=folder / "wheels.log",
        timeout=120,
        env=user_environment(),
    )
    assert done.code == 0, done.tail()
    (folder / "Dockerfile").write_text(RECIPE)
    engine = docker.DockerClient(base_url=address) if address else docker.from_env()
    engine.images.build(path=str(folder), tag=PYTHON, rm=True)
    engine.close()
    return PYTHON
