"""The applications: what a user would write to deploy each, and what is asked of it.

No line of the applications themselves is here. Where one names no WSGI application of its own, its folder has the few
lines that its documentation tells, in `wsgi.py`.
"""

from collections.abc import Mapping
from typing import Final, Literal

from tests.apps.app import App


def _install_httpbin(name: str, files: Mapping[str, str], *, locks: Literal["", "uv", "poetry"] = "") -> App:
    """The same application, installed by another form of project."""
    return App(
        name=name,
        files=files,
        locks=locks,
        entry="httpbin:app",
        settings={"health": "/status/200"},
        paths=("/", "/get?a=1", "/status/418", "/static/favicon.ico", "/flasgger_static/swagger-ui.css", "/none"),
    )


_POETRY: Final = (
    '[tool.poetry]\nname = "shop"\nversion = "1.0.0"\npackage-mode = false\n\n'
    '[tool.poetry.dependencies]\npython = "^3.11"\nhttpbin = "^0.10.2"\n\n'
    '[build-system]\nrequires = ["poetry-core"]\nbuild-backend = "poetry.core.masonry.api"\n'
)


def _chat(name: str, requirements: str, *, gunicorn: Mapping[str, object], short: bool = False) -> App:
    """A server of Socket.IO, which chooses its way of waiting by what is installed."""
    return App(
        name=name,
        short=short,
        files={
            "requirements.txt": requirements,
            "chat.py": "from flask import Flask\nfrom flask_socketio import SocketIO\n\napp = Flask(__name__)\n"
            'app.config["SECRET_KEY"] = "0123456789abcdef"\n'
            "socketio = SocketIO(app)\n\n\n"
            '@app.get("/")\ndef home():\n    return "chat"\n\n\n'
            '@socketio.on("message")\ndef answer(text):\n    return f"heard {text}"\n',
        },
        entry="chat:app",
        settings={
            "balance": "ip_hash",
            "gunicorn": gunicorn,
            "routes": [{"path": "/socket.io/", "websocket": True}],
        },
        paths=("/", "/socket.io/", "/socket.io/?EIO=3&transport=polling", "/static/none.js", "/none"),
        websocket="/socket.io/?EIO=4&transport=websocket",
    )


_DATABASE: Final = [{"name": "database", "path": "/var/lib/app"}]

