"""What lays out a release's static files, run as its container does."""

import subprocess
import sys
from pathlib import Path

import pytest

from portico.config.in_container import read_script


def lay_out(source: Path, place: Path, hidden: str = "*.py .*") -> list[str]:
    """Run it in `source`, with volumes below `place`; the paths that NGINX would find, folders left out."""
    program = read_script("files.py")
    for volume in ("/run/portico", "/srv/static", "/incoming"):
        assert f'"{volume}"' in program
        program = program.replace(f'"{volume}"', f'"{place}{volume}"')
        (place / volume.strip("/")).mkdir(parents=True)
    # Who owns the folder of sockets is root's to say, and not looked at here.
    program = program.replace("os.chown(folder", "(lambda *_: None)(folder")
    # The test itself works below /tmp.
    program = program.replace('"/tmp/"', '"/nowhere/"')
    words = [sys.executable, "-I", "-c", program, "shop", "r1", "10001", "static", "/static/", "plain", hidden]
    done = subprocess.run(words, cwd=source, check=False, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    served = place / "srv/static/shop/r1/static"
    return sorted(str(path.relative_to(served)) for path in served.rglob("*") if path.is_file())


@pytest.mark.parametrize(
    ("link", "target"),
    [
        pytest.param("static/left", "../node_modules/left", id="to nothing"),
        pytest.param("static/b.css", "b.css", id="to itself"),
        pytest.param("static/js/all", "..", id="to the folder above"),
        pytest.param("static/all", ".", id="to its own folder"),
        pytest.param("static/js/whole", "../..", id="to the source"),
        pytest.param("static/secret", "/proc/version", id="to what the container alone has"),
    ],
)
def test_a_link_that_misleads_is_left_out(tmp_path: Path, link: str, target: str) -> None:
    source = tmp_path / "source"
    (source / "static/js").mkdir(parents=True)
    (source / "static/a.css").write_text("x")
    (source / "static/js/app.js").write_text("x")
    (source / link).symlink_to(target)
    assert lay_out(source, tmp_path / "volumes") == ["a.css", "js/app.js"]


def test_links_to_one_another_are_followed_once(tmp_path: Path) -> None:
    source = tmp_path / "source"
    for name, other in (("a", "b"), ("b", "a")):
        (source / "static" / name).mkdir(parents=True)
        (source / "static" / name / f"{name}.css").write_text("x")
        (source / "static" / name / "link").symlink_to(f"../{other}")
    assert lay_out(source, tmp_path / "volumes") == ["a/a.css", "a/link/b.css", "b/b.css", "b/link/a.css"]


def test_links_inside_of_the_folder_are_followed(tmp_path: Path) -> None:
    source = tmp_path / "source"
    (source / "static/theme").mkdir(parents=True)
    (source / "static/theme/t.css").write_text("x")
    (source / "static/t.css").symlink_to("theme/t.css")
    (source / "static/old").symlink_to("theme")
    assert lay_out(source, tmp_path / "volumes") == ["old/t.css", "t.css", "theme/t.css"]


@pytest.mark.parametrize("hidden", ["*.py .* ->..", "*.py .*"], ids=["hidden", "published"])
def test_links_out_of_the_folder_are_followed_where_that_is_said(tmp_path: Path, hidden: str) -> None:
    source = tmp_path / "source"
    (source / "theme/.git").mkdir(parents=True)
    (source / "static").mkdir()
    for path in ("theme/t.css", "theme/.git/config", "theme/t.py", "web.py"):
        (source / path).write_text("x")
    links = {"theme": "../theme", "t.css": "theme/t.css", "web.txt": "../web.py", "git": "../theme/.git"}
    for name, target in links.items():
        (source / "static" / name).symlink_to(target)
    found = lay_out(source, tmp_path / "volumes", hidden)
    assert found == ([] if "->.." in hidden else ["t.css", "theme/t.css"])


def test_a_link_inside_to_what_is_hidden_is_left_out(tmp_path: Path) -> None:
    source = tmp_path / "source"
    (source / "static/.git").mkdir(parents=True)
    for path in ("static/.git/config", "static/a.py", "static/a.css"):
        (source / path).write_text("x")
    for name, target in {"config.txt": ".git/config", "a.txt": "a.py", "git": ".git"}.items():
        (source / "static" / name).symlink_to(target)
    assert lay_out(source, tmp_path / "volumes") == ["a.css"]
