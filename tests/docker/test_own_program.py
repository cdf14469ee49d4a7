"""A user's own program on the real engine: examples/own-program, in a project that is not called portico."""

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from tests.docker.ask import get
from tests.docker.command import ROOT, Result, environment, run
from tests.docker.engine import free_port

pytestmark = [pytest.mark.docker, pytest.mark.extended]
EXAMPLE = ROOT / "examples" / "own-program"
PREFIX = "The database is at "


@dataclass(frozen=True)
class Own:
    """A copy of the example with a state and a port of its own."""

    folder: Path
    port: int

    def pulumi(self, *words: str) -> Result:
        own = {"PULUMI_BACKEND_URL": f"file://{self.folder}/state", "PULUMI_CONFIG_PASSPHRASE": "test"}
        done = run(
            ["pulumi", *words, "--non-interactive", "--color", "never"],
            folder=self.folder,
            log=self.folder / "log",
            timeout=300,
            env={**environment(), **own, "PULUMI_CONFIG_PASSPHRASE_FILE": ""},
        )
        assert done.code == 0, done.tail()
        return done

    def up(self) -> Result:
        return self.pulumi("up", "--stack", "test", "--yes", "--skip-preview")

    def outputs(self) -> dict[str, object]:
        text = self.pulumi("stack", "output", "--json", "--stack", "test").output
        found: dict[str, object] = json.loads(text)
        return found

    def reported(self) -> str:
        return get(self.port, "localhost").body.decode().strip()


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Own]:
    folder = tmp_path_factory.mktemp("own") / "program"
    shutil.copytree(EXAMPLE, folder, ignore=shutil.ignore_patterns("__pycache__", ".state", ".portico"))
    project = yaml.safe_load((folder / "Pulumi.yaml").read_text())
    project["runtime"]["options"]["virtualenv"] = str(ROOT / ".venv")
    (folder / "Pulumi.yaml").write_text(yaml.safe_dump(project))
    (folder / "state").mkdir()
    made = Own(folder, free_port())
    made.pulumi("stack", "init", "test", "--secrets-provider", "passphrase")
    made.pulumi("config", "set", "--stack", "test", "port", str(made.port))
    made.pulumi("preview", "--stack", "test")
    try:
        made.up()
        yield made
    finally:
        made.pulumi("destroy", "--stack", "test", "--yes", "--skip-preview")


def test_the_site_knows_what_only_the_update_knew(own: Own) -> None:
    reported = own.reported()
    assert reported.startswith(f"{PREFIX}http://") and reported.endswith(":5432") and "stand" not in reported
    assert own.outputs()["url"] == f"http://localhost:{own.port}"


@pytest.mark.extended
def test_nothing_to_do_changes_nothing(own: Own) -> None:
    before = own.outputs()
    own.pulumi("up", "--stack", "test", "--yes", "--skip-preview", "--expect-no-changes")
    assert own.outputs() == before


@pytest.mark.extended
def test_another_value_is_another_release(own: Own) -> None:
    before, reported = own.outputs()["releases"], own.reported()
    program = own.folder / "__main__.py"
    program.write_text(program.read_text().replace(':5432")}', ':5432/shop")}'))
    own.up()
    assert own.reported() == f"{reported}/shop"
    assert own.outputs()["releases"] != before
