"""What an entry's name stands for in its module, where that is certain and is no WSGI application."""

import ast
from typing import Final

from portico.config.source.bindings import list_bindings, walk

# Applications that speak ASGI, by the class or function that makes them, and what people call them.
_ASGI: Final = {
    "aiohttp.web.Application": "an aiohttp application",
    "asgiref.wsgi.WsgiToAsgi": "an application that asgiref made one for ASGI",
    "blacksheep.Application": "a BlackSheep application",
    "connexion.AsyncApp": "a Connexion AsyncApp",
    "django.core.asgi.get_asgi_application": "Django's ASGI application",
    "falcon.asgi.App": "a Falcon application for ASGI",
    "fastapi.FastAPI": "a FastAPI application",
    "fastapi.applications.FastAPI": "a FastAPI application",
    "litestar.Litestar": "a Litestar application",
    "quart.Quart": "a Quart application",
    "quart.app.Quart": "a Quart application",
    "sanic.Sanic": "a Sanic application",
    "socketio.ASGIApp": "a Socket.IO application for ASGI",
    "starlette.applications.Starlette": "a Starlette application",
}
# What belongs to an application, and is none.
_PARTS: Final = {
    "celery.Celery": "a Celery application, which a worker runs",
    "fastapi.APIRouter": "a router, a part of an application",
    "flask.Blueprint": "a blueprint, a part of an application",
    "flask.blueprints.Blueprint": "a blueprint, a part of an application",
    "flask_admin.Admin": "an extension of Flask",
    "flask_migrate.Migrate": "an extension of Flask",
    "flask_restful.Api": "an extension of Flask",
    "flask_restx.Api": "an extension of Flask",
    "flask_socketio.SocketIO": "an extension of Flask",
    "flask_sqlalchemy.SQLAlchemy": "an extension of Flask",
    "quart.Blueprint": "a blueprint, a part of an application",
}
_WRITE: Final = "write the name of a Flask application"


def tell_kind(body: list[ast.stmt], name: str) -> str | None:
    """Why what is bound to `name` can serve no request, and what to write instead; None where that is not certain.

    It is certain where the module binds the name once, to what a known class makes.
    """
    nodes = [one.node for one in list_bindings(body) if one.name in (name, "*") and not _is_declaration(one.node)]
    if len(nodes) != 1 or _is_global(body, name):
        return None
    match nodes[0]:
        case ast.AsyncFunctionDef():
            return f"is an asynchronous function, and WSGI knows none; {_WRITE}"
        case ast.Assign(value=ast.Call(func=made)) | ast.AnnAssign(value=ast.Call(func=made)):
            return _tell_call(_resolve(made, body))
        case _:
            return None


def _is_global(body: list[ast.stmt], name: str) -> bool:
    """Whether a function may bind the name, too."""
    return any(isinstance(one, ast.Global) and name in one.names for part in body for one in ast.walk(part))


def _is_declaration(node: ast.AST) -> bool:
    """Whether it names a type alone, as `app: Flask` does."""
    return isinstance(node, ast.AnnAssign) and node.value is None


def _tell_call(path: str) -> str | None:
    if said := _ASGI.get(path):
        return (
            f"is {said}, which speaks ASGI, and Gunicorn's workers here speak WSGI; {_WRITE}, or of an "
            "a2wsgi.ASGIMiddleware around this one"
        )
    return f"is {said}; {_WRITE}" if (said := _PARTS.get(path)) else None


def _resolve(function: ast.expr, body: list[ast.stmt]) -> str:
    """The dotted path of what is called, such as flask.Blueprint, by the module's imports; "" where it has none."""
    parts: list[str] = []
    while isinstance(function, ast.Attribute):
        parts.insert(0, function.attr)
        function = function.value
    if not isinstance(function, ast.Name):
        return ""
    places: dict[str, str] = {}
    for node in walk(body):
        if isinstance(node, ast.Import):
            for alias in node.names:
                # `import a.b` binds a.
                path = alias.name if alias.asname else alias.name.partition(".")[0]
                places[alias.asname or path] = path
        elif isinstance(node, ast.ImportFrom) and not node.level:
            for alias in node.names:
                places[alias.asname or alias.name] = f"{node.module}.{alias.name}"
    return ".".join([places[function.id], *parts]) if function.id in places else ""
