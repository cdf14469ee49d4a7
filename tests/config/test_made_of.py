"""An entry that is no WSGI application is refused by what it is made of, and what may be one is not."""

from pathlib import Path

import pytest

from tests.config.sample import write_files
from tests.config.test_entry import FLASK, find_entry

ASGI = "which is ASGI, and Portico serves WSGI alone; write the entry of a Flask application, or name a2wsgi"
UNFIT = {
    "from fastapi import FastAPI\napp = FastAPI()": f"is made by FastAPI, {ASGI}",
    "import fastapi as f\napp: object = f.FastAPI(title='x')": f"is made by FastAPI, {ASGI}",
    "from quart import Quart as Q\napp = Q(__name__)": f"is made by Quart, {ASGI}",
    "from starlette.applications import Starlette\napp = Starlette()": f"is made by Starlette, {ASGI}",
    "import starlette.applications\napp = starlette.applications.Starlette()": f"is made by Starlette, {ASGI}",
    "from fastapi import FastAPI\nclass Own(FastAPI): ...\napp = Own()": f"is made by FastAPI, {ASGI}",
    "from flask import Flask\nfrom asgiref.wsgi import WsgiToAsgi\napp = Flask('x')\napp = WsgiToAsgi(app)": (
        "is made by WsgiToAsgi, which makes ASGI of a WSGI application"
    ),
    "import fastapi as f\nif True:\n    app = f.FastAPI()": f"is made by FastAPI, {ASGI}",
    "async def app(scope, receive, send): ...": "is an async function, which is ASGI or makes a coroutine",
    "from aiohttp import web\napp = web.Application()": "is made by Application, which has a server of its own",
    "from flask import Blueprint\napp = Blueprint('x', __name__)": "is made by Blueprint, which is a part of",
    "import flask\napp = flask.Blueprint('x', __name__)": "is made by Blueprint, which is a part of",
    "from fastapi import APIRouter\napp = APIRouter()": "is made by APIRouter, which is a part of an application",
    "from flask_socketio import SocketIO\napp = SocketIO()": "is made by SocketIO, which is no application; write",
    "from celery import Celery\napp = Celery('x')": "is made by Celery, which is no application; write the entry of",
}
FACTORIES = {
    "from fastapi import FastAPI\ndef create_app():\n    return FastAPI()": f"is made by FastAPI, {ASGI}",
    "def create_app():\n    from quart import Quart\n    app = Quart('x')\n    return app": f"is made by Quart, {ASGI}",
    "async def create_app(): ...": "is an async function",
    "import flask\ncreate_app = flask.Flask('x')": "calls the application itself; write web:create_app",
}
MAY_BE = [
    "from flask import Flask\napp = Flask(__name__)",
    "from fastapi import FastAPI\nfrom a2wsgi import ASGIMiddleware\napp = FastAPI()\napp = ASGIMiddleware(app)",
    "from fastapi import FastAPI\nfrom a2wsgi import ASGIMiddleware\napp = ASGIMiddleware(FastAPI())",
    "from fastapi import FastAPI\napp = FastAPI()\nif True:\n    app = print",
    "from fastapi import FastAPI\napp = FastAPI()\nfrom other import app",
    "FastAPI = print\napp = FastAPI()",
    "from .own import FastAPI\napp = FastAPI()",
    "from flask import Flask, Blueprint\nclass Own(Flask): ...\napp = Own('x')",
    "from fastapi import FastAPI\napp = FastAPI()\napp = wrap(app)",
    "from fastapi import FastAPI\napp = FastAPI()\ndef change():\n    global app\n    app = 1\nchange()",
    "from fastapi import FastAPI\napp = FastAPI()\nfor app in (1,): pass",
    "from fastapi import FastAPI\napp = FastAPI()\ntry: pass\nexcept OSError as app: pass",
    "from fastapi import FastAPI\napp = FastAPI()\nfrom shop import *",
    "app: object\nfrom flask import Flask\napp = Flask(__name__)",
    "def make():\n    from fastapi import FastAPI\n    app = FastAPI()\nfrom flask import Flask\napp = Flask('x')",
]


@pytest.mark.parametrize("code", UNFIT)
def test_what_is_no_application_for_wsgi_is_refused(tmp_path: Path, code: str) -> None:
    problem = find_entry(write_files(tmp_path, {**FLASK, "web.py": code}), "web:app").problem
    assert problem is not None and problem.startswith(f'"web:app" {UNFIT[code]}')


@pytest.mark.parametrize("code", FACTORIES)
def test_a_factory_is_judged_by_what_it_returns(tmp_path: Path, code: str) -> None:
    problem = find_entry(write_files(tmp_path, {**FLASK, "web.py": code}), "web:create_app()").problem
    assert problem is not None and problem.startswith(f'"web:create_app()" {FACTORIES[code]}')


@pytest.mark.parametrize("code", MAY_BE)
def test_what_may_be_one_is_taken(tmp_path: Path, code: str) -> None:
    assert find_entry(write_files(tmp_path, {**FLASK, "web.py": code}), "web:app").problem is None


def test_the_wrapper_is_written_out_with_the_entry_in_it(tmp_path: Path) -> None:
    write_files(tmp_path, {**FLASK, "shop/web.py": "from fastapi import FastAPI\napp = FastAPI()"})
    problem = find_entry(tmp_path, "shop.web:app").problem
    assert problem is not None and problem.endswith(
        "write a wsgi.py: from a2wsgi import ASGIMiddleware; app = ASGIMiddleware(shop.web.app)"
    )
