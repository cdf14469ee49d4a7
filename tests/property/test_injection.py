"""No text carries configuration: it is refused, with the path of its setting, or it is only a text where it stands."""

import re
from collections.abc import Mapping
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
from tests.property.profile import SOAK, holds_for
from tests.property.rendered import render
from tests.property.rendered_shape import shape_of_everything
from tests.property.test_strategies import SECTIONS
from tests.property.text_settings import FULL, SPOTS, Spot, put, spell, take

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
