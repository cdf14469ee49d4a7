"""`portico init`: what it finds in the source of an application, and that it overwrites nothing."""

import json
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner, Result

from portico.cli.application import Found, look_at
from portico.cli.main import portico
from portico.config.checks import check_settings
from portico.config.source.files import read_source
from portico.config.source.place import Place
from portico.config.source.wsgi_entry import find_entry

FLASK = "from flask import Flask\n"


def write(root: Path, **files: str) -> Path:
    for name, text in files.items():
        path = root / f"{name.replace('__', '/')}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (root / "requirements.txt").write_text("flask==3.1.3\n")
    return root


def init(root: Path, monkeypatch: pytest.MonkeyPatch, *words: str) -> Result:
    monkeypatch.chdir(root)
    return CliRunner().invoke(portico, ["init", *words])


@pytest.mark.parametrize(
    ("files", "entries"),
    [
        ({"app": f"{FLASK}app = Flask(__name__)"}, ["app:app"]),
        ({"shop__init": "", "shop__web": "import flask\nsite: flask.Flask = flask.Flask('x')"}, ["shop.web:site"]),
        ({"src__shop__web": f"{FLASK}app = Flask(__name__)"}, ["shop.web:app"]),
        ({"shop": f"{FLASK}def create_app(mode=None):\n    app = Flask('x')\n    return app"}, ["shop:create_app()"]),
        ({"shop": f"{FLASK}def create_app(mode):\n    return Flask('x')"}, []),
        (
            {
                "shop": f"{FLASK}def create_app():\n    return Flask('x')",
                "wsgi": "from shop import create_app\napp = create_app()",
            },
            ["wsgi:app", "shop:create_app()"],
        ),
        ({"app": f"{FLASK}app = Flask(__name__)", "tests__app": f"{FLASK}app = Flask(__name__)"}, ["app:app"]),
        (
            {
                "shop": f"{FLASK}app = Flask('x')",
                "tasks": f"{FLASK}def make():\n    return Flask('x')",
                "wsgi": "from shop import make_app\nsite = make_app(config='x')",
            },
            ["wsgi:site", "shop:app", "tasks:make()"],
        ),
        (
            {"shop__init": "", "shop__web": f"{FLASK}app = Flask('x')", "wsgi": "from shop.web import app\napp.debug"},
            ["wsgi:app", "shop.web:app"],
        ),
        (
            {"shop": f"{FLASK}app = Flask('x')", "deep__wsgi": "from shop import app as application"},
            ["deep.wsgi:application", "shop:app"],
        ),
        ({"app": "def (", "other": "x = 1"}, []),
    ],
)
def test_applications_are_found_likely_ones_first(tmp_path: Path, files: dict[str, str], entries: list[str]) -> None:
    found = look_at(write(tmp_path, **files)).applications
    assert [one.entry for one in found] == entries
    place = Place(source=tmp_path, context=tmp_path)
    assert all(not find_entry(place, entry).problem for entry in entries)


def test_static_files_and_a_health_path_are_found(tmp_path: Path) -> None:
    text = f"{FLASK}app = Flask('x', static_folder='assets', static_url_path='/a')\n@app.get('/health')\ndef up(): pass"
    found = look_at(write(tmp_path, app=text))
    assert found.applications == (Found(entry="app:app", static="assets", static_url="/a/"),)
    assert (found.health, found.requirements) == ("/health", "requirements.txt")
    usual = look_at(write(tmp_path, app=f"{FLASK}app = Flask('x', static_folder='static')"))
    assert usual.applications == (Found(entry="app:app"),) and usual.health is None


@pytest.mark.parametrize(
    ("names", "said", "wrong"),
    [
        pytest.param(["Pipfile.lock"], "Pipfile.lock", "", id="a lock"),
        pytest.param(["Pipfile.lock", "uv.lock"], None, "both say what is installed", id="two locks"),
        pytest.param([], None, "", id="nothing"),
    ],
)
def test_what_says_the_packages_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, names: list[str], said: str | None, wrong: str
) -> None:
    root = write(tmp_path, app=f"{FLASK}app = Flask(__name__)")
    (root / "requirements.txt").unlink()
    pins = {"flask": {"version": "==3.1.3", "hashes": [f"sha256:{'0' * 64}"]}}
    for name in names:
        (root / name).write_text(json.dumps({"_meta": {}, "default": pins, "develop": {}}))
    assert look_at(root).requirements == said
    lines = init(root, monkeypatch, "--entry", "app:app").output.splitlines()
    assert any(line.startswith("Fix: ") and wrong in line for line in lines) == bool(wrong)
    assert any(line.startswith("Missing: a requirements.txt") for line in lines) == (not names)