APPS: Final = (
    App(
        name="httpbin",
        short=True,
        files={"requirements.txt": "httpbin==0.10.4\n"},
        entry="httpbin:app",
        settings={"health": "/status/200"},
        paths=(
            *("/", "/get?a=1&b=%20x%2Fy", "/html", "/json", "/xml", "/robots.txt", "/encoding/utf8", "/image/png"),
            *("/status/404", "/status/418", "/status/503", "/redirect-to?url=/get", "/absolute-redirect/1"),
            *("/relative-redirect/1", "/cookies/set?name=value", "/response-headers?X-Mine=1", "/bytes/2000?seed=7"),
            *(
                "/stream/3",
                "/drip?duration=1&numbytes=4",
                "/range/300",
                "/cache",
                "/etag/abc",
                "/links/3/1",
                "/headers",
            ),
            *("/anything/a%2Fb/c", "/anything/%E2%82%AC", "/anything//double", "/static/favicon.ico", "/no-such-page"),
            *("/base64/aGVsbG8=", "/flasgger_static/swagger-ui.css", "/spec.json", "/forms/post", "/basic-auth/a/b"),
        ),
        uploads="/post",
        posts={"/post": {"name": "shop", "text": "ä & b"}, "/anything/form": {"a": "1"}, "/status/405": {}},
    ),
    App(
        name="otterwiki",
        files={"requirements.txt": "otterwiki==2.26.1\n"},
        entry="otterwiki.server:app",
        settings={
            "data": [{"name": "pages", "path": "/app-data"}],
            "packages": ["git"],
            "release": {"command": "git init --quiet /app-data/repository"},
            "health": "/-/about",
            "environment": {
                "REPOSITORY": "/app-data/repository",
                "SQLALCHEMY_DATABASE_URI": "sqlite:////app-data/db.sqlite",
                "SECRET_KEY": "0123456789abcdef0123456789abcdef",
            },
        },
        paths=(
            "/",
            "/-/about",
            "/-/login",
            "/-/help",
            "/-/create",
            "/static/css/otterwiki.css",
            "/robots.txt",
            "/None",
        ),
        posts={"/-/login": {"email": "a@example.org", "password": "wrong"}},
    ),
    App(
        name="fava",
        files={
            "requirements.txt": "fava==1.30.16\n",
            "ledger.beancount": 'option "title" "Shop"\n2026-01-01 open Assets:Cash\n2026-01-01 open Equity:Start\n'
            '2026-01-02 * "Begin"\n  Assets:Cash  10 EUR\n  Equity:Start\n',
            "wsgi.py": 'from fava.application import create_app\n\napp = create_app(["/app/ledger.beancount"])\n',
        },
        entry="wsgi:app",
        settings={"health": "/shop/income_statement/"},
        paths=(
            *("/", "/shop/income_statement/", "/shop/journal/", "/shop/api/errors", "/shop/help/", "/shop/holdings/"),
            *("/static/app.js", "/static/app.css", "/shop/nothing/", "/shop/api/changed", "/static/none.js"),
        ),
    ),
    App(
        name="ihatemoney",
        files={
            "requirements.txt": "ihatemoney==7.2.1\n",
            "money.cfg": 'SQLALCHEMY_DATABASE_URI = "sqlite:////var/lib/app/money.db"\n'
            'SECRET_KEY = "0123456789abcdef"\nACTIVATE_DEMO_PROJECT = True\n',
        },
        entry="ihatemoney.wsgi:application",
        settings={
            "data": _DATABASE,
            "health": "/",
            "environment": {"IHATEMONEY_SETTINGS_FILE_PATH": "/app/money.cfg"},
            "replicas": 1,
        },
        paths=(
            *("/", "/demo", "/create", "/password-reminder", "/static/css/main.css", "/static/js/ihatemoney.js"),
            *("/api/projects", "/no/such", "/robots.txt", "/statistics", "/mobile"),
        ),
        posts={"/authenticate": {"id": "nobody", "password": "wrong"}},
    ),
    App(
        name="supysonic",
        files={
            "requirements.txt": "supysonic==0.7.9\n",
            "supysonic.conf": "[base]\ndatabase_uri = sqlite:////var/lib/app/music.db\n"
            "[webapp]\ncache_dir = /tmp/cache\n",
            "wsgi.py": "from supysonic.web import create_application\n\napp = create_application()\n",
        },
        entry="wsgi:app",
        settings={"data": _DATABASE, "health": "/user/login"},
        paths=(
            *("/", "/user/login", "/rest/ping.view?f=json&v=1.8.0&c=test&u=a&p=b", "/rest/ping", "/folder"),
            *("/static/css/style.css", "/static/css/bootstrap.min.css", "/none"),
        ),
        posts={"/user/login": {"user": "a", "password": "b"}},
    ),
    App(
        name="sqlite-web",
        files={
            "requirements.txt": "sqlite-web==0.8.2\ngunicorn==22.0.0\n",
            "wsgi.py": "from sqlite_web.sqlite_web import app, initialize_app\n\n"
            'initialize_app(["/var/lib/app/shop.db"])\n',
        },
        entry="wsgi:app",
        settings={"data": _DATABASE, "health": "/"},
        paths=("/", "/create-table/", "/query/", "/static/css/bootstrap.min.css", "/static/js/jquery.js", "/nothing/"),
        posts={"/create-table/": {"table_name": ""}},
    ),
    App(
        name="appbuilder",
        short=True,
        files={
            "requirements.txt": "flask-appbuilder==5.3.0\n",
            "shop/__init__.py": "from flask import Flask\nfrom flask_appbuilder import AppBuilder\n"
            "from flask_appbuilder.utils.legacy import get_sqla_class\n\n"
            "app = Flask(__name__)\n"
            'app.config.from_mapping(SECRET_KEY="0123456789abcdef", '
            'SQLALCHEMY_DATABASE_URI="sqlite:////var/lib/app/app.db")\n'
            "db = get_sqla_class()()\n"
            "with app.app_context():\n    db.init_app(app)\n    appbuilder = AppBuilder(app, db.session)\n",
        },
        entry="shop:app",
        settings={"data": _DATABASE, "health": "/login/"},
        paths=(
            *("/", "/login/", "/users/list/", "/static/appbuilder/css/bootstrap.min.css", "/lang/de"),
            *("/static/appbuilder/js/jquery-latest.js", "/api/v1/security/login", "/swagger/v1", "/none"),
        ),
        posts={"/login/": {"username": "a", "password": "b"}},
    ),
    _chat(
        "socketio",
        "flask-socketio==5.7.0\nsimple-websocket\n",
        short=True,
        gunicorn={"workers": 1, "threads": 100, "timeout": "10s"},
    ),
    # Its requirements name no gevent: the image gets it.
    _chat(
        "socketio-gevent",
        "flask-socketio==5.7.0\nsimple-websocket\n",
        gunicorn={"workers": 1, "workerClass": "gevent", "timeout": "10s"},
    ),
    App(
        name="dash",
        files={
            "requirements.txt": "dash==4.4.1\n",
            "web.py": "from dash import Dash, dcc, html\n\ndash = Dash(__name__)\n"
            'dash.layout = html.Div([html.H1("Shop"), dcc.Graph(id="graph")])\napp = dash.server\n',
        },
        entry="web:app",
        paths=("/", "/_dash-layout", "/_dash-dependencies", "/_favicon.ico?v=4.4.1", "/assets/none.css", "/any/page"),
        posts={"/_dash-update-component": {}},
    ),
    _install_httpbin("poetry", files={"pyproject.toml": _POETRY}),
    _install_httpbin("poetry-lock", locks="poetry", files={"pyproject.toml": _POETRY}),
    _install_httpbin(
        "uv",
        locks="uv",
        files={
            "pyproject.toml": '[project]\nname = "shop"\nversion = "1.0.0"\nrequires-python = ">=3.11"\n'
            'dependencies = ["httpbin>=0.10.2"]\n',
        },
    ),
    _install_httpbin(
        "dockerfile",
        files={
            "Dockerfile": "FROM python:3.13-slim\nWORKDIR /srv\n"
            "RUN --mount=type=secret,id=pip,target=/etc/pip.conf --mount=type=secret,id=ca,target=/run/secrets/ca.pem "
            "pip install --no-cache-dir httpbin==0.10.4 gunicorn==23.0.0\nCOPY . .\n",
        },
    ),
    App(
        name="admin",
        files={
            "requirements.txt": "flask-admin==2.2.1\ngunicorn==21.2.0\n",
            "web.py": "from flask import Flask\nfrom flask_admin import Admin\n\napp = Flask(__name__)\n"
            'app.config["SECRET_KEY"] = "0123456789abcdef"\nadmin = Admin(app, name="Shop")\n',
        },
        entry="web:app",
        settings={"health": "/admin/"},
        paths=("/", "/admin/", "/admin", "/admin/static/admin/js/helpers.js", "/admin/static/none.js", "/static/none"),
    ),
)
