"""No setting, whatever its text, changes the structure of a file: fuzzed against a harmless value."""

import ast
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from portico.config.render.nginx import render_gunicorn
from portico.config.settings import Mistakes
from tests.config.nginx_file import Directive, parse_tree
from tests.config.sample import HASH, SHOP, make_site, read_settings, render, write_files

Place = Callable[[str], dict[str, Any]]


def site(**changes: Any) -> dict[str, Any]:
    return {"sites": [make_site(**changes)]}


# Where a text goes, and harmless texts for that place.
PLACES: dict[str, tuple[Place, list[str]]] = {
    "name": (lambda text: site(name=text), ["shop"]),
    "hosts": (lambda text: site(hosts=[text]), ["a.example", "*.a.example"]),
    "aliases": (lambda text: site(aliases=[text]), ["b.example"]),
    "entry": (lambda text: site(entry=text), ["web:app"]),
    "health": (lambda text: site(health=text), ["/healthz"]),
    "static": (lambda text: site(static=text), ["static"]),
    "staticUrl": (lambda text: site(staticUrl=text), ["/files/"]),
    "route": (lambda text: site(routes=[{"path": text}]), ["/a", "/a/"]),
    "websocket": (lambda text: site(routes=[{"path": text, "websocket": True}]), ["/a"]),
    "csp": (lambda text: site(headers={"contentSecurityPolicy": text}), ["default-src 'self'"]),
    "permissions": (lambda text: site(headers={"permissionsPolicy": text}), ["camera=()"]),
    "rate": (lambda text: site(limits={"rate": {"rate": text}}), ["10r/s"]),
    "route's rate": (lambda text: site(routes=[{"path": "/a", "rate": {"rate": text}}]), ["10r/s"]),
    "body": (lambda text: site(body=text), ["5M"]),
    "timeout": (lambda text: site(gunicorn={"timeout": text}), ["30s"]),
    "cache": (lambda text: site(routes=[{"path": "/a", "cache": text}]), ["10s"]),
    "users": (lambda text: site(users={text: HASH}), ["ann"]),
    "hash": (lambda text: site(users={"ann": text}), [HASH]),
    "balance": (lambda text: site(balance=text), ["least_conn"]),
    "proxies": (lambda text: {"client": {"proxies": [text]}}, ["10.0.0.0/16", "fd00::/64"]),
    "client header": (lambda text: {"client": {"proxies": ["10.0.0.0/8"], "header": text}}, ["X-Real-IP"]),
    "keepalive": (lambda text: {"nginx": {"keepalive": text}}, ["65s"]),
    "patience": (lambda text: {"nginx": {"patience": text}}, ["15s"]),
    "version": (lambda text: {"nginx": {"version": text}}, ["1.30.6"]),
    "log level": (lambda text: {"nginx": {"logLevel": text}}, ["warn"]),
    "default type": (lambda text: {"nginx": {"defaultType": text}}, ["text/html"]),
    "image": (lambda text: {"nginxImage": text}, ["nginx:1.30.6"]),
    "profile": (lambda text: {"tls": {"localAuthority": True, "profile": text}}, ["modern"]),
}
# A text that breaks out of a word, out of quotes, out of a comment, out of a block, into a variable.
NASTY = [
    *("; return 200 x;", "a;b", "{", "}", "} server { listen 1; ", "\nreturn 200;", "\r\n", "\0", "#", "# x"),
    *('"', "'", '"; return 200 "x', "'; return 200 'x", "\\", '\\"', "$host", "${host}", "$(id)", "`id`"),
    *(" ", "\t", "\u2028", "\x85", "@TREE@", "{{ 1 }}", "{% raw %}", "%0a", "..", "include /etc/passwd;"),
]
MEANING = ";{}$\"'\\`#\n\r\t \0"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("root")
    write_files(root / "shop", SHOP)
    return root


