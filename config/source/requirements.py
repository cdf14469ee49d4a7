"""The packages that a source requires, read without installing any."""

import re
import tomllib
from pathlib import Path


def list_requirements(source: Path) -> set[str]:
    """Names of the packages that the source requires, normalized as package indexes do."""
    lines: list[str] = []
    if (source / "requirements.txt").is_file():
        lines = read_lines(source / "requirements.txt")
    elif (source / "pyproject.toml").is_file():
        lines = read_dependencies(source / "pyproject.toml")
    names = (re.match(r"\s*([A-Za-z0-9][A-Za-z0-9._-]*)", line) for line in lines)
    return {normalize(name[1]) for name in names if name}


def read_lines(path: Path) -> list[str]:
    """The lines of a text file; what is not UTF-8 in it is replaced, since names and options never need it."""
    return path.read_text(errors="replace").splitlines()


def read_dependencies(pyproject: Path) -> list[str]:
    """The `[project] dependencies` of a pyproject.toml; empty where the file cannot be read."""
    try:
        project = tomllib.loads(pyproject.read_text()).get("project")
    except (FileNotFoundError, tomllib.TOMLDecodeError, UnicodeDecodeError):
        return []
    listed = project.get("dependencies") if isinstance(project, dict) else None
    return [str(line) for line in listed] if isinstance(listed, list) else []


def normalize(name: str) -> str:
    """A package's name as package indexes spell it."""
    return re.sub(r"[-_.]+", "-", name).lower()
