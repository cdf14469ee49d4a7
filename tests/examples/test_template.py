"""The template of `pulumi new`: it makes what `portico init` writes, around an application of its own."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from portico.cli.application import Found
from portico.cli.new_project import Project
from portico.config.checks import check_settings
from portico.config.settings import Settings
from tests.docker.command import environment, run

FOLDER = Path(__file__).parents[2] / "examples" / "template"
PROJECT: dict[str, Any] = yaml.safe_load((FOLDER / "Pulumi.yaml").read_text())


def test_its_program_is_that_of_portico_init(tmp_path: Path) -> None:
    found = Found(entry="hello:app")
    made = Project(folder=tmp_path, source=tmp_path, name="x", application=found, hosts=("x",), port=8080).list_files()
    for name in ("__main__.py", ".gitignore"):
        assert (FOLDER / name).read_text() == made[tmp_path / name]
    assert PROJECT["runtime"] == yaml.safe_load(made[tmp_path / "Pulumi.yaml"])["runtime"]


def test_its_stack_is_good_with_whatever_pulumi_asks_for() -> None:
    stack = yaml.safe_load((FOLDER / "Pulumi.dev.yaml").read_text())["config"]
    asked = {key: one["default"] for key, one in PROJECT["template"]["config"].items()}
    values = {key.removeprefix("portico:"): value for key, value in (asked | stack).items()}
    settings = check_settings(values, FOLDER)
    assert [site.entry for site in settings.sites] == ["hello:app"]
    defaults = {field.alias or name: field.default for name, field in Settings.model_fields.items()}
    assert {key: defaults[key.removeprefix("portico:")] for key in asked} == asked


def test_it_leaves_to_its_user_what_pulumi_new_would_do_wrongly() -> None:
    # The stack would be made in the backend of the login, and looked for in that of the project.
    assert "backend" not in PROJECT
    # What is listed is installed at once, from an index on which anybody may have the name.
    assert not (FOLDER / "requirements.txt").exists()
    # Pulumi copies each as a file, and fails where a link leads to a folder.
    assert not [path for path in FOLDER.rglob("*") if path.is_symlink()]


@pytest.mark.docker
def test_pulumi_makes_a_project_of_it(tmp_path: Path) -> None:
    made = tmp_path / "shop"
    made.mkdir()
    done = run(
        ["pulumi", "new", str(FOLDER), "--generate-only", "--yes", "--name", "shop", "--non-interactive"],
        folder=made,
        log=tmp_path / "log",
        timeout=60,
        env=environment(),
    )
    assert done.code == 0, done.tail()
    project = yaml.safe_load((made / "Pulumi.yaml").read_text())
    assert (project["name"], project["description"]) == ("shop", PROJECT["template"]["description"])
    assert "template" not in project
    for name in ("__main__.py", "Pulumi.dev.yaml", "app/hello.py", "app/requirements.txt", "app/.dockerignore"):
        assert (made / name).read_text() == (FOLDER / name).read_text()
