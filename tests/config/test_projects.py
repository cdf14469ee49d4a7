"""Every usual form of a project is understood, or refused with the file, the line and what to write instead."""

from pathlib import Path

import pytest

from tests.config.projects import BUILD, HASH, LISTED, LOCKED, POETRY, PROJECT, read, tell
from tests.config.sample import write_files

PACKAGE = '[project]\nname = "common"\nversion = "1"\ndependencies = ["idna"]\n' + BUILD


@pytest.mark.parametrize("name", LOCKED)
def test_a_lock_is_what_runs(tmp_path: Path, name: str) -> None:
    project = read(tmp_path / "shop", LOCKED[name])
    assert (tell(project), project.origin, project.locked, project.direct) == ([], name, True, ())
    assert project.lines == (f"blinker==1.9.0 --hash={HASH}", f"flask==3.0.0 --hash={HASH}")
    assert project.names >= {"flask", "blinker"} and not project.names & {"colorama", "pytest", "asgiref"}


@pytest.mark.parametrize("name", LOCKED)
def test_a_lock_comes_before_a_list(tmp_path: Path, name: str) -> None:
    files = LOCKED[name] | {"requirements.txt": "flask==1.0\n"}
    assert read(tmp_path / "shop", files).origin == name
    assert read(tmp_path / "shop", files, requirements="requirements.txt").lines == ("flask==1.0",)


@pytest.mark.parametrize("name", ["uv.lock", "poetry.lock", "pdm.lock", "pylock.toml"])
@pytest.mark.parametrize("change", [("flask>=3", "flask>=4"), ('["flask>=3"]', '["flask>=3", "redis"]')])
def test_a_lock_that_is_older_than_the_project_is_refused(tmp_path: Path, name: str, change: tuple[str, str]) -> None:
    files = dict(LOCKED[name])
    text = files["pyproject.toml"].replace(*change)
    if name == "poetry.lock":
        new = 'flask = "^4"' if change[1].endswith("4") else 'flask = "^3"\nredis = "*"'
        text = text.replace('flask = "^3"', new)
    (said,) = tell(read(tmp_path / "shop", files | {"pyproject.toml": text}))
    assert said.startswith(f"shop/{name}: it ") and "then this again" in said


@pytest.mark.parametrize("name", LISTED)
def test_what_is_listed_is_installed(tmp_path: Path, name: str) -> None:
    files, lines = LISTED[name]
    project = read(tmp_path / "shop", files)
    assert (tell(project), list(project.lines), project.locked) == ([], lines, False)


@pytest.mark.parametrize(
    ("files", "installs"),
    [
        ({"pyproject.toml": PROJECT}, False),
        ({"pyproject.toml": PROJECT + BUILD}, True),
        ({"pyproject.toml": PROJECT + "[tool.uv]\npackage = true\n"}, True),
        ({"pyproject.toml": PROJECT + BUILD + "[tool.uv]\npackage = false\n"}, False),
        ({"pyproject.toml": POETRY}, True),
        ({"pyproject.toml": POETRY.replace("[tool.poetry]\n", "[tool.poetry]\npackage-mode = false\n")}, False),
        ({"requirements.txt": "flask\n"}, False),
        ({"requirements.txt": "flask\n-e .\n", "pyproject.toml": PROJECT + BUILD}, True),
        *(({**files}, name != "Pipfile.lock") for name, files in LOCKED.items()),
    ],
)
def test_a_project_that_is_a_package_is_installed_itself(tmp_path: Path, files: dict[str, str], installs: bool) -> None:
    project = read(tmp_path / "shop", files)
    assert [str(one.path) for one in project.local] == (["."] if installs else [])
    assert all(one.known and one.editable for one in project.local)


