"""What pip, uv and Poetry install of a folder by themselves, and what pip installs of what Portico has read."""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from packaging.utils import canonicalize_name

from portico.config.mistake import Mistakes
from portico.config.settings.settings import Settings
from portico.config.source.build import read_build
from portico.config.source.recipe import FOLDER, LISTS
from tests.docker.command import ROOT

# Versions by normalized names; None where nothing is installed, since that cannot be done.
Installed = dict[str, str] | None
_UV: Final = str(Path(sys.executable).with_name("uv"))
POETRY: Final = "poetry==2.4.1"


def ask_pip(folder: Path, index: str, *words: str) -> Installed:
    """What pip would install; `folder` is where relative paths of its lists count from."""
    command = [sys.executable, "-m", "pip", "install", "--dry-run", "--ignore-installed", "--quiet", "--report", "-"]
    own = ["--disable-pip-version-check", "--no-cache-dir", "--isolated", "--index-url", index]
    done = _run([*command, *own, *words], folder)
    if done.returncode:
        return None
    found = [one["metadata"] for one in json.loads(done.stdout)["install"]]
    return _name({one["name"]: one["version"] for one in found})


def ask_uv(folder: Path, index: str) -> Installed:
    """What uv installs of the project in `folder`, but for the project itself: by its lock, where there is one."""
    if (folder / "uv.lock").is_file():
        words = ["export", "--frozen", "--no-hashes", "--no-emit-project", "--no-dev", "--no-annotate"]
        done = _run([_UV, *words, "--output-file", "exported.txt", "--default-index", index], folder)
        return None if done.returncode else ask_pip(folder, index, "--no-deps", "-r", "exported.txt")
    done = _run(
        [_UV, "pip", "compile", "--output-file", "compiled.txt", "--no-annotate", *_at(index), "pyproject.toml"], folder
    )
    return None if done.returncode else ask_pip(folder, index, "--no-deps", "-r", "compiled.txt")


def lock(tool: str, folder: Path, index: str) -> bool:
    """Let uv or Poetry write its lock; whether it could."""
    if tool == "poetry":
        return not _run_poetry(folder, "lock").returncode
    return not _run([_UV, "lock", "--default-index", index], folder).returncode


def ask_poetry(folder: Path) -> Installed:
    """What Poetry installs by its lock, but for the project itself."""
    done = _run_poetry(folder, "install", "--no-root", "--only", "main", "--dry-run")
    lines = [line.split() for line in done.stdout.splitlines() if line.strip().startswith("- Installing ")]
    # "- Installing alpha (1.4)", and those that this system does not need end in another word.
    found = {words[2]: words[3].strip("():") for words in lines if "Skipped" not in words}
    return None if done.returncode else _name(found)


def ask_portico(root: Path, index: str, settings: Settings) -> tuple[Installed, list[str]]:
    """What the commands of the image that Portico writes install of the first site, and the mistakes that it names.

    Gunicorn, Werkzeug and the project itself are left out.
    """
    try:
        build = read_build(settings, settings.sites[0], root)
    except Mistakes as wrong:
        return None, [str(one) for one in wrong.all]
    lists = {path: file.content for path, file in build.context.items() if path.startswith(FOLDER)}
    home = root / "image"
    for path, content in lists.items():
        (home / path).parent.mkdir(parents=True, exist_ok=True)
        (home / path).write_bytes(content)
    found: dict[str, str] = {}
    for line in build.context["Dockerfile"].content.decode().splitlines():
        words = line.strip(" \\&").removeprefix("&& ").split()
        if words[:2] != ["pip", "install"] or not any(word.startswith(LISTS) for word in words):
            continue
        asked = [word.replace(LISTS, str(home / FOLDER)) for word in words[2:] if not word.startswith("--disable")]
        installed = ask_pip(root, index, *_leave_out(asked))
        if installed is None:
            return None, []
        found |= installed
    return found, []


def _leave_out(words: Sequence[str]) -> list[str]:
    """Without the folders of the source: only their builds would tell their names."""
    return [word for word in words if not word.startswith("/app")]


def _name(found: dict[str, str]) -> dict[str, str]:
    return {str(canonicalize_name(name)): version for name, version in found.items()}


def _at(index: str) -> list[str]:
    return ["--default-index", index]


def _run_poetry(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Poetry itself comes from where pip is asked to get packages, and is kept below .tools."""
    asked = [sys.executable, "-m", "pip", "config", "get", "global.index-url"]
    found = subprocess.run(asked, capture_output=True, text=True, check=False).stdout.strip()
    own = ["--cache-dir", str(ROOT / ".tools" / "uv"), *(["--default-index", found] if found else [])]
    return _run([_UV, "tool", "run", *own, "--from", POETRY, "poetry", "-n", *words], folder)


def _run(command: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    # Neither the user's own settings nor this run's environment count, but where Python finds its certificates may.
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(("PIP_", "UV_", "POETRY_", "VIRTUAL_"))
    }
    own = {
        "PIP_CONFIG_FILE": os.devnull,
        "UV_NO_CONFIG": "1",
        "UV_PYTHON": sys.executable,
        "UV_CACHE_DIR": str(folder.parent / "uv"),
    }
    # Poetry has its cache in the user's home otherwise.
    own |= {"POETRY_CACHE_DIR": str(folder.parent / "cache"), "POETRY_VIRTUALENVS_CREATE": "false"}
    variables = kept | own
    return subprocess.run(command, cwd=folder, env=variables, capture_output=True, text=True, timeout=300)
