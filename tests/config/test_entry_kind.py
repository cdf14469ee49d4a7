"""An entry that is no WSGI application is refused before anything is built, where its module says so."""

from pathlib import Path

import pytest

from portico.config.source.place import Place
from portico.config.source.wsgi_entry import find_entry
from tests.config.sample import write_files

ASGI = "which speaks ASGI, and Gunicorn's workers here speak WSGI; write the name of a Flask application, or of an"
FLASK = "from flask import Flask\napp = Flask(__name__)"
KINDS = [
    ("from fastapi import FastAPI\napp = FastAPI()", f"is a FastAPI application, {ASGI}"),
    ("import fastapi\napp: fastapi.FastAPI = fastapi.FastAPI(title='x')", f"is a FastAPI application, {ASGI}"),
    ("import fastapi as f\nif True:\n    app = f.FastAPI()", f"is a FastAPI application, {ASGI}"),
    ("from quart import Quart as Q\napp = Q(__name__)", f"is a Quart application, {ASGI}"),
    ("from starlette.applications import Starlette\napp = Starlette()", f"is a Starlette application, {ASGI}"),
    ("import aiohttp.web\napp = aiohttp.web.Application()", f"is an aiohttp application, {ASGI}"),
    ("from aiohttp import web\napp = web.Application()", f"is an aiohttp application, {ASGI}"),
    ("async def app(scope, receive, send): ...", "is an asynchronous function, and WSGI knows none; write"),
    ("import flask\napp = flask.Blueprint('a', __name__)", "is a blueprint, a part of an application; write"),
    ("from flask_socketio import SocketIO\napp = SocketIO()", "is an extension of Flask; write the name of a Flask"),
]
UNKNOWN = [
    FLASK,
    "from fastapi import FastAPI\napp = FastAPI()\napp = wrap(app)",
    "from fastapi import FastAPI\nfrom a2wsgi import ASGIMiddleware\napp = ASGIMiddleware(FastAPI())",
    "from fastapi import FastAPI\napp = FastAPI()\ndef change():\n    global app\n    app = 1\nchange()",
    "from fastapi import FastAPI\napp = FastAPI()\nfor app in (1,): pass",
    "from fastapi import FastAPI\napp = FastAPI()\ntry: pass\nexcept OSError as app: pass",
    "from fastapi import FastAPI\napp = FastAPI()\nfrom shop import *",
    "from .fastapi import FastAPI\napp = FastAPI()",
    "app = FastAPI()",
    "app: object\nfrom flask import Flask\napp = Flask(__name__)",
    "def make():\n    from fastapi import FastAPI\n    app = FastAPI()\n" + FLASK,
]


def find_problem(folder: Path, text: str) -> str | None:
    write_files(folder, {"web.py": text, "requirements.txt": "flask==3.1.3\n"})
    return find_entry(Place(source=folder, context=folder), "web:app").problem


@pytest.mark.parametrize(("text", "said"), KINDS)
def test_what_speaks_no_wsgi_is_refused_with_what_to_write(tmp_path: Path, text: str, said: str) -> None:
    problem = find_problem(tmp_path, text)
    assert problem and problem.startswith(f'"web:app" {said}'), problem


@pytest.mark.parametrize("text", UNKNOWN)
def test_what_may_be_an_application_is_let_through(tmp_path: Path, text: str) -> None:
    assert find_problem(tmp_path, text) is None
