"""The Dockerfile installs what the source requires, and keeps one of the source's own."""

from pathlib import Path
from typing import Any

import pytest

from portico.config.render.nginx import render_dockerfile, render_requirements
from tests.config.sample import make_site, read_settings, write_files

PYPROJECT = '[project]\nname = "shop"\ndependencies = ["flask>=3", "requests"]\n'


def render(root: Path, **stack: Any) -> str:
    settings = read_settings(root, make_site(gunicorn={"version": "27.0.1"}), **stack)
    return render_dockerfile(settings, settings.sites[0], root / "shop")


def instructions(text: str) -> list[str]:
    return [line for line in text.splitlines() if line and not line.startswith("#")]


def test_packages_are_installed_before_the_code_is_copied(root: Path) -> None:
    text = render(root)
    assert text.index("COPY .portico/requirements.txt") < text.index("pip install") < text.index("COPY app/ /app/")


@pytest.mark.parametrize("line", ["-r base.txt", "-c constraints.txt", "-e .", ".", "./lib", "--requirement base.txt"])
def test_requirements_that_name_files_are_installed_after_the_code_is_copied(root: Path, line: str) -> None:
    write_files(root / "shop", {"requirements.txt": f"flask\n{line}\n"})
    text = render(root)
    assert render_requirements(root / "shop") is None
    assert text.index("COPY app/ /app/") < text.index("pip install") and "-r /app/requirements.txt" in text


def test_the_image_below_is_the_one_that_is_set(root: Path) -> None:
    assert instructions(render(root, pythonImage="python:3.12-slim"))[0] == "FROM python:3.12-slim"


def test_gunicorn_is_installed_where_the_requirements_name_none(root: Path) -> None:
    assert "gunicorn==27.0.1" in render(root)


@pytest.mark.parametrize("line", ["gunicorn==27.0.1", "Gunicorn", "gunicorn[gthread]>=27"])
def test_gunicorn_of_the_requirements_is_kept(root: Path, line: str) -> None:
    write_files(root / "shop", {"requirements.txt": f"flask\n{line}\n"})
    assert "gunicorn==" not in render(root)


def test_secrets_of_the_build_are_mounted_and_never_copied(root: Path) -> None:
    text = render(root)
    assert "--mount=type=secret,id=pip" in text and "--mount=type=secret,id=ca" in text
    assert "pip.conf" not in "".join(line for line in text.splitlines() if line.startswith(("COPY", "ENV", "ARG")))


def test_dependencies_of_a_pyproject_are_requirements(root: Path) -> None:
    (root / "shop" / "requirements.txt").unlink()
    write_files(root / "shop", {"pyproject.toml": PYPROJECT})
    assert render_requirements(root / "shop") == "flask>=3\nrequests\n"
    assert "-r /tmp/requirements.txt" in render(root)


def test_a_dockerfile_of_its_own_is_kept_and_added_to(root: Path) -> None:
    own = "FROM python:3.13-slim\nRUN pip install flask gunicorn\nCOPY . /app\nUSER 1000\n"
    write_files(root / "shop", {"Dockerfile": own})
    text = render(root)
    assert text.startswith(own)
    assert instructions(text)[-1] == "COPY .portico/gunicorn.conf.py /etc/gunicorn/gunicorn.conf.py"
    assert "FROM" not in text.removeprefix(own)


@pytest.mark.parametrize("files", [{}, {"Dockerfile": "FROM scratch\n"}], ids=["written", "own"])
def test_an_image_is_known_by_its_labels(root: Path, files: dict[str, str]) -> None:
    write_files(root / "shop", files)
    assert "LABEL portico.role=image portico.site=shop" in instructions(render(root))


def test_how_gunicorn_runs_is_part_of_every_image(root: Path) -> None:
    assert instructions(render(root))[-1] == "COPY .portico/gunicorn.conf.py /etc/gunicorn/gunicorn.conf.py"
