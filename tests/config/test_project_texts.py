"""Whatever a project's files hold: what is read of them is what pip, uv and Python's parsers read, or is reported."""

import codecs
import subprocess
import sys
import sysconfig
import tempfile
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from packaging.requirements import Requirement
from pip._internal.network.session import PipSession
from pip._internal.req.req_file import parse_requirements

from portico.config.source.conditions import ALWAYS, read_marker, write_marker
from portico.config.source.lines import read_lines
from portico.config.source.place import Place
from tests.config.projects import BUILD, HASH, LOCKED, PROJECT, read
from tests.property.profile import SOAK

# The same ones each time, so that a change fails by its own fault alone; the soak tries new ones.
few = settings(
    max_examples=60,
    deadline=None,
    derandomize=not SOAK,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
SESSION = PipSession()

# A mark or a line that says it, and what encodes the rest.
ENCODINGS = {
    "UTF-8": (b"", "utf-8"),
    "UTF-8 with a mark": (codecs.BOM_UTF8, "utf-8"),
    "UTF-16, as PowerShell writes it": (codecs.BOM_UTF16_LE, "utf-16-le"),
    "UTF-16, the other way": (codecs.BOM_UTF16_BE, "utf-16-be"),
    "Latin-1 that says so": (b"# -*- coding: latin-1 -*-\n", "latin-1"),
}
ENDS = {"lines of Linux": "\n", "lines of Windows": "\r\n"}
_LINES = st.sampled_from(
    [
        *("flask==3.1.3", "Flask >= 3 ; python_version >= '3.9'  # web", "# only a comment", "", "   ", "a[b,c]~=1.0"),
        *("requests \\", "  # after a backslash", "idna==3.20 \\", f"    --hash={HASH}", "-r more.txt", "-c pins.txt"),
        *(
            "--extra-index-url https://i.example/simple",
            "x @ https://host.example/x.whl",
            "-e git+https://h.example/a#egg=a",
        ),
        *(
            "git+https://h.example/b#egg=b",
            "--requirement=more.txt",
            "caf\xe9 # no name",
            "name # caf\xe9",
            "-i https://i",
        ),
        *(
            "--pre",
            "--no-binary :all:",
            "a ; python_version < '3'",
            "--hash",
            "-x",
            "\\",
            "a==1.0 --config-settings x=y",
        ),
    ]
)


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as made:
        path = Path(made, "shop")
        path.mkdir()
        (path / "more.txt").write_text("more>=1\n")
        (path / "pins.txt").write_text("idna==3\n")
        yield path


def encode(name: str, text: str) -> bytes:
    """The text as a file of that encoding holds it."""
    before, encoding = ENCODINGS[name]
    return before + text.encode(encoding)


def read_as_pip(file: Path) -> list[tuple[str, bool, bool]] | None:
    """What pip itself reads of it; None where it refuses."""
    try:
        found = parse_requirements(str(file), session=SESSION)
        return [(one.requirement, one.is_editable, one.constraint) for one in found]
    except Exception:
        return None


@few
@given(st.lists(_LINES, max_size=8), st.sampled_from(sorted(ENCODINGS)), st.sampled_from(sorted(ENDS)))
@example(["flask==3.1.3"], "UTF-16, as PowerShell writes it", "lines of Windows")
@example(["-r more.txt"], "UTF-8 with a mark", "lines of Windows")
def test_requirements_are_read_as_pip_reads_them(folder: Path, lines: list[str], encoding: str, ends: str) -> None:
    file = folder / "requirements.txt"
    file.write_bytes(encode(encoding, "".join(f"{line}{ENDS[ends]}" for line in lines)))
    place = Place(source=folder, context=folder)
    ours = [(one.text, one.editable, one.constraint) for one in read_lines(place, file) if one.text]
    theirs = read_as_pip(file)
    assert bool(place.found) == (theirs is None), place.found
    if theirs is not None:
        assert ours == [(text.strip(), editable, constraint) for text, editable, constraint in theirs]


@few
@given(
    st.sampled_from(["requirements.txt", "pyproject.toml", "Pipfile.lock"]), st.binary(max_size=40), st.integers(0, 200)
)
@example("requirements.txt", b"\xff\xfe\0", 0)
@example("pyproject.toml", b"\xef\xbb\xbf", 0)
@example("Pipfile.lock", b"[]", 0)
def test_what_is_spoilt_never_counts_as_empty(folder: Path, name: str, spoilt: bytes, where: int) -> None:
    plain = {"requirements.txt": b"flask>=3\n", "pyproject.toml": PROJECT.encode()}.get(name)
    plain = plain or LOCKED[name][name].encode()
    for other in ("requirements.txt", "pyproject.toml", "Pipfile.lock"):
        (folder / other).unlink(missing_ok=True)
    content = plain[:where] + spoilt + plain[where:]
    (folder / name).write_bytes(content)
    project = read(folder)
    assert all(str(one).isprintable() for one in project.mistakes)
    if name == "pyproject.toml":
        try:
            table = tomllib.loads(content.decode("utf-8-sig"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError):
            assert project.mistakes
            return
        asked = table.get("project", {}) if isinstance(table.get("project", {}), dict) else {}
        assert project.mistakes or len(project.lines) == len(set(asked.get("dependencies", [])))
    elif not project.mistakes and name == "requirements.txt":
        assert project.lines or not read_as_pip(folder / name)


@few
@given(st.integers(0, ALWAYS))
def test_a_condition_is_written_so_that_it_is_read_again(condition: int) -> None:
    if condition:
        assert read_marker(write_marker(condition)) == condition


_NAMES = ("flask", "blinker", "click", "jinja2", "win")
_MARKERS = ("", "sys_platform == 'win32'", "python_version < '3.12'", "platform_machine == 'aarch64'")
_EDGE = st.tuples(st.sampled_from(_NAMES), st.sampled_from(_MARKERS), st.booleans())
_GRAPH = st.fixed_dictionaries(
    {name: st.lists(_EDGE, max_size=3, unique_by=lambda one: one[:2]) for name in ("shop", *_NAMES)}
)


@settings(few, max_examples=12)
@given(_GRAPH)
def test_a_lock_of_uv_gives_what_uv_itself_exports(folder: Path, graph: dict[str, list[tuple[str, str, bool]]]) -> None:
    """Packages, and when: under each Python and processor that an image may have."""
    # Not below a folder that is tried with spoilt files: uv looks for a workspace above.
    home = folder.parent / "uv"
    home.mkdir(exist_ok=True)
    (home / "uv.lock").write_text(write_lock(graph))
    direct = ", ".join(f'"{name}{f"; {marker}" if marker else ""}"' for name, marker, _ in graph["shop"])
    (home / "pyproject.toml").write_text(f'[project]\nname = "shop"\nversion = "1"\ndependencies = [{direct}]\n{BUILD}')
    project = read(home)
    assert not project.mistakes
    words = ["export", "--frozen", "--no-dev", "--offline", "--no-emit-project", "--no-header", "--no-annotate"]
    uv = Path(sysconfig.get_path("scripts"), "uv")
    done = subprocess.run([uv, *words, "--no-hashes"], cwd=home, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert list_when(done.stdout.splitlines()) == list_when([line.partition(" --hash")[0] for line in project.lines])


def list_when(lines: list[str]) -> dict[str, int]:
    """Each requirement, and the images that it is for; those for none are left out."""
    found: dict[str, int] = {}
    for line in lines:
        one = Requirement(line)
        when = read_marker(str(one.marker or ""))
        found[f"{one.name}{one.specifier}"] = found.get(f"{one.name}{one.specifier}", 0) | when
    return {name: when for name, when in found.items() if when}


def write_lock(graph: dict[str, list[tuple[str, str, bool]]]) -> str:
    """A uv.lock of these packages; an edge says what is required, when, and whether with the extra "more"."""
    parts = ["version = 1\nrevision = 2\nrequires-python = '>=3.9'\n"]
    for name, edges in graph.items():
        source = '{ editable = "." }' if name == "shop" else '{ registry = "https://pypi.org/simple" }'
        required = [
            f'{{ name = "{target}"{f", extra = [{chr(34)}more{chr(34)}]" if extra else ""}'
            f"{f', marker = {chr(34)}{marker}{chr(34)}' if marker else ''} }}"
            for target, marker, extra in edges
        ]
        parts.append(f'[[package]]\nname = "{name}"\nversion = "1"\nsource = {source}\n')
        parts[-1] += f"dependencies = [{', '.join(required)}]\n"
        if name != "shop":
            parts[-1] += f'sdist = {{ url = "https://files.example/{name}-1.tar.gz", hash = "{HASH}", size = 1 }}\n'
            parts[-1] += f'[package.optional-dependencies]\nmore = [{{ name = "{_NAMES[-1 - _NAMES.index(name)]}" }}]\n'
    return "\n".join(parts)


def test_uv_is_the_one_that_is_pinned() -> None:
    said = subprocess.run([sys.executable, "-m", "uv", "--version"], capture_output=True, text=True, check=True).stdout
    assert said.startswith("uv 0.13.9")
