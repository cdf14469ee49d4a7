"""A WSGI entry is found where Python would find it, without running the application."""

from pathlib import Path, PurePosixPath

import pytest

from portico.config.source.place import Place
from portico.config.source.read import read_project
from portico.config.source.wsgi_entry import FoundEntry
from portico.config.source.wsgi_entry import find_entry as find
from tests.config.sample import write_files


def place(folder: Path) -> Place:
    return Place(source=folder, context=folder)


def find_entry(folder: Path, entry: str) -> FoundEntry:
    return find(place(folder), entry)


FLASK = {"requirements.txt": "flask==3.1.3\n"}

PLACES = [
    pytest.param({"web.py": "app = 1"}, "web:app", ".", ".", id="file"),
    pytest.param({"shop/__init__.py": "app = 1"}, "shop:app", ".", "shop", id="package"),
    pytest.param({"shop/web/wsgi.py": "app = 1"}, "shop.web.wsgi:app", ".", "shop/web", id="nested"),
    pytest.param({"shop/web/__init__.py": "app = 1"}, "shop.web:app", ".", "shop/web", id="nested package"),
    pytest.param({"src/web.py": "app = 1"}, "web:app", "src", "src", id="file in src"),
    pytest.param({"src/shop/web.py": "app = 1"}, "shop.web:app", "src", "src/shop", id="package in src"),
    pytest.param({"web.py": "app = 1", "src/web.py": "x = 1"}, "web:app", ".", ".", id="the source before src"),
    pytest.param({"web.py": "app = 1", "web/a.txt": ""}, "web:app", ".", ".", id="beside a folder of the same name"),
]

BOUND = {
    "assignment": "app = 1",
    "annotated assignment": "app: object = 1",
    "several targets": "app, db = 1, 2",
    "chained": "app = application = 1",
    "function": "def app(environ, start): ...",
    "class": "class app: ...",
    "import": "import app",
    "from-import": "from shop import app",
    "renamed import": "from shop import application as app",
    "if": "if DEBUG:\n    app = 1",
    "else": "if DEBUG:\n    x = 1\nelif x:\n    x = 2\nelse:\n    app = 1",
    "try": "try:\n    from shop import app\nexcept ImportError:\n    pass",
    "except": "try:\n    x = 1\nexcept ImportError:\n    app = 1",
    "finally": "try:\n    x = 1\nfinally:\n    app = 1",
    "with": "with open('x') as file:\n    app = 1",
    "for": "for name in names:\n    app = 1",
    "module __getattr__": "def __getattr__(name): ...",
    "star import": "from shop import *",
    "except*": "try:\n    app = 1\nexcept* ValueError:\n    pass",
    "with as": "with make() as app:\n    pass",
    "match": "match DEBUG:\n    case _:\n        app = 1",
    "for target": "for app in apps:\n    pass",
    "walrus": "if (app := make()):\n    pass",
}
UNBOUND = {
    "nothing": "",
    "local": "def make():\n    app = 1",
    "attribute of a class": "class Shop:\n    app = 1",
    "attribute of a module": "import shop\nshop.app = 1",
    "submodule": "import shop.app",
    "text": "'app = 1'",
    "comprehension": "apps = [app for app in range(3)]",
    "lambda": "make = lambda app: app",
    "parameter": "def make(app): ...",
}


@pytest.mark.parametrize(("files", "entry", "root", "folder"), PLACES)
def test_a_module_is_found_where_python_would(
    tmp_path: Path, files: dict[str, str], entry: str, root: str, folder: str
) -> None:
    found = find_entry(write_files(tmp_path, FLASK | files), entry)
    assert (found.problem, found.root, found.file and found.file.parent) == (None, root, PurePosixPath(folder))


def test_a_folder_of_data_does_not_hide_a_package_in_src(tmp_path: Path) -> None:
    write_files(tmp_path, FLASK | {"shop/prices.csv": "", "src/shop/__init__.py": "app = 1"})
    assert find_entry(tmp_path, "shop:app").problem is None


@pytest.mark.parametrize("text", BOUND.values(), ids=BOUND)
def test_a_name_that_importing_binds_is_found(tmp_path: Path, text: str) -> None:
    assert find_entry(write_files(tmp_path, FLASK | {"web.py": text}), "web:app").problem is None


