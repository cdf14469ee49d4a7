"""Project folders for tests: the forms that users bring, by their name, and what is read of them."""

import json
from pathlib import Path

from portico.config.source.place import Place
from portico.config.source.project import Project
from portico.config.source.read import read_project
from tests.config.sample import write_files

HASH = "sha256:" + "ab" * 32
BUILD = '[build-system]\nrequires = ["setuptools>=68"]\nbuild-backend = "setuptools.build_meta"\n'
PROJECT = '[project]\nname = "shop"\nversion = "1.2"\nrequires-python = ">=3.11"\ndependencies = ["flask>=3"]\n'
POETRY = '[tool.poetry]\nname = "shop"\nversion = "1"\n[tool.poetry.dependencies]\npython = "^3.11"\nflask = "^3"\n'

_UV = f"""
version = 1
requires-python = ">=3.11"

[[package]]
name = "shop"
version = "1.2"
source = {{ editable = "." }}
dependencies = [{{ name = "flask" }}, {{ name = "colorama", marker = "sys_platform == 'win32'" }}]

[[package]]
name = "flask"
version = "3.0.0"
source = {{ registry = "https://pypi.org/simple" }}
dependencies = [{{ name = "blinker" }}]
wheels = [{{ url = "https://files.pythonhosted.org/flask.whl", hash = "{HASH}", size = 1 }}]

[[package]]
name = "blinker"
version = "1.9.0"
source = {{ registry = "https://pypi.org/simple" }}
wheels = [{{ url = "https://files.pythonhosted.org/blinker.whl", hash = "{HASH}", size = 1 }}]

[[package]]
name = "colorama"
version = "0.4.6"
source = {{ registry = "https://pypi.org/simple" }}
wheels = [{{ url = "https://files.pythonhosted.org/colorama.whl", hash = "{HASH}", size = 1 }}]
"""
_POETRY = f"""
[[package]]
name = "flask"
version = "3.0.0"
optional = false
python-versions = ">=3.8"
files = [{{file = "flask.whl", hash = "{HASH}"}}]

[package.dependencies]
blinker = ">=1.6"
colorama = {{version = ">=0.4", markers = "sys_platform == 'win32'"}}
asgiref = {{version = ">=3", optional = true}}

[package.extras]
async = ["asgiref (>=3)"]

[[package]]
name = "blinker"
version = "1.9.0"
files = [{{file = "blinker.whl", hash = "{HASH}"}}]

[[package]]
name = "colorama"
version = "0.4.6"
files = [{{file = "colorama.whl", hash = "{HASH}"}}]

[[package]]
name = "asgiref"
version = "3.8"
files = [{{file = "asgiref.whl", hash = "{HASH}"}}]

[metadata]
lock-version = "2.0"
python-versions = "^3.11"
content-hash = "x"
"""
_PDM = f"""
[metadata]
groups = ["default", "dev"]
lock_version = "4.5.0"

[[package]]
name = "flask"
version = "3.0.0"
groups = ["default"]
dependencies = ["blinker>=1.6", "colorama; sys_platform == 'win32'"]
files = [{{file = "flask.whl", hash = "{HASH}"}}]

[[package]]
name = "blinker"
version = "1.9.0"
groups = ["default"]
files = [{{file = "blinker.whl", hash = "{HASH}"}}]

[[package]]
name = "colorama"
version = "0.4.6"
files = [{{file = "colorama.whl", hash = "{HASH}"}}]

[[package]]
name = "pytest"
version = "9"
groups = ["dev"]
files = [{{file = "pytest.whl", hash = "{HASH}"}}]
"""
_PIPENV = {
    "_meta": {
        "requires": {"python_version": "3.13"},
        "sources": [{"name": "pypi", "url": "https://pypi.org/simple", "verify_ssl": True}],
    },
    "default": {
        "flask": {"version": "==3.0.0", "hashes": [HASH], "index": "pypi"},
        "blinker": {"version": "==1.9.0", "hashes": [HASH], "markers": "python_version >= '3.9'"},
        "colorama": {"version": "==0.4.6", "hashes": [HASH], "markers": "sys_platform == 'win32'"},
    },
    "develop": {"pytest": {"version": "==9", "hashes": [HASH]}},
}
_PYLOCK = f"""
lock-version = "1.0"
requires-python = ">=3.11"
created-by = "test"

[[packages]]
name = "flask"
version = "3.0.0"
wheels = [{{name = "flask.whl", url = "https://files.example/flask.whl", hashes = {{sha256 = "{HASH[7:]}"}}}}]

[[packages]]
name = "blinker"
version = "1.9.0"
wheels = [{{name = "blinker.whl", url = "https://files.example/blinker.whl", hashes = {{sha256 = "{HASH[7:]}"}}}}]

[[packages]]
name = "colorama"
version = "0.4.6"
marker = "sys_platform == 'win32'"
wheels = [{{name = "colorama.whl", url = "https://files.example/colorama.whl", hashes = {{sha256 = "{HASH[7:]}"}}}}]
"""
# Locks that all pin the same: Flask 3.0.0 and Blinker 1.9.0 on Linux.
LOCKED = {
    "uv.lock": {"pyproject.toml": PROJECT + BUILD, "uv.lock": _UV},
    "poetry.lock": {"pyproject.toml": POETRY, "poetry.lock": _POETRY},
    "pdm.lock": {"pyproject.toml": PROJECT + BUILD, "pdm.lock": _PDM},
    "Pipfile.lock": {"Pipfile": "", "Pipfile.lock": json.dumps(_PIPENV)},
    "pylock.toml": {"pyproject.toml": PROJECT + BUILD, "pylock.toml": _PYLOCK},
}
# Lists, and what they say.
LISTED = {
    "requirements.txt": ({"requirements.txt": "flask>=3\n"}, ["flask>=3"]),
    "project": ({"pyproject.toml": PROJECT}, ["flask>=3"]),
    "poetry": ({"pyproject.toml": POETRY}, ["flask<4,>=3"]),
    "setuptools, dynamic": (
        {
            "pyproject.toml": '[project]\nname = "shop"\ndynamic = ["version", "dependencies"]\n'
            '[tool.setuptools.dynamic]\ndependencies = {file = ["requirements.in"]}\n',
            "requirements.in": "flask>=3\n",
        },
        ["flask>=3"],
    ),
}


def read(folder: Path, files: dict[str, str] | None = None, **place: object) -> Project:
    """What is read of a folder with these files."""
    folder.mkdir(exist_ok=True)
    write_files(folder, files or {})
    return read_project(Place(**{"source": folder, "context": folder, **place}))  # type: ignore[arg-type]


def tell(project: Project) -> list[str]:
    """Its mistakes as they are printed."""
    return [str(one) for one in project.mistakes]
