"""Sources of small applications that only tests deploy."""

from typing import Any

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
