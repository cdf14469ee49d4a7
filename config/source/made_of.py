"""What a name of a module is made of, where that is no WSGI application: known by its class, without running it."""

import ast
from collections.abc import Iterator
from typing import Final

from portico.config.source.bindings import list_bindings

_SERVED: Final = "and Portico serves WSGI alone"
_ASGI: Final = f"is ASGI, {_SERVED}; write the entry of a Flask application, or "
# An ASGI application runs by these lines, without its start-up and shutdown, WebSockets and background tasks.
_WRAP: Final = (
    "name a2wsgi in the requirements and write a wsgi.py: from a2wsgi import ASGIMiddleware; app = ASGIMiddleware({0})"
)
_OWN_SERVER: Final = (
    f"has a server of its own and is no WSGI application, {_SERVED}; write the entry of a Flask application"
)
_BACK: Final = f"makes ASGI of a WSGI application, {_SERVED}; write the entry of what it is given"
_PART: Final = "is a part of an application; write the entry of the one that registers it"
_BESIDE: Final = "is no application; write the entry of the Flask object that it works for"
# By the name that a class or a function is imported by; the last word alone stands in what is reported.
_KINDS: Final = {
    **dict.fromkeys(
        (
            *("fastapi.FastAPI", "fastapi.applications.FastAPI", "quart.Quart", "quart.app.Quart"),
            *(
                "starlette.applications.Starlette",
                "starlette.routing.Router",
                "litestar.Litestar",
                "litestar.app.Litestar",
            ),
            *("blacksheep.Application", "falcon.asgi.App", "sanic.Sanic", "connexion.AsyncApp"),
            *("django.core.asgi.get_asgi_application", "channels.routing.ProtocolTypeRouter", "socketio.ASGIApp"),
        ),
        _ASGI + _WRAP,
    ),
    **dict.fromkeys(("aiohttp.web.Application", "tornado.web.Application"), _OWN_SERVER),
    **dict.fromkeys(
        (
            *("asgiref.wsgi.WsgiToAsgi", "a2wsgi.WSGIMiddleware", "a2wsgi.wsgi.WSGIMiddleware"),
            *("uvicorn.middleware.wsgi.WSGIMiddleware", "starlette.middleware.wsgi.WSGIMiddleware"),
            *("fastapi.middleware.wsgi.WSGIMiddleware", "hypercorn.middleware.AsyncioWSGIMiddleware"),
        ),
        _BACK,
    ),
    **dict.fromkeys(
        (
            *("flask.Blueprint", "flask.blueprints.Blueprint", "quart.Blueprint", "fastapi.APIRouter"),
            *("flask_restx.Namespace", "flask_smorest.Blueprint", "apiflask.APIBlueprint", "fastapi.routing.APIRouter"),
        ),
        _PART,
    ),
    **dict.fromkeys(
        (
            *("flask_sqlalchemy.SQLAlchemy", "flask_socketio.SocketIO", "flask_login.LoginManager", "celery.Celery"),
            *(
                "flask_migrate.Migrate",
                "flask_restx.Api",
                "flask_restful.Api",
                "flask_smorest.Api",
                "flask_script.Manager",
            ),
        ),
        _BESIDE,
    ),
}
_FLASK: Final = ("flask.Flask", "flask.app.Flask")
_COROUTINE: Final = "is an async function, which is ASGI or makes a coroutine, " + _SERVED


def tell_unfit(tree: ast.Module, entry: str, name: str, *, called: bool) -> str:
    """What is wrong with what `name` is bound to, or with what it returns where it is `called`; "" where nothing is.

    Only what is certain is reported: the last thing that is bound to the name, in one place, of a class that is known.
    """
    imported = dict(_list_imports(tree))
    bound = _find_bound(tree.body, name)
    if isinstance(bound, ast.AsyncFunctionDef):
        return f'"{entry}" {_COROUTINE}; write the entry of a Flask application'
    if called and isinstance(bound, ast.Call) and _name_whole(_spell(bound.func), imported) in _FLASK:
        return f'"{entry}" calls the application itself; write {entry.partition("(")[0]}'
    if called:
        value = _find_returned(bound) if isinstance(bound, ast.FunctionDef) and not bound.decorator_list else None
    else:
        value = bound if isinstance(bound, ast.Call) else None
    said, kind = _find_kind(value, imported, tree)
    module, _, rest = entry.partition(":")
    return f'"{entry}" is made by {kind}, which {said.format(f"{module}.{rest}")}' if said else ""


def _find_bound(body: list[ast.stmt], name: str) -> ast.AST | None:
    """What the last statement that binds `name` binds it to; None where that depends on anything."""
    found = [one.node for one in list_bindings(body) if one.name in (name, "*") and not _is_declaration(one.node)]
    if not found or (len(found) > 1 and found[-1] not in body) or _is_global(body, name):
        return None
    match found[-1]:
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            return found[-1]
        case ast.Assign(value=value) | ast.AnnAssign(value=value):
            return value
        case _:
            return None


def _is_declaration(node: ast.AST) -> bool:
    """Whether it names a type alone, as `app: Flask` does."""
    return isinstance(node, ast.AnnAssign) and node.value is None


def _is_global(body: list[ast.stmt], name: str) -> bool:
    """Whether a function may bind the name, too."""
    return any(isinstance(one, ast.Global) and name in one.names for part in body for one in ast.walk(part))


def _find_returned(function: ast.FunctionDef) -> ast.AST | None:
    """What a function returns: by its one `return`, or by the name that stands there."""
    found = [one.value for one in ast.walk(function) if isinstance(one, ast.Return)]
    if len(found) != 1 or any(isinstance(one, ast.Yield | ast.YieldFrom) for one in ast.walk(function)):
        return None
    return _find_bound(function.body, found[0].id) if isinstance(found[0], ast.Name) else found[0]


def _find_kind(value: ast.AST | None, imported: dict[str, str], tree: ast.Module) -> tuple[str, str]:
    """What is wrong with what a call makes, and the class that it calls; "" where it is not known."""
    if not isinstance(value, ast.Call):
        return "", ""
    spelled = _spell(value.func)
    own = _find_bound(tree.body, spelled) if "." not in spelled else None
    if isinstance(own, ast.ClassDef) and own.bases:
        # A class of the application's own is what it is derived from first.
        spelled = _spell(own.bases[0])
    whole = _name_whole(spelled, imported)
    return (_KINDS[whole], whole.rpartition(".")[2]) if whole in _KINDS else ("", "")


def _name_whole(spelled: str, imported: dict[str, str]) -> str:
    """`flask.Flask` of `f.Flask` after `import flask as f`; "" of what was not imported."""
    first, _, rest = spelled.partition(".")
    return ".".join(part for part in (imported[first], rest) if part) if first in imported else ""


def _list_imports(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """What each name that the module imports anywhere stands for, by its whole name."""
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names):
                for one in names:
                    yield (one.asname, one.name) if one.asname else (one.name.partition(".")[0],) * 2
            case ast.ImportFrom(module=str(module), names=names, level=0):
                yield from ((one.asname or one.name, f"{module}.{one.name}") for one in names)


def _spell(node: ast.expr) -> str:
    """`web.Application` of an expression, "" where it is another."""
    if isinstance(node, ast.Attribute):
        above = _spell(node.value)
        return f"{above}.{node.attr}" if above else ""
    return node.id if isinstance(node, ast.Name) else ""
