"""Static files are those of the Flask object, wherever it is made."""

from pathlib import PurePosixPath

import pytest

from portico.config.source.files import File
from portico.config.source.static_folder import find_static_folder
from portico.config.source.wsgi_entry import FoundEntry

FLASK = "from flask import Flask\n"
APP = FLASK + "app = Flask(__name__)\n"
BOTH = {"static/site.scss": "", "shop/static/site.css": ""}


def find(files: dict[str, str], entry: str = "wsgi.py", root: str = ".") -> str | None:
    found = FoundEntry(root=root, file=PurePosixPath(entry))
    return find_static_folder(found, {path: File(text.encode()) for path, text in files.items()})


@pytest.mark.parametrize(
    ("modules", "folder"),
    [
        pytest.param({"wsgi.py": APP}, "static", id="in the entry's module"),
        pytest.param({"wsgi.py": "import shop", "shop/__init__.py": APP}, "shop/static", id="in a package"),
        pytest.param({"wsgi.py": "from shop import app", "shop/__init__.py": APP}, "shop/static", id="from a package"),
        pytest.param({"wsgi.py": "from shop import web", "shop/web.py": APP}, "shop/static", id="in a submodule"),
        pytest.param(
            {"wsgi.py": "import shop", "shop/__init__.py": "from .core import make", "shop/core.py": APP},
            "shop/static",
            id="by a relative import",
        ),
        pytest.param(
            {"wsgi.py": FLASK + "def make():\n    return Flask('shop', static_folder='shop/static')"},
            "shop/static",
            id="said",
        ),
        pytest.param({"wsgi.py": APP.replace(")", ", '/s', 'shop/static')")}, "shop/static", id="said by place"),
        pytest.param({"shop/web.py": APP.replace(")", ", static_folder='../static')")}, "static", id="above"),
        pytest.param({"wsgi.py": APP.replace(")", ", static_folder=None)")}, None, id="none"),
        pytest.param({"wsgi.py": APP.replace(")", ", static_folder=HERE)")}, None, id="known only when it runs"),
        pytest.param({"wsgi.py": APP.replace(")", ", static_folder='/srv/x')")}, None, id="outside"),
        pytest.param({"wsgi.py": APP.replace(")", ", static_folder='.')")}, None, id="the source itself"),
        pytest.param({"wsgi.py": APP + "two = Flask(__name__, static_folder='shop/static')"}, None, id="two of them"),
        pytest.param({"wsgi.py": "app = Shop(__name__)"}, "static", id="of another class"),
        pytest.param({"wsgi.py": "log = getLogger(__name__)\nimport shop", "shop.py": APP}, "static", id="no logger"),
        pytest.param({"wsgi.py": "app = 1"}, "static", id="not found"),
        pytest.param({"wsgi.py": "import shop\nthis is no Python", "shop/__init__.py": APP}, "static", id="broken"),
        pytest.param({"wsgi.py": "import a", "a.py": "import b", "b.py": "import a"}, "static", id="in a circle"),
    ],
)
def test_the_folder_is_that_of_the_flask_object(modules: dict[str, str], folder: str | None) -> None:
    entry = next(iter(modules))
    assert find({**BOTH, **modules}, entry) == folder


def test_imports_count_from_the_entrys_root() -> None:
    files = {"src/wsgi.py": "from shop import app", "src/shop/__init__.py": APP, "src/shop/static/a.css": ""}
    assert find(files, "src/wsgi.py", "src") == "src/shop/static"


def test_a_folder_that_holds_nothing_is_not_served() -> None:
    assert find({"wsgi.py": APP}) is None


def test_an_entry_of_an_installed_package_has_no_folder_in_the_source() -> None:
    assert find_static_folder(FoundEntry(), {"static/a.css": File(b"")}) is None