# What each names wrongly, and what is said of it, at which line.
REFUSED = [
    pytest.param({"pyproject.toml": "[tool.ruff]\n"}, "it names nothing that is to be installed;", id="tools alone"),
    pytest.param(
        {"pyproject.toml": '[dependency-groups]\nweb = ["flask"]\n'},
        "([dependency-groups] are for those who work on it)",
        id="groups alone",
    ),
    pytest.param({"requirements.txt": "flask\n-r none.txt\n"}, "requirements.txt:2: it includes none.txt", id="-r"),
    pytest.param({"requirements.txt": "\nflask=3\n"}, "requirements.txt:2: 'flask=3' is not a requirement", id="="),
    pytest.param({"requirements.txt": "flask --nonsense\n"}, "requirements.txt:1: pip does not read", id="option"),
    pytest.param({"requirements.txt": "-r requirements.txt\n"}, "requirements.txt: it includes itself", id="circle"),
    pytest.param({"requirements.txt": "../common\n"}, "write context: ..", id="outside"),
    pytest.param({"requirements.txt": "-e ../../libs/common\n"}, "write context: ../..", id="far outside"),
    pytest.param({"requirements.txt": "./none\n"}, "requirements.txt:1: there is no none", id="no folder"),
    pytest.param({"requirements.txt": "lib/none\n"}, "there is no such folder in the source", id="no folder, plain"),
    pytest.param({"requirements.txt": "./lib\n", "lib/a": ""}, "holds neither pyproject.toml nor", id="no package"),
    pytest.param(
        {"requirements.txt": "--index-url https://me:${TOKEN}@i.example/simple\nflask\n"},
        "requirements.txt:1: it names ${TOKEN}, which the build does not have; write buildSecrets: [TOKEN]",
        id="variable",
    ),
    pytest.param(
        {"requirements.txt": f"idna==3 --hash={HASH}\n.\n", "pyproject.toml": PROJECT}, "no folder", id="hash"
    ),
    pytest.param({"pyproject.toml": '[project]\nname = "a"\ndependencies = [\n"a"\n"b"]\n'}, ".toml:5:", id="comma"),
    pytest.param({"pyproject.toml": "project = 1\n"}, "project is not a table", id="no table"),
    pytest.param({"pyproject.toml": "[project]\ndependencies = 1\n"}, "is not a list of texts", id="no list"),
    pytest.param({"pyproject.toml": '[project]\ndependencies = ["a b"]\n'}, "'a b' is not a requirement", id="words"),
    pytest.param(
        {"pyproject.toml": PROJECT + '[tool.uv.sources]\nflask = {path = "../flask"}\n'}, "context: ..", id="uv, path"
    ),
    pytest.param(
        {"pyproject.toml": PROJECT + '[tool.uv.sources]\nflask = {index = "own"}\n'}, "run uv lock", id="uv, index"
    ),
    pytest.param({"pyproject.toml": POETRY.replace('"^3"', '"^x"')}, "Poetry does not read flask", id="Poetry"),
    pytest.param({"pyproject.toml": POETRY.replace('"^3"', '"^2 || ^3.1"')}, "pip cannot be given", id="two ranges"),
    pytest.param({"Pipfile": "[packages]\n"}, "run pipenv lock", id="Pipfile alone"),
    pytest.param({"uv.lock": LOCKED["uv.lock"]["uv.lock"]}, "there is no pyproject.toml beside it", id="lock alone"),
    pytest.param({**LOCKED["uv.lock"], "poetry.lock": ""}, "both say what is installed", id="two locks"),
    pytest.param({"pyproject.toml": PROJECT, "uv.lock": "version = 9\n"}, "its version is 9", id="uv.lock of tomorrow"),
    pytest.param({"requirements.txt": "flask\n", ".python-version": "myenv\n"}, ".python-version:1:", id="pyenv"),
    pytest.param(
        {
            "pyproject.toml": PROJECT.replace('version = "1.2"', 'dynamic = ["version"]')
            + BUILD.replace("tools>=68", "tools-scm")
        },
        "its version comes from Git",
        id="version of Git",
    ),
    pytest.param(
        {"pyproject.toml": PROJECT.replace('dependencies = ["flask>=3"]', 'dynamic = ["dependencies"]'), "uv.lock": ""},
        "dynamic",
        id="dynamic with a lock",
    ),
]


@pytest.mark.parametrize(("files", "said"), REFUSED)
def test_what_cannot_be_used_is_refused_with_its_place(tmp_path: Path, files: dict[str, str], said: str) -> None:
    write_files(tmp_path, {"common/setup.py": "", "flask/setup.py": ""})
    project = read(tmp_path / "shop", files)
    assert any(said in one for one in tell(project)), tell(project)
    assert all(one.startswith("shop") and one.isprintable() for one in tell(project))


def test_all_of_it_is_said_at_once(tmp_path: Path) -> None:
    files = {"requirements.txt": "flask=3\n-r none.txt\n-r more.txt\n", "more.txt": "a b\n", ".python-version": "x"}
    assert [one.partition(": ")[0] for one in tell(read(tmp_path / "shop", files))] == [
        *("shop/requirements.txt:1", "shop/requirements.txt:2", "shop/more.txt:1", "shop/.python-version:1")
    ]


@pytest.mark.parametrize("line", ["libs/common", "./libs/common", "-e libs/common", "common @ file:./libs/common"])
def test_a_folder_of_the_source_is_installed_with_what_it_requires(tmp_path: Path, line: str) -> None:
    project = read(tmp_path / "shop", {"requirements.txt": f"flask\n{line}\n", "libs/common/pyproject.toml": PACKAGE})
    assert (tell(project), project.lines) == ([], ("flask", "idna"))
    (local,) = project.local
    assert (str(local.path), local.editable, local.known) == ("libs/common", line.startswith("-e"), True)
    assert "setuptools>=68" in local.build