def shape(found: Directive) -> Any:
    """Names, numbers of arguments and blocks: what a text inside a word or quotes cannot change."""
    return [(inner.name, len(inner.args), shape(inner)) for inner in found.block]


def take(home: Path, place: Place, text: str) -> Any:
    """The shape of the tree with `text` at `place`; None where it is refused."""
    stack = place(text)
    sites = stack.pop("sites", [make_site()])
    try:
        checked = read_settings(home, *sites, **stack)
    except Mistakes:
        return None
    # Python reads it as one module that assigns, defines and notes its start, and nothing else.
    module = ast.parse(render_gunicorn(checked.sites[0]))
    kinds = {type(statement) for statement in module.body}
    assert kinds <= {ast.Expr, ast.Import, ast.ImportFrom, ast.Assign, ast.FunctionDef}
    said = [ast.unparse(statement) for statement in module.body if isinstance(statement, ast.Expr)]
    assert len(said) == 2 and said[1] == "note('start', int(time.time()))"
    shutil.rmtree(home / "tree", ignore_errors=True)
    return shape(parse_tree(render(home, *sites, **stack), home / "tree"))


@pytest.mark.parametrize("name", PLACES)
def test_a_harmless_text_is_taken(home: Path, name: str) -> None:
    place, harmless = PLACES[name]
    assert all(take(home, place, text) for text in harmless)


@pytest.mark.parametrize("name", PLACES)
def test_a_nasty_text_is_refused_or_stays_a_word(home: Path, name: str) -> None:
    place, harmless = PLACES[name]
    for text in harmless:
        plain = take(home, place, text)
        for nasty in NASTY:
            for tried in (nasty, nasty + text, text + nasty, text[:-1] + nasty + text[-1]):
                found = take(home, place, tried)
                assert found in (None, plain), tried


@pytest.mark.parametrize("name", PLACES)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_random_text_is_refused_or_stays_a_word(home: Path, name: str, data: st.DataObject) -> None:
    place, harmless = PLACES[name]
    text = data.draw(st.sampled_from(harmless))
    start, end = sorted(data.draw(st.tuples(st.integers(0, len(text)), st.integers(0, len(text)))))
    junk = data.draw(st.text(alphabet=MEANING + "ab/.:=", min_size=1, max_size=8) | st.text(min_size=1, max_size=4))
    tried = text[:start] + junk + text[end:]
    found = take(home, place, tried)
    assert found in (None, take(home, place, text)) or plainly_other(name, tried)


def plainly_other(name: str, text: str) -> bool:
    """Whether the shape may differ without harm: an empty header is left out, another version gets other directives."""
    if name in ("version", "image"):
        return re.fullmatch(r"[A-Za-z0-9./:@_-]+", text) is not None
    return name in ("csp", "permissions") and not text


@pytest.mark.parametrize(
    "text", ["fe80::%a; } server { listen 1;/64", "fe80::%;/64", "fe80::%\ninclude x;/64", "fe80::%{/64"], ids=ascii
)
def test_an_ipv6_zone_is_refused_or_stays_a_word(home: Path, text: str) -> None:
    place, (harmless, *_) = PLACES["proxies"]
    try:
        found = take(home, place, text)
    except AssertionError as error:
        raise AssertionError("NGINX cannot parse it") from error
    assert found in (None, take(home, place, harmless))


@pytest.mark.parametrize("value", ['"""\nimport os', "\\", "'; x = 1", "{{ 1 }}", "$HOME", "a\nb"], ids=ascii)
def test_an_environments_value_is_in_no_rendered_file(home: Path, value: str) -> None:
    with_value = render(home, make_site(environment={"A": value})).files["nginx.conf"]
    assert with_value == render(home).files["nginx.conf"]
    checked = read_settings(home, make_site(environment={"A": value}))
    assert render_gunicorn(checked.sites[0]) == render_gunicorn(read_settings(home).sites[0])
