"""Whatever form, encoding and layout a project has: what its image gets is what the project's own tool installs.

`make test-all` tries twenty folders of each form, `make soak` 200 others, and Poetry, which is fetched for that.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final
from zlib import crc32

import pytest
from hypothesis import strategies as st

from portico.config.settings import Settings
from tests.config.sample import make_site, read_settings
from tests.projects.index import PACKAGES, Index
from tests.projects.tools import ask_pip, ask_poetry, ask_portico, ask_uv, lock
from tests.property.profile import SEED, SOAK, collect

pytestmark = [pytest.mark.extended, pytest.mark.timeout(3600 if SOAK else 900)]
MODULE: Final = "def app(environ, start):\n    start('204 No Content', [])\n    return []\n"
BUILD: Final = '[build-system]\nrequires = ["setuptools>=68"]\nbuild-backend = "setuptools.build_meta"\n'
# As people write a version: by itself, as a range, as a wish of Poetry's.
SPECIFIERS: Final = ("", "==1.0", ">=1.4", "~=1.0", "<2", ">=1,!=1.4", "==1.*", "===2.0", ">= 1.0 , < 2.1")
WISHES: Final = ("*", "1.0", "^1.0", "~1.0", ">=1,<2", "1.*", "^1.4 || ^2.0")
MARKERS: Final = (
    "",
    "; python_version >= '3.8'",
    "; sys_platform == 'win32'",
    '; os_name == "posix" and python_version<"4"',
)
# What Python calls it, and what ends the lines of a list that is written so.
ENCODINGS: Final = (("utf-8", "\n"), ("utf-8-sig", "\n"), ("utf-8", "\r\n"), ("utf-16", "\r\n"), ("latin-1", "\n"))


@dataclass(frozen=True)
class Folder:
    """A project: its files, by their path, and its settings besides."""

    files: dict[str, bytes]
    form: str
    site: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.form}-{crc32(repr(self.files).encode()):08x}"

    def write(self, root: Path) -> Settings:
        for path, content in self.files.items():
            (root / "shop" / path).parent.mkdir(parents=True, exist_ok=True)
            (root / "shop" / path).write_bytes(content)
        return read_settings(root, make_site(**self.site))


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with Index(tmp_path_factory.mktemp("index")) as served:
        yield served.url


names = st.sampled_from(sorted(PACKAGES)).flatmap(
    lambda name: st.sampled_from(
        [name, name.lower(), name.upper(), name.replace("_", "-").replace(".", "_"), name.replace("_", ".")]
    )
)


@st.composite
def requirements(draw: st.DrawFn) -> str:
    name = draw(names)
    extra = draw(st.sampled_from(["", "", "[more]", "[ more ]"])) if name.lower().startswith("gamma") else ""
    return f"{name}{extra}{draw(st.sampled_from(SPECIFIERS))}{draw(st.sampled_from(MARKERS))}"


@st.composite
def lists(draw: st.DrawFn) -> Folder:
    """A list of requirements, which may name others, and constraints, by paths that count from where they stand."""
    encoding, end = draw(st.sampled_from(ENCODINGS))
    comment = draw(st.sampled_from(["", "  # wirklich nötig" if encoding != "latin-1" else "  # n\xf6tig"]))

    def spell(lines: list[str]) -> bytes:
        first = ["# -*- coding: latin-1 -*-"] if encoding == "latin-1" else []
        return "".join(f"{line}{end}" for line in [*first, *lines]).encode(encoding)

    def some(most: int) -> list[str]:
        found = draw(st.lists(requirements(), min_size=1, max_size=most, unique_by=lambda one: one.lower()))
        return [f"{one}{comment}" if draw(st.booleans()) else _break(one, draw(st.booleans())) for one in found]

    files, lines = {}, some(3)
    if nested := draw(st.sampled_from(["", "more.txt", "deps/more.txt", "./deps/more.txt"])):
        lines.insert(
            draw(st.integers(0, len(lines))),
            draw(st.sampled_from(["-r {}", "--requirement {}", "-r{}"])).format(nested),
        )
        inner = some(2)
        if draw(st.booleans()):
            inner.append("-r last.txt")
            files[str(Path(nested).parent / "last.txt")] = spell(some(1))
        files[nested.removeprefix("./")] = spell(inner)
    if draw(st.booleans()):
        lines.append("-c limits.txt")
        files["limits.txt"] = spell([f"{draw(names)}{draw(st.sampled_from(SPECIFIERS[1:]))}"])
    return Folder({**files, "requirements.txt": spell(lines), "web.py": MODULE.encode()}, "pip")


def _break(line: str, broken: bool) -> str:
    """The same requirement on two lines, where it has a place for that."""
    return line.replace(";", " \\\n;", 1) if broken else line


@st.composite
def projects(draw: st.DrawFn, tool: str = "uv") -> Folder:
    """A pyproject.toml with [project], a flat one or one with a folder src, which may be a package itself."""
    inside, end = draw(st.sampled_from(["", "src/", "lib/"])), draw(st.sampled_from(["\n", "\r\n"]))
    packaged = bool(inside) or draw(st.booleans())
    found = draw(st.lists(requirements(), min_size=1, max_size=4, unique_by=lambda one: one.lower()))
    text = '[project]\nname = "shop-web"\nversion = "1.2"\nrequires-python = ">=3.11"\n'
    text += f"dependencies = [{', '.join(map(_quote, found))}]\n"
    if draw(st.booleans()):
        text += f'[project.optional-dependencies]\nlater = ["{draw(names)}"]\n'
    if draw(st.booleans()):
        text += '[dependency-groups]\ndev = ["delta"]\n'
    if packaged:
        text += (
            BUILD + f'[tool.setuptools]\npackages = ["shop"]\npackage-dir = {{"" = "{inside.rstrip("/") or "."}"}}\n'
        )
    files = {"pyproject.toml": text.replace("\n", end).encode(), f"{inside}shop/__init__.py": MODULE.encode()}
    return Folder(files, tool, {"entry": "shop:app"})


def _quote(text: str) -> str:
    return f"'{text}'" if '"' in text else f'"{text}"'


@st.composite
def wishes(draw: st.DrawFn) -> Folder:
    """Poetry's own form, where versions are written in another way."""
    found = draw(
        st.dictionaries(
            st.sampled_from(["alpha", "Beta", "gamma-ray", "zeta.thing"]), st.sampled_from(WISHES), max_size=3
        )
    )
    text = '[tool.poetry]\nname = "shop"\nversion = "1"\npackage-mode = false\n'
    text += '[tool.poetry.dependencies]\npython = "^3.11"\n'
    text += "".join(f'"{name}" = "{wish}"\n' for name, wish in found.items())
    if draw(st.booleans()):
        text += '[tool.poetry.group.dev.dependencies]\ndelta = "*"\n'
    return Folder({"pyproject.toml": text.encode(), "web.py": MODULE.encode()}, "poetry")


