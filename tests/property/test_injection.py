"""No text carries configuration: it is refused, with the path of its setting, or it is only a text where it stands."""

import ast
import re
from collections.abc import Iterator, Mapping
from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import strategies as st

from portico.config.settings import Ecs, Mistakes, Settings
from portico.config.settings.aws import Egress
from portico.config.settings.ecs import HostedZone
from portico.config.settings.section import Section
from portico.config.settings.service import OF_AWS, Service
from tests.config.nginx_file import Directive
from tests.property.applications import BUNDLE, CERTIFICATE, KEY
from tests.property.profile import SOAK, holds_for
from tests.property.rendered import Rendered, parse_file, render
from tests.property.test_strategies import SECTIONS

Spot = tuple[str | int, ...]
KEY_ITSELF = "(the key)"

# Every setting that is a text, written once; a key of a mapping is a text too.
FULL: dict[str, Any] = {
    "target": "local",
    "docker": "unix:///var/run/docker.sock",
    "address": "127.0.0.1",
    "preset": "default",
    "upstream": "socket",
    "nginxImage": "nginx:1.30.6",
    "pythonImage": "python:3.13-slim",
    "caBundle": BUNDLE,
    "tls": {
        "profile": "modern",
        "acme": {
            "email": "ops@shop.example",
            "directory": "https://authority.example/directory",
            "eab": "key-1",
            "caBundle": BUNDLE,
            "dns": {
                "provider": "route53",
                "accessKey": "AKIAIOSFODNN7EXAMPLE",
                "names": "all",
                "endpoint": "https://route53-fips.amazonaws.com",
            },
        },
    },
    "client": {"proxies": ["10.0.0.0/8"], "header": "X-Forwarded-For"},
    "nginx": {
        "version": "1.30.6",
        "keepalive": "65s",
        "clientTimeout": "15s",
        "defaultType": "text/html",
        "logFormat": "json",
        "logLevel": "warn",
        "gzip": {"types": "text"},
        "memory": "256M",
        "uploads": "96M",
        "requestHeader": "8K",
        "answerHeaders": "16K",
    },
    "services": [{"name": "db", "kind": "postgres", "version": "18", "image": "postgres:18.6", "memory": "512M"}],
    "sites": [
        {
            "name": "shop",
            "source": "plain",
            "uses": ["db"],
            "context": "..",
            "requirements": "pyproject.toml",
            "extras": ["more"],
            "pythonImage": "python:3.13-slim",
            "packages": ["libpq5"],
            "buildPackages": ["gcc"],
            "buildSecrets": ["TOKEN"],
            "entry": "web:app",
            "hosts": ["shop.example"],
            "path": "/shop",
            "health": "/healthz",
            "body": "5M",
            "static": "static",
            "staticUrl": "/files/",
            "environment": {"LOG_LEVEL": "info"},
            "publish": ["*.py"],
            "secretsAs": "environment",
            "release": {
                "command": "flask db upgrade",
                "timeout": "10m",
                "memory": "512M",
                "rehearsePaths": ["/cart"],
            },
            "workers": [{"name": "queue", "command": "flask work", "stop": "30s", "memory": "512M"}],
            "schedule": [
                {
                    "name": "nightly",
                    "cron": "30 3 * * *",
                    "timeZone": "UTC",
                    "command": "flask tidy",
                    "overlap": "forbid",
                    "timeout": "1h",
                    "memory": "512M",
                }
            ],
            "data": [{"name": "media", "path": "/srv/media", "url": "/media/"}],
            "aliases": ["www.shop.example"],
            "balance": "least_conn",
            "staticFrom": "application",
            "headers": {
                "contentSecurityPolicy": "default-src 'self'",
                "referrerPolicy": "origin",
                "permissionsPolicy": "camera=()",
                "frameOptions": "DENY",
            },
            "limits": {"rate": {"rate": "10r/s"}},
            "routes": [
                {"path": "/api/", "body": "1M", "timeout": "10s", "cache": "5s", "rate": {"rate": "5r/m"}},
                {"path": "/ws", "websocket": True},
            ],
            "certificate": {"certificate": CERTIFICATE, "key": KEY},
            "users": {"eve": "$2y$05$abcdefghijklmnopqrstuv"},
            "gunicorn": {
                "version": "27.0.1",
                "workerClass": "gthread",
                "timeout": "30s",
                "hungAfter": "15s",
                "memory": "512M",
            },
        }
    ],
}