def test_what_is_written_is_a_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = write(tmp_path / "My Shop", app=f"{FLASK}app = Flask(__name__)")
    done = init(root, monkeypatch)
    assert done.exit_code == 0, done.output
    deploy = root / "deploy"
    assert {path.name for path in deploy.iterdir()} == {
        *("Pulumi.yaml", "Pulumi.dev.yaml", "__main__.py", "requirements.txt", ".gitignore")
    }
    (site,) = yaml.safe_load((deploy / "Pulumi.dev.yaml").read_text())["config"]["portico:sites"]
    assert check_settings({"sites": [site]}, deploy).sites[0].entry == "app:app"
    assert site["name"] == "my-shop" == yaml.safe_load((deploy / "Pulumi.yaml").read_text())["name"]
    assert (deploy / "requirements.txt").read_text().startswith("portico==")
    # Else each change of the project would be a release of the application, and each of a database on this machine.
    (root / "instance").mkdir()
    (root / "part").mkdir()
    for name in (
        "instance/config.py",
        "shop.db",
        "shop.db-wal",
        "part/a.sqlite",
        "part/a.sqlite3",
        "part/a.sqlite-shm",
    ):
        (root / name).touch()
    (root / "part" / "db.py").touch()
    files = set(read_source(root))
    assert not {path for path in files if path.startswith(("deploy", "instance")) or "db" in path.rpartition(".")[2]}
    assert {path for path in files if path.startswith("part/")} == {"part/db.py"}


def test_the_others_that_were_found_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, app=f"{FLASK}app = Flask('x')", shop=f"{FLASK}app = Flask('x')")
    said = init(tmp_path, monkeypatch).output
    assert "app:app as " in said and "Also found: shop:app; choose one with --entry." in said
    for file in (tmp_path / "deploy").iterdir():
        file.unlink()
    assert "Also found" not in init(tmp_path, monkeypatch, "--entry", "shop:app").output


def test_nothing_is_overwritten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = write(tmp_path, app=f"{FLASK}app = Flask(__name__)")
    (root / ".dockerignore").write_text(".git\n")
    (root / "deploy").mkdir()
    (root / "deploy" / "Pulumi.yaml").write_text("name: mine\n")
    done = init(root, monkeypatch)
    assert "kept   deploy/Pulumi.yaml, as it was" in done.output
    assert "the line `deploy` in .dockerignore" in done.output
    assert (root / "deploy" / "Pulumi.yaml").read_text() == "name: mine\n"
    before = {path: path.read_bytes() for path in root.rglob("*") if path.is_file()}
    assert init(root, monkeypatch, "--port", "9999").output.count("wrote") == 0
    assert {path: path.read_bytes() for path in root.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "no Flask application was found in"),
        (("--entry", "app:nothing"), "app.py defines no nothing"),
        (("--source", "nowhere"), "--source: nowhere is not a folder"),
        (("--entry", "app:x", "--name", "Shop"), '--name: "Shop" is no name of a site'),
    ],
)
def test_a_mistake_is_a_line_and_writes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], said: str
) -> None:
    root = write(tmp_path, app="x = 1")
    done = init(root, monkeypatch, *words)
    assert done.exit_code == 1 and said in done.stderr and done.stderr.count("\n") == 1
    assert not (root / "deploy").exists()


def test_on_a_terminal_it_asks_what_it_cannot_know(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = write(tmp_path, app=f"{FLASK}app = Flask('a')", other=f"{FLASK}app = Flask('b')")
    monkeypatch.setattr("portico.cli.commands.init.has_terminal", lambda: True)
    monkeypatch.chdir(root)
    done = CliRunner().invoke(portico, ["init", "--name", "shop"], input="other:app\nshop.example, www.shop.example\n")
    assert done.exit_code == 0, done.output
    (site,) = yaml.safe_load((root / "deploy" / "Pulumi.dev.yaml").read_text())["config"]["portico:sites"]
    assert (site["entry"], site["hosts"]) == ("other:app", ["shop.example", "www.shop.example"])
