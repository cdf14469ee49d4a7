"""Requirements that exclude one another, or of which there are none, are refused before an image is built."""

from pathlib import Path

import pytest

from portico.config.mistake import Mistakes
from portico.config.release.assemble import make_release
from tests.config.projects import PROJECT, read, tell
from tests.config.sample import make_site, read_settings, write_files

BOTH = "asks for flask==3.1.0, and {}:1 for flask==3.0.0: no version is both; leave one of them out"


@pytest.mark.parametrize(
    ("files", "said"),
    [
        (
            {"requirements.txt": "flask==3.0.0\nflask==3.1.0\n"},
            "requirements.txt:2: " + BOTH.format("requirements.txt"),
        ),
        (
            {"requirements.txt": "flask==3.0.0\n-r b.txt\n", "b.txt": "\nflask==3.1.0"},
            "b.txt:2: " + BOTH.format("requirements.txt"),
        ),
        (
            {"requirements.txt": "flask==3.0.0\n-c c.txt\n", "c.txt": "flask==3.1.0\n"},
            "c.txt:1: " + BOTH.format("requirements.txt"),
        ),
        (
            {"requirements.txt": "Flask_Login==0.6.3\nflask.login[x]>=0.7\n"},
            "requirements.txt:2: asks for flask.login>=0.7, and requirements.txt:1 for flask.login==0.6.3",
        ),
        (
            {"pyproject.toml": PROJECT.replace('"flask>=3"', '"flask==3.0.0", "flask<3"')},
            "pyproject.toml: asks for flask<3, and pyproject.toml for flask==3.0.0",
        ),
    ],
)
def test_two_that_exclude_one_another_are_refused(tmp_path: Path, files: dict[str, str], said: str) -> None:
    (line,) = tell(read(tmp_path / "shop", files))
    assert line.startswith(f"shop/{said}")


@pytest.mark.parametrize(
    "text",
    [
        "flask==3.1.0\nflask==3.1.0\n",
        "flask==3.1.0\nflask>=3\n",
        "flask==3.1.*\nflask==3.1.2\n",
        "torch==2.0\ntorch==2.0+cpu\n",
        "flask<3\nflask>=3.1\n",
        "flask==3.0.0; python_version < '3.10'\nflask==3.1.0; python_version >= '3.10'\n",
        "flask==3.0.0; sys_platform == 'win32'\nflask==3.1.0\n",
        "flask==3.0.0; python_version < '3.12'\nflask==3.1.0\n",
        "flask==3.0.0\nflask @ https://x.example/flask.whl\n",
    ],
)
def test_what_may_be_followed_is_taken(tmp_path: Path, text: str) -> None:
    assert tell(read(tmp_path / "shop", {"requirements.txt": text})) == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("click\nflask\u00a0==3.1.0\n", "it holds a no-break space (U+00A0); write a plain space or nothing"),
        ("click\nflask==3.1.0\u200b\n", "it holds a zero width space (U+200B); write a plain space or nothing"),
        (
            "click\nflask; python_version>\u201c3\u201d\n",
            "it holds a left double quotation mark (U+201C); write a plain",
        ),
    ],
)
def test_a_letter_that_nobody_sees_is_named_with_its_line(tmp_path: Path, text: str, said: str) -> None:
    (line,) = tell(read(tmp_path / "shop", {"requirements.txt": text}))
    assert line.startswith("shop/requirements.txt:2: ") and said in line


def test_it_is_named_in_a_pyproject_too(tmp_path: Path) -> None:
    (line,) = tell(read(tmp_path / "shop", {"pyproject.toml": "[project]\nname\u00a0= 'x'\n"}))
    said = "it is not valid TOML: it holds a no-break space (U+00A0); write a plain space or nothing"
    assert line == f"shop/pyproject.toml:2: {said}"


def build(folder: Path, code: str, files: dict[str, str]) -> list[str]:
    """What is refused of a site with this module and these files."""
    write_files(folder / "shop", {"web.py": code, **files})
    settings = read_settings(folder, make_site())
    try:
        make_release(settings, settings.sites[0], folder, {})
    except Mistakes as found:
        return [str(one) for one in found.all]
    return []


FLASK = "import flask\napp = flask.Flask('x')\n"
EMPTY = {"pyproject.toml": "[project]\nname = 'shop'\nversion = '1'\n"}


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"requirements.txt": ""}, "requirements.txt: it names no package, and web.py imports flask"),
        ({"requirements.txt": "# none\n"}, "requirements.txt: it names no package, and web.py imports flask"),
        (EMPTY, "pyproject.toml: it names no package, and web.py imports flask"),
    ],
)
def test_a_source_that_names_no_package_and_needs_one_is_refused(
    tmp_path: Path, files: dict[str, str], said: str
) -> None:
    (line,) = build(tmp_path, FLASK, files)
    assert line.startswith(f"shop/{said}")


@pytest.mark.parametrize(
    ("code", "files"),
    [
        (
            "import json, own.part\nfrom . import x\nfrom other import y\napp = json",
            {"own/part.py": "", "other.py": ""},
        ),
        ("try:\n    import flask\nexcept ImportError:\n    flask = None\napp = 1", {}),
        ("def app(environ, start):\n    import flask\n", {}),
        (FLASK, {"Dockerfile": "FROM python:3.13-slim\nRUN pip install flask gunicorn\n"}),
        (FLASK, {"requirements.txt": "flask-login\n"}),
        (FLASK, {"requirements.txt": "-r https://x.example/r.txt\n"}),
    ],
)
def test_a_source_that_may_need_none_is_taken(tmp_path: Path, code: str, files: dict[str, str]) -> None:
    assert build(tmp_path, code, {"requirements.txt": "", **files}) == []


def test_git_is_not_asked_of_an_image_that_is_no_debian(tmp_path: Path) -> None:
    write_files(tmp_path / "shop", {"web.py": FLASK, "requirements.txt": "flask @ git+https://x.example/flask\n"})
    settings = read_settings(tmp_path, make_site(), pythonImage="python:3.13-alpine")
    with pytest.raises(Mistakes) as refused:
        make_release(settings, settings.sites[0], tmp_path, {})
    (line,) = map(str, refused.value.all)
    assert line.startswith("shop/requirements.txt: it names an address of Git, and python:3.13-alpine is no Debian")