HOSTILE = (
    "a; return 200 x",
    "a;}",
    "}\nserver { listen 9; }\n#",
    "a\nb",
    "a\r\nSet-Cookie: x=y",
    "$host",
    "${host}",
    "a$",
    "a b",
    "'",
    '"',
    '" always; add_header X-Evil "1',
    # Some texts may hold one kind of quotes, and stand in the other.
    "\"'; return 200 x; '\"",
    "a\\",
    "\\n",
    "a#b",
    "a{b",
    "# a",
    "`id`",
    "$(id)",
    "{{ settings }}",
    "{% raw %}",
    "*/",
    '"""\nimport os\n"""',
    "'; import os; '",
    "a\0b",
    "a\tb",
    "a\x0bb",
    "a\x85b",
    "a\u2028b",
    "\uff41\uff1b",
    "/../../etc/passwd",
    "..",
    "/etc/passwd",
    "web:app\nRUN id",
    "web:__import__('os').system('id')",
    "python:3.13\nRUN id",
    "nginx:1.30.6; rm",
    "include /etc/passwd;",
    "10.0.0.0/8; deny all",
    "fe80::1%a; deny all",
    "fe80::%a{b/128",
    "~^(.*)$",
    "*",
    "_",
    "default_server",
    "@TREE@",
    "%0a",
    "unix:/tmp/x",
    "",
    " ",
    "a" * 200,
)


def list_spots(values: Any, path: Spot = ()) -> Iterator[Spot]:
    """Where the texts stand; a path with KEY_ITSELF at its end means the key that stands before it."""
    if isinstance(values, str):
        yield path
    pairs = values.items() if isinstance(values, dict) else enumerate(values) if isinstance(values, list) else ()
    for key, inner in pairs:
        yield from list_spots(inner, (*path, key))
        if path and path[-1] in ("environment", "users"):
            yield (*path, key, KEY_ITSELF)


SPOTS = tuple(list_spots(FULL))


def take(spot: Spot) -> str:
    """The good text at `spot`."""
    if spot[-1] == KEY_ITSELF:
        return str(spot[-2])
    place: Any = FULL
    for step in spot:
        place = place[step]
    return str(place)


def put(spot: Spot, text: str) -> dict[str, Any]:
    """The full settings with another text at `spot`."""
    values = deepcopy(FULL)
    place: Any = values
    *above, last = spot[:-1] if spot[-1] == KEY_ITSELF else spot
    for step in above:
        place = place[step]
    if spot[-1] == KEY_ITSELF:
        place[text] = place.pop(last)
    else:
        place[last] = text
    return values


def spell(spot: Spot) -> str:
    """The path of the setting as messages have it."""
    steps = spot[:-2] if spot[-1] == KEY_ITSELF else spot
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in steps).removeprefix(".")


def shape(directive: Directive) -> Any:
    """Names, nesting and how many words each directive has; not the words."""
    return (directive.name, len(directive.args), tuple(shape(inner) for inner in directive.block))


def shape_of_everything(rendered: Rendered) -> Any:
    """The structure of all that is written: NGINX's files, Gunicorn's file and the Dockerfile."""
    context = rendered.releases[0].context
    python = ast.parse(context[".portico/gunicorn.conf.py"].content)
    # A path may add or leave out an assignment; what matters is that nothing else is there.
    statements = [type(node).__name__ for node in python.body]
    docker = context["Dockerfile"].content.decode()
    instructions = re.findall(r"^[A-Z]+(?= )", docker, re.MULTILINE)
    users = [text.count("\n") for name, text in rendered.private.files.items() if name.endswith(".users")]
    files = sorted((shape_of_file(hide_digests(rendered, text)) for text in rendered.tree.files.values()), key=repr)
    return files, statements, [instructions, users], set(rendered.tree.files)


def hide_digests(rendered: Rendered, text: str) -> str:
    """A file of NGINX without the names that follow from all else: most texts stand in one file or in none."""
    for digest in (rendered.tree.digest, *(release.id for release in rendered.releases)):
        text = text.replace(digest, "digest")
    return text


@cache
def shape_of_file(text: str) -> Any:
    return shape(parse_file(text))


@cache
def harmless(root: Path) -> Any:
    return shape_of_everything(render(FULL, root))


# Where the locations of the site are.
LOCATIONS = "hosts/shop.example/paths/shop.conf"
# An empty text leaves out the header of this name.
HEADERS = {
    "contentSecurityPolicy": "Content-Security-Policy",
    "referrerPolicy": "Referrer-Policy",
    "permissionsPolicy": "Permissions-Policy",
    "frameOptions": "X-Frame-Options",
}