@pytest.mark.parametrize("context", ["services", "."])
def test_what_lies_beside_the_source_is_installed_from_the_context(tmp_path: Path, context: str) -> None:
    write_files(tmp_path, {"services/libs/common/pyproject.toml": PACKAGE})
    folder = tmp_path / "services" / "web"
    project = read(folder, {"requirements.txt": "-e ../libs/common\n"}, context=tmp_path / context)
    assert (tell(project), project.lines) == ([], ("idna",))
    assert tmp_path / context / project.local[0].path == tmp_path / "services/libs/common"


@pytest.mark.parametrize(
    "source",
    [
        'common = {path = "libs/common"}',
        'common = {path = "libs/common", editable = true}',
        "common = {workspace = true}",
    ],
)
def test_sources_of_uv_are_where_a_package_comes_from(tmp_path: Path, source: str) -> None:
    text = (
        PROJECT.replace('"flask>=3"', '"flask>=3", "common"')
        + f'[tool.uv.workspace]\nmembers = ["libs/*"]\n[tool.uv.sources]\n{source}\n'
    )
    project = read(tmp_path / "shop", {"pyproject.toml": text, "libs/common/pyproject.toml": PACKAGE})
    assert (tell(project), project.lines) == ([], ("flask>=3", "idna"))
    assert [str(one.path) for one in project.local] == ["libs/common"]


def test_a_workspace_has_one_lock(tmp_path: Path) -> None:
    lock = LOCKED["uv.lock"]["uv.lock"].replace('editable = "."', 'editable = "services/shop"')
    write_files(tmp_path, {"uv.lock": lock})
    (tmp_path / "services").mkdir()
    project = read(tmp_path / "services/shop", {"pyproject.toml": PROJECT + BUILD}, context=tmp_path)
    assert (tell(project), project.locked, str(project.local[0].path)) == ([], True, "services/shop")


def test_commits_and_addresses_of_a_lock_stay(tmp_path: Path) -> None:
    lock = LOCKED["uv.lock"]["uv.lock"].replace(
        'name = "blinker"\nversion = "1.9.0"\nsource = { registry = "https://pypi.org/simple" }',
        'name = "blinker"\nversion = "1.9.0"\nsource = { git = "https://host.example/b.git?rev=1.9#0123abc" }',
    )
    project = read(tmp_path / "shop", LOCKED["uv.lock"] | {"uv.lock": lock})
    assert project.direct == ("blinker @ git+https://host.example/b.git@0123abc",) and project.git


def test_an_index_of_a_lock_is_asked_with_the_secrets_of_the_build(tmp_path: Path) -> None:
    lock = LOCKED["uv.lock"]["uv.lock"].replace(
        'name = "flask"\nversion = "3.0.0"\nsource = { registry = "https://pypi.org/simple" }',
        'name = "flask"\nversion = "3.0.0"\nsource = { registry = "https://i.example/simple" }',
    )
    index = '[[tool.uv.index]]\nname = "own-index"\nurl = "https://i.example/simple"\n'
    files = {"pyproject.toml": PROJECT + BUILD + index, "uv.lock": lock}
    assert read(tmp_path / "shop", files).lines[0] == "--extra-index-url https://i.example/simple"
    names = ("UV_INDEX_OWN_INDEX_USERNAME", "UV_INDEX_OWN_INDEX_PASSWORD")
    assert read(tmp_path / "shop", files, variables=names).lines[0] == (
        "--extra-index-url https://${UV_INDEX_OWN_INDEX_USERNAME}:${UV_INDEX_OWN_INDEX_PASSWORD}@i.example/simple"
    )


@pytest.mark.parametrize("name", ["requirements.txt", "Pipfile.lock"])
def test_extras_of_a_list_are_refused(tmp_path: Path, name: str) -> None:
    """Nothing would be installed for them."""
    files = {"requirements.txt": "flask\n"} if name == "requirements.txt" else LOCKED[name]
    (said,) = tell(read(tmp_path / "shop", files, extras=("prod",)))
    assert said.startswith(f"shop/{name}: it is a list of packages, and extras (prod) are those of a project")
    (said,) = tell(read(tmp_path / "other", {**files, "pyproject.toml": PROJECT}, extras=("prod",)))
    assert said.endswith("leave extras out, or write requirements: pyproject.toml")


@pytest.mark.parametrize("name", ["pyproject.toml", "requirements.txt"])
def test_extras_of_the_project_are_installed(tmp_path: Path, name: str) -> None:
    more = PROJECT + '[project.optional-dependencies]\nprod = ["psycopg"]\n'
    files = {"pyproject.toml": more + BUILD} | ({name: "-e .[prod]\n"} if name == "requirements.txt" else {})
    project = read(tmp_path / "shop", files, **({} if name == "requirements.txt" else {"extras": ("prod",)}))
    assert (tell(project), project.lines) == ([], ("flask>=3", "psycopg"))