def compare(index: str, folder: Folder, *, locked: bool) -> None:
    with TemporaryDirectory(prefix="portico-") as temporary:
        root = Path(temporary).resolve()
        settings = folder.write(root)
        source = root / "shop"
        if folder.form == "poetry":
            with (source / "pyproject.toml").open("a") as file:
                file.write(f'[[tool.poetry.source]]\nname = "own"\nurl = "{index}"\npriority = "primary"\n')
        if locked and not lock(folder.form, source, index):
            # Nothing fits, which is the project's own fault: there is no lock to be read.
            return
        if folder.form == "pip":
            theirs = ask_pip(source, index, "-r", "requirements.txt")
        else:
            theirs = ask_poetry(source) if folder.form == "poetry" else ask_uv(source, index)
        ours, mistakes = ask_portico(root, index, settings)
        shown = "\n".join(f"--- {path}\n{content.decode('latin-1')}" for path, content in folder.files.items())
        print(f"{folder}: {theirs} {mistakes}")
        assert ours == theirs, f"ours {ours} {mistakes}\ntheirs {theirs}\n{shown}"


def find(strategy: st.SearchStrategy[Folder], beginning: int) -> list[Folder]:
    """A few folders, always the same ones: each one costs two runs of pip. `make soak` tries others."""
    return collect(200, strategy, beginning=SEED) if SOAK else collect(20, strategy, beginning=beginning)


@pytest.mark.parametrize("folder", find(lists(), 1), ids=str)
def test_a_list_is_what_pip_installs(index: str, folder: Folder) -> None:
    compare(index, folder, locked=False)


@pytest.mark.parametrize("folder", find(projects(), 2), ids=str)
def test_a_project_is_what_uv_installs(index: str, folder: Folder) -> None:
    compare(index, folder, locked=False)


@pytest.mark.parametrize("folder", find(projects(), 3), ids=str)
def test_a_lock_of_uv_is_what_uv_installs(index: str, folder: Folder) -> None:
    compare(index, folder, locked=True)


@pytest.mark.soak
@pytest.mark.parametrize("folder", find(wishes(), 4), ids=str)
def test_a_lock_of_poetry_is_what_poetry_installs(index: str, folder: Folder) -> None:
    compare(index, folder, locked=True)