def check(root: Path, spot: Spot, text: str) -> None:
    try:
        rendered = render(put(spot, text), root)
    except Mistakes as mistakes:
        setting = spell(spot)
        # A rule that joins settings is said of the group that they stand in.
        group = setting.rpartition(".")[0]
        paths = [mistake.path for mistake in mistakes.all]
        # A file that is not there is informed of by its own name, beside that of the setting.
        missing = any(mistake.text.startswith(f"{spot[-1]} names it") for mistake in mistakes.all)
        # So is a project that has no such extra.
        missing = missing or ("extras" in spot and any("has no extra " in one.text for one in mistakes.all))
        assert missing or any(path.startswith(setting) or path == group for path in paths), f"{setting}: {mistakes}"
        return
    if not text and spot[-1] in HEADERS:
        lines = render(FULL, root).tree.files[LOCATIONS].splitlines()
        kept = [line for line in lines if f"add_header {HEADERS[str(spot[-1])]} " not in line]
        left = rendered.tree.files[LOCATIONS].splitlines()
        assert len(left) == len(kept) < len(lines) and not any(HEADERS[str(spot[-1])] in line for line in left)
        return
    if spot in (("sites", 0, "name"), ("sites", 0, "hosts", 0)):
        # Files have these names too.
        host, name = ("shop.example", text) if spot[-1] == "name" else (text.replace("*", "_"), "shop")
        own = {f"conf.d/{name}.conf", f"hosts/{host}/paths/{name}.conf", f"hosts/{host}/server.conf"}
        assert own < set(rendered.tree.files) and len(rendered.tree.files) == len(harmless(root)[3])
        assert shape_of_everything(rendered)[:3] == harmless(root)[:3]
        return
    if spot[-1] == "path" and "routes" in spot:
        # A folder has its own path without the slash beside it.
        other = put(spot, "/other/" if text.endswith("/") else "/other")
        assert shape_of_everything(rendered) == shape_of_everything(render(other, root))
        return
    assert shape_of_everything(rendered) == harmless(root)


def test_every_text_setting_is_attacked() -> None:
    texts = {
        (model.__name__, str(field.alias))
        for model in SECTIONS
        # These end up in no file, but in requests to AWS: tests/config/test_ecs.py.
        if model not in (Ecs, HostedZone, Egress)
        for name, field in model.model_fields.items()
        # So do those of services that AWS runs: tests/config/test_managed_services.py.
        if not (model is Service and name in OF_AWS)
        if "str" in str(field.annotation) or "Literal[" in str(field.annotation) or "quantity" in str(field.annotation)
    }
    attacked: set[tuple[str, str]] = set()

    def visit(model: type[Section], values: Mapping[str, Any]) -> None:
        for field in model.model_fields.values():
            if str(field.alias) in values:
                attacked.add((model.__name__, str(field.alias)))
                value = values[str(field.alias)]
                for inner in SECTIONS:
                    if inner.__name__ in re.findall(r"\w+", str(field.annotation)):
                        visit(inner, value[0] if isinstance(value, list) else value)

    visit(Settings, FULL)
    # What `rollback` may say is a site of the history and one of its releases: tests/config/test_history.py.
    assert texts - attacked == {("Settings", "rollback")}


@pytest.mark.parametrize("part", [0, pytest.param(1, marks=pytest.mark.extended)], ids=["a third", "the rest"])
@pytest.mark.parametrize("spot", SPOTS, ids=lambda spot: ".".join(map(str, spot)))
def test_the_corpus_is_refused_or_harmless(root: Path, spot: Spot, part: int) -> None:
    """Each text is tried at a third of the settings by `make test`, and at all of them by `make test-all`."""
    good, place = take(spot), SPOTS.index(spot)
    middle = len(good) // 2
    for number, text in enumerate(HOSTILE):
        if ((number + place) % 3 > 0) != (part > 0):
            continue
        # Alone, and where a grammar may have forgotten to look: at the end, the beginning, and within.
        joined = (f"{good}{text}", f"{text}{good}", f"{good[:middle]}{text}{good[middle:]}")
        for whole in (text, *(joined if SOAK else [joined[(number + place // 3) % 3]])):
            check(root, spot, whole)


PATHS = [
    pytest.param(spot, id=".".join(map(str, spot)))
    for spot in SPOTS
    if spot[-1] in ("caBundle", "source", "entry", "static", "certificate", "key")
]


@pytest.mark.parametrize("spot", PATHS)
def test_a_path_longer_than_any_is_refused(root: Path, spot: Spot) -> None:
    for text in ("a" * 5000, "a" * 256, "é" * 200, "a/" * 2500, f"{'a' * 5000}:app"):
        check(root, spot, text)


# Pieces that mean something to NGINX, Python, a Dockerfile or Jinja, mixed with what the grammars allow.
PIECES = st.sampled_from([";", "{", "}", "$", '"', "'", "\\", "\n", "\r", " ", "#", "\0", "{{", "%}", "..", "*", "~"])
PLAIN = st.sampled_from(["a", "shop", "/", ".", "-", ":", "_", "0", "1", "app", "web", "=", "(", ")", ","])
TEXTS = st.lists(PIECES | PLAIN | st.characters(codec="utf-8"), max_size=12).map("".join)


@holds_for(spot=st.sampled_from(SPOTS), text=TEXTS, place=st.none() | st.floats(0, 1))
def test_random_texts_are_refused_or_harmless(root: Path, spot: Spot, text: str, place: float | None) -> None:
    """Alone, or somewhere in what is good by itself."""
    good = take(spot) if place is not None else ""
    cut = round(len(good) * (place or 0))
    check(root, spot, good[:cut] + text + good[cut:])
