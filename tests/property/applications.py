"""Example applications and certificates for random stacks: written once, used by all examples."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from portico.config.tls.local_ca import issue_certificate
from tests.config.sample import write_files

_WEB = "from flask import Flask\n\napp = Flask(__name__)\n\n\ndef create_app():\n    return app\n"


@dataclass(frozen=True)
class Application:
    """The files of a source, the entries it has, and folders that hold static files."""

    files: Mapping[str, str]
    entries: tuple[str, ...]
    static: tuple[str, ...] = ()


_PROJECT = """[project]
name = "packed"
version = "1"
dependencies = ["flask==3.1.3"]
[project.optional-dependencies]
more = ["requests"]
"""
APPLICATIONS: Final[Mapping[str, Application]] = {
    "plain": Application(
        {
            "more.txt": "flask==3.1.3\n",
            "requirements.txt": "flask==3.1.3\n",
            "pyproject.toml": _PROJECT.replace("packed", "plain"),
            "web.py": _WEB,
            "static/site.css": "body { margin: 0 }\n",
        },
        ("web:app", "web:create_app()"),
        ("static",),
    ),
    "apps/packed": Application(
        {
            "pyproject.toml": _PROJECT,
            "more.txt": "flask==3.1.3\n",
            "src/packed/__init__.py": _WEB,
            "src/packed/admin.py": "from packed import app\n",
            "src/packed/static/a.0123abcd.js": "alert(1)\n",
            "public/robots.txt": "User-agent: *\n",
        },
        ("packed:app", "packed.admin:app"),
        ("src/packed/static", "public"),
    ),
    "bare": Application(
        {"more.txt": "flask\n", "requirements.txt": "flask==3.1.3\ngunicorn==27.0.1\n", "main.py": _WEB}, ("main:app",)
    ),
    "own": Application(
        {"more.txt": "flask\n", "Dockerfile": "FROM python:3.13-slim\nCOPY . /app\n", "own.py": _WEB}, ("own:app",)
    ),
}
BUNDLE: Final = "tls/bundle.pem"
CERTIFICATE: Final = "tls/own.crt"
KEY: Final = "tls/own.key"


def write_applications(root: Path) -> Path:
    """Write every application below `root`, and the certificate that sites may call their own."""
    for name, application in APPLICATIONS.items():
        write_files(root / name, application.files)
    certificate, key = issue_certificate(root / "tls", "own", ("own.example", "*.own.example"))
    write_files(root, {BUNDLE: certificate, CERTIFICATE: certificate, KEY: key})
    return root
