"""What an application is asked of its static files, run as its container does, and how the answer is laid out."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from portico.config.in_container import read_script
from portico.config.release.static_question import StaticAnswer, read_answer, tell_left
from tests.config.sample import write_files

pytest.importorskip("flask")
pytest.importorskip("gunicorn")

# A package's files below the application's own, a blueprint elsewhere, and what is somebody else's to answer.
APP = """
import os
from flask import Blueprint, Flask, abort, Response
from theme import theme
app = Flask(__name__)
print("portico-static {}")
app.register_blueprint(theme)
admin = Blueprint("admin", __name__, static_folder="admin_files", static_url_path="/static", url_prefix="/admin")
app.register_blueprint(admin)
private = Blueprint("private", __name__, static_folder="private_files", static_url_path="/p", url_prefix="/private")
private.before_request(lambda: abort(403))
app.register_blueprint(private)
@app.get("/admin/static/made.js")
def made():
    return "made"
"""
THEME = """
from flask import Blueprint
theme = Blueprint("theme", __name__, static_folder="files", static_url_path="/static/theme")
"""
FILES = {
    **{"web.py": APP, "theme/__init__.py": THEME, "static/own.css": "own", "theme/files/t.css": "t" * 2000},
    **{"admin_files/a b.js": "a", "admin_files/made.js": "stale", "admin_files/old.bak": "x", "private_files/p": "p"},
}


def ask(folder: Path, files: dict[str, str] | None = None, **asked: Any) -> StaticAnswer:
    """What the application in `folder` answers."""
    write_files(folder, files or FILES)
    word = {"entry": "web:app", "host": "shop.example", "path": "/", "seconds": 20, "missing": {}, **asked}
    words = [sys.executable, "-c", read_script("ask_static.py"), json.dumps(word)]
    done = subprocess.run(words, cwd=folder, check=False, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return read_answer(done.stdout)


def change(text: str, **files: str) -> dict[str, str]:
    return FILES | {"web.py": APP + text} | files


def test_its_own_files_and_those_of_packages_and_blueprints_are_named(tmp_path: Path) -> None:
    answer = ask(tmp_path)
    assert sorted(answer.folders) == [
        ["/admin/static/", str(tmp_path / "admin_files"), ["made.js"]],
        ["/static/", str(tmp_path / "static"), []],
        ["/static/theme/", str(tmp_path / "theme/files"), []],
    ]


def test_what_a_stranger_does_not_get_stays_the_applications(tmp_path: Path) -> None:
    answer = ask(tmp_path)
    assert answer.left == ("/private/p/: without a login it answers with 403",)
    assert tell_left("shop", answer).endswith("given: /private/p/: without a login it answers with 403")


def test_below_a_path_the_urls_begin_with_it(tmp_path: Path) -> None:
    urls = [url for url, *_ in ask(tmp_path, path="/shop").folders]
    assert sorted(urls) == ["/shop/admin/static/", "/shop/static/", "/shop/static/theme/"]


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(
            "from functools import wraps\nview = app.view_functions['admin.static']\n"
            "app.view_functions['admin.static'] = wraps(view)(lambda **words: view(**words))\n",
            id="a wrapped view",
        ),
        pytest.param("admin.send_static_file = lambda filename: 'other'\n", id="another method"),
        pytest.param("app.before_request(lambda: 'sign in')\n", id="a hook that answers"),
        pytest.param("app.before_request(lambda: 1 / 0)\n", id="a hook that fails"),
        pytest.param(
            "@app.after_request\ndef change(answer):\n"
            "    answer.direct_passthrough = False\n    answer.set_data(b'other')\n    return answer\n",
            id="a changed body",
        ),
        pytest.param("app.wsgi_app = lambda environ, start: Response('no', 401)(environ, start)\n", id="middleware"),
    ],
)
def test_what_something_else_answers_is_left_to_it(tmp_path: Path, text: str) -> None:
    assert "/admin/static/" not in [url for url, *_ in ask(tmp_path, change(text)).folders]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        pytest.param("import nothing_such\n", "ModuleNotFoundError", id="import error"),
        pytest.param("raise SystemExit('set KEY\\nnow')\n", "SystemExit: set KEY now", id="exit"),
        pytest.param("import time\ntime.sleep(60)\n", "took more than 1 s", id="slow"),
        pytest.param("app.url_map.host_matching = True\n", "depend on the host", id="hosts"),
        pytest.param("app = app.wsgi_app\n", "is not a Flask object", id="wrapped"),
        pytest.param("os._exit(0)\n", "no answer", id="gone"),
    ],
)
def test_an_application_that_cannot_be_asked_is_reported_in_one_line(tmp_path: Path, text: str, why: str) -> None:
    answer = ask(tmp_path, change(text), seconds=1 if "sleep" in text else 20)
    assert answer.folders == [] and len(answer.left) == 1
    said = tell_left("shop", answer)
    assert why in said and said.isprintable()


def test_a_variable_that_is_a_secret_has_a_text_in_its_place(tmp_path: Path) -> None:
    files = change("assert os.environ['KEY'] == 'x'\n")
    assert not ask(tmp_path / "a", files).folders
    assert ask(tmp_path / "b", files, missing={"KEY": "x"}).folders


def lay_out(place: Path, folders: list[Any], hidden: str = "*.bak .* ->..", release: str = "r1") -> Path:
    """Run what lays out files with an application's answer; the tree that NGINX serves."""
    program = read_script("files.py", "static_tree.py")
    for volume in ("/run/portico", "/srv/static"):
        program = program.replace(f'"{volume}"', f'"{place}{volume}"')
        (place / volume.strip("/")).mkdir(parents=True, exist_ok=True)
    program = program.replace("os.chown(folder", "(lambda *_: None)(folder").replace('"/tmp/"', '"/nowhere/"')
    words = [sys.executable, "-I", "-c", program, "shop", release, "10001", "-", "/static/", "compress", hidden]
    variables = os.environ | {"PORTICO_STATIC": json.dumps(folders)}
    done = subprocess.run(words, env=variables, check=False, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return place / "srv/static/shop" / release


def list_files(tree: Path) -> list[str]:
    return sorted(str(path.relative_to(tree)) for path in tree.rglob("*") if path.is_file())


def test_the_tree_is_by_url_and_has_what_may_be_served(tmp_path: Path) -> None:
    tree = lay_out(tmp_path / "volumes", ask(tmp_path / "app").folders)
    assert list_files(tree) == ["admin/static/a b.js", "static/own.css", "static/theme/t.css", "static/theme/t.css.gz"]
    assert all(path.stat().st_mode & 0o777 == (0o755 if path.is_dir() else 0o644) for path in tree.rglob("*"))


def test_a_files_time_follows_from_its_content(tmp_path: Path) -> None:
    times = []
    for name in ("a", "b"):
        tree = lay_out(tmp_path / name / "volumes", ask(tmp_path / name).folders)
        os.utime(tmp_path / name / "static/own.css", (1, 1))
        times.append((tree / "static/own.css").stat().st_mtime)
    assert times[0] == times[1] > 1_500_000_000


def test_a_file_that_another_release_has_too_takes_no_place(tmp_path: Path) -> None:
    volumes, folders = tmp_path / "volumes", ask(tmp_path / "app").folders
    first = lay_out(volumes, folders)
    (tmp_path / "app/static/own.css").write_text("new")
    second = lay_out(volumes, folders, release="r2")
    kept = {name: (first / name).samefile(second / name) for name in list_files(first)}
    assert kept == dict.fromkeys(kept, True) | {"static/own.css": False}
    assert (first / "static/own.css").read_text() == "own" and (second / "static/own.css").read_text() == "new"
    assert list_files(first) == list_files(second)


@pytest.mark.parametrize("folder", ["/run", "/proc/self", "/srv", "/dev"])
def test_nothing_of_the_container_is_laid_out(tmp_path: Path, folder: str) -> None:
    assert list_files(lay_out(tmp_path, [["/static/", folder, []]])) == []


@pytest.mark.parametrize("url", ["/../", "/a/../../b/"])
def test_nothing_lies_outside_of_the_tree(tmp_path: Path, url: str) -> None:
    (tmp_path / "own").mkdir()
    (tmp_path / "own/a").write_text("x")
    tree = lay_out(tmp_path / "volumes", [[url, str(tmp_path / "own"), []]])
    assert list_files(tree.parent) == []


def test_a_link_out_of_a_folder_is_not_followed(tmp_path: Path) -> None:
    write_files(tmp_path / "app", {"files/a": "a", "key": "k"})
    (tmp_path / "app/files/link").symlink_to("../key")
    assert list_files(lay_out(tmp_path / "volumes", [["/s/", str(tmp_path / "app/files"), []]])) == ["s/a"]