@pytest.mark.parametrize("text", UNBOUND.values(), ids=UNBOUND)
def test_a_name_that_importing_does_not_bind_is_missed(tmp_path: Path, text: str) -> None:
    problem = find_entry(write_files(tmp_path, FLASK | {"web.py": text}), "web:app").problem
    assert problem is not None and "web.py defines no app" in problem


@pytest.mark.parametrize("text", ["raise SystemExit", "import nowhere\napp = nowhere.x", "1 / 0\napp = 1"])
def test_the_application_is_not_run(tmp_path: Path, text: str) -> None:
    find_entry(write_files(tmp_path, FLASK | {"web.py": text}), "web:app")


@pytest.mark.parametrize(
    ("entry", "asked"),
    [
        ("web:create_app", "web:create_app()"),
        ("web:make_app", "web:make_app()"),
        ("web:create_app()", None),
        ("web:app", None),
    ],
)
def test_a_factory_is_to_be_called(tmp_path: Path, entry: str, asked: str | None) -> None:
    write_files(tmp_path, FLASK | {"web.py": "def create_app(): ...\ndef make_app(): ...\ndef app(e, s): ..."})
    problem = find_entry(tmp_path, entry).problem
    assert problem == (asked and f'"{entry}" is a factory; write {asked} so that it is called')


PYPROJECT = '[project]\nname = "x"\ndependencies = ["httpbin[all]>=1; python_version > \'3\'", "Flask"]\n'
REQUIRED = [
    pytest.param({"requirements.txt": "httpbin==0.10.4\n"}, "httpbin:app", id="requirements.txt"),
    pytest.param({"requirements.txt": "a\n\n  Http_Bin.x [all]>=1\n"}, "http_bin_x.web:app", id="normalized"),
    pytest.param({"requirements.txt": "apache-superset\n"}, "superset.app:create_app()", id="a part of the name"),
    pytest.param({"pyproject.toml": "[project\n"}, "httpbin:app", id="unreadable: that is said elsewhere"),
    pytest.param({"pyproject.toml": "[tool.x]\n"}, "httpbin:app", id="nothing to install: that is said elsewhere"),
    pytest.param({"pyproject.toml": PYPROJECT}, "httpbin:app", id="pyproject.toml"),
    pytest.param({"Dockerfile": "FROM scratch\n"}, "anything:app", id="a Dockerfile of its own installs it"),
]


@pytest.mark.parametrize(("files", "entry"), REQUIRED)
def test_a_module_may_come_from_a_required_package(tmp_path: Path, files: dict[str, str], entry: str) -> None:
    found = find_entry(write_files(tmp_path, files), entry)
    assert (found.problem, found.root, found.file and found.file.parent) == (None, ".", None)


NOT_REQUIRED = [
    pytest.param({"requirements.txt": "# httpbin\n"}, id="comment"),
    pytest.param({"requirements.txt": "httpbin; sys_platform == 'win32'\n"}, id="for another system"),
    pytest.param({"requirements.txt": "httpbin2\n"}, id="another package"),
    pytest.param({"requirements.txt": "flask\n", "pyproject.toml": PYPROJECT}, id="requirements.txt comes first"),
]


@pytest.mark.parametrize("files", NOT_REQUIRED)
def test_a_module_that_nothing_brings_is_missed(tmp_path: Path, files: dict[str, str]) -> None:
    problem = find_entry(write_files(tmp_path, files), "httpbin:app").problem
    assert problem is not None and "the requirements do not name it; the folder holds no module" in problem


