"""Sources of small applications that only tests deploy."""

import platform
import sys
from collections.abc import Sequence
from typing import Any

from tests.docker.command import ROOT, run, user_environment
from tests.docker.engine import Deployment

MODULE = """
import hashlib
import os
from pathlib import Path

from flask import Flask, jsonify

app = Flask(__name__)


@app.get("/whoami")
def whoami():
    return jsonify(site=os.environ["PORTICO_SITE"], release=os.environ["PORTICO_RELEASE"])


@app.get("/secret/<name>")
def secret(name):
    path = Path("/run/secrets") / name
    try:
        value = path.read_bytes()
    except OSError as error:
        return {"error": str(error)}, 404
    return {"sha256": hashlib.sha256(value).hexdigest(), "mode": oct(path.stat().st_mode)}
"""
DOCKERFILE = """
FROM python:3.13-slim
WORKDIR /srv/shop
RUN --mount=type=secret,id=pip,target=/etc/pip.conf --mount=type=secret,id=ca,target=/run/secrets/ca.pem \\
    pip install --no-cache-dir flask==3.1.3 gunicorn==27.0.1 && echo mine > /srv/made-by
COPY . .
USER nobody
"""
# Without a network: what it needs lies beside it.
INSTALLED = "flask==3.1.3 gunicorn==27.0.1"
OFFLINE = f"""
FROM python:3.13-slim
WORKDIR /app
COPY wheels /wheels
RUN pip install --no-cache-dir --no-index --find-links /wheels {INSTALLED}
COPY . .
"""
PYPROJECT = """
[project]
name = "shop"
version = "1.0"
dependencies = ["flask==3.1.3"]
"""


def small(name: str, entry: str = "web:app", **settings: Any) -> dict[str, Any]:
    """Settings of a site with one small replica."""
    return {
        "name": name,
        "source": f"sites/{name}",
        "entry": entry,
        "hosts": [f"{name}.localhost"],
        "health": "/whoami",
        "replicas": 1,
        "gunicorn": {"workers": 1},
        **settings,
    }


def write_small(deployment: Deployment, name: str) -> None:
    """The source of such a site: one module and its requirements."""
    deployment.write(name, "requirements.txt", "flask==3.1.3\n")
    deployment.write(name, "web.py", MODULE)


HANGING = """
import ctypes
import os
import time
from pathlib import Path

from flask import Flask, jsonify, request

app = Flask(__name__)
# When this process began, by the one monotonic clock of all containers of a machine.
TICKS = int(Path("/proc/self/stat").read_text().rpartition(")")[2].split()[19])
AGE = time.clock_gettime(time.CLOCK_BOOTTIME) - TICKS / os.sysconf("SC_CLK_TCK")
BORN = time.monotonic() - AGE


@app.get("/whoami")
def whoami():
    names = {key: os.environ[f"PORTICO_{key.upper()}"] for key in ("site", "release", "replica")}
    return jsonify(**names, born=BORN, pid=os.getpid())


@app.get("/slow")
def slow():
    time.sleep(float(request.args["seconds"]))
    return whoami()


@app.get("/threads")
def threads():
    time.sleep(3600)


@app.get("/native")
def native():
    ctypes.PyDLL(None).sleep(3600)  # C code that keeps Python's lock: nothing else of this process runs
"""


def write_hanging(deployment: Deployment, name: str) -> None:
    """The source of a site that hangs when it is asked to: /threads blocks a thread, /native a whole worker."""
    deployment.write(name, "requirements.txt", "flask==3.1.3\n")
    deployment.write(name, "web.py", HANGING)


def write_offline(deployment: Deployment, *names: str, packages: Sequence[str] = ()) -> None:
    """Let the images of these sites be built where no package index can be reached, with these `packages` too."""
    wheels, wanted = deployment.folder / "wheels", [*INSTALLED.split(), *packages]
    kind = ["--only-binary=:all:", "--python-version", "3.13", "--dest", str(wheels)]
    for built in ("manylinux2014", "manylinux_2_28"):
        kind += ["--platform", f"{built}_{platform.machine()}"]
    done = run(
        [sys.executable, "-m", "pip", "download", "--quiet", *kind, *wanted],
        folder=ROOT,
        log=deployment.folder / "logs" / "wheels.log",
        timeout=120,
        env=user_environment(),
    )
    assert done.code == 0, done.tail()
    for name in names:
        deployment.write(name, "Dockerfile", OFFLINE.replace(INSTALLED, " ".join(wanted)))
        copy = deployment.source(name) / "wheels"
        copy.mkdir()
        for wheel in wheels.iterdir():
            (copy / wheel.name).hardlink_to(wheel)