def test_with_a_dockerfile_of_its_own_a_module_of_the_source_is_still_checked(tmp_path: Path) -> None:
    write_files(tmp_path, {"Dockerfile": "FROM scratch\n", "web.py": "x = 1"})
    problem = find_entry(tmp_path, "web:app").problem
    assert problem is not None and "web.py defines no app; the names there are x" in problem


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"def app(:\n", "is not valid Python (line "),
        (b"app = 1\0", "is not valid Python (line "),
        (b"# coding: nonsense\napp = 1", "names an encoding that Python does not know; save it as UTF-8"),
        (b"app = '\xff'", "is not in the encoding that Python reads it by (line 1); save it as UTF-8"),
        (b"app = 1\n\nx = 'caf\xe9'", "is not in the encoding that Python reads it by (line 3); save it as UTF-8"),
        ("app = 1".encode("utf-16"), "is UTF-16, which Python does not read; save it as UTF-8"),
    ],
)
def test_a_module_that_python_cannot_read_is_named(tmp_path: Path, content: bytes, said: str) -> None:
    write_files(tmp_path, FLASK)
    (tmp_path / "web.py").write_bytes(content)
    problem = find_entry(tmp_path, "web:app").problem
    assert problem is not None and problem.startswith(f'"web:app" cannot be imported: web.py {said}')


@pytest.mark.parametrize("content", [b"# caf\xe9\napp = 1", b"# coding: latin-1\napp = 'caf\xe9'"])
def test_what_python_reads_in_another_encoding_is_taken(tmp_path: Path, content: bytes) -> None:
    write_files(tmp_path, FLASK)
    (tmp_path / "web.py").write_bytes(content)
    assert find_entry(tmp_path, "web:app").problem is None


def test_requirements_are_listed_by_their_normalized_names(tmp_path: Path) -> None:
    write_files(
        tmp_path, {"requirements.txt": "Flask_Login>=1\ngunicorn[gthread]==27 # x\n\nA.b-C ; os_name == 'posix'\n# d\n"}
    )
    assert read_project(place(tmp_path)).names == {"flask-login", "gunicorn", "a-b-c"}


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ("web:create_app()", "web:create_app()\" is called without mode; write it, as in web:create_app(mode='...')"),
        ("web:keyed()", "is called without mode"),
        ("web:create_app('prod')", None),
        ("web:free()", None),
        ("web:decorated()", None),
    ],
)
def test_a_factory_is_given_what_it_needs(tmp_path: Path, entry: str, said: str | None) -> None:
    text = "def create_app(mode, more=1): ...\ndef keyed(*, mode): ...\ndef free(mode=1): ...\n"
    text += "@click\ndef decorated(ctx): ..."
    problem = find_entry(write_files(tmp_path, FLASK | {"web.py": text}), entry).problem
    assert (said is None) == (problem is None) and (said or "") in (problem or "")


def test_a_module_may_have_a_dash(tmp_path: Path) -> None:
    found = find_entry(write_files(tmp_path, FLASK | {"my-app.py": "app = 1"}), "my-app:app")
    assert found.file == PurePosixPath("my-app.py")


def test_a_module_is_found_where_the_build_takes_it_from(tmp_path: Path) -> None:
    build = '[project]\nname = "shop"\nversion = "1"\n[tool.setuptools.packages.find]\nwhere = ["lib"]\n'
    found = find_entry(write_files(tmp_path, {"pyproject.toml": build, "lib/shop/web.py": "app = 1"}), "shop.web:app")
    assert (found.problem, found.root, found.file and found.file.parent) == (None, "lib", PurePosixPath("lib/shop"))


@pytest.mark.parametrize(
    ("files", "entry", "meant"),
    [
        ({"web.py": "app = 1"}, "web.py:app", "web:app"),
        ({"shop/web.py": "app = 1"}, "shop.web.py:app", "shop.web:app"),
        ({"backend/api.py": "app = 1"}, "api:app", "backend.api:app"),
        ({"backend/api/__init__.py": "app = 1"}, "api:create_app()", "backend.api:create_app()"),
        ({"a/b/shop/web.py": "app = 1"}, "shop.web:app", "a.b.shop.web:app"),
    ],
)
def test_an_entry_that_is_nearly_right_is_reported_as_it_is_meant(
    tmp_path: Path, files: dict[str, str], entry: str, meant: str
) -> None:
    write_files(tmp_path, {**FLASK, **files})
    problem = find_entry(tmp_path, entry).problem
    assert problem is not None and problem.endswith(f"; write {meant}")


def test_a_folder_that_no_import_can_name_is_no_hint(tmp_path: Path) -> None:
    write_files(tmp_path, {**FLASK, "back-end/api.py": "app = 1"})
    problem = find_entry(tmp_path, "api:app").problem
    assert problem is not None and "the folder holds no module" in problem
