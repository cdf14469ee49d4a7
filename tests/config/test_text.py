"""The grammars of texts: nothing that NGINX would read as more than a word gets through."""

import string

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from portico.config.settings.host_name import HostName
from portico.config.settings.text import Entry, Folder, ImageName, SiteName, UrlFolder, UrlPath, Variable

MEANING = ";{}$\"'\\`#\n\r\t\v\f \0\x1b\x7f\x85\xa0\u2028\u3000"
ENTRY = TypeAdapter[str](Entry)
RENDERED = {
    "site name": (TypeAdapter[str](SiteName), ["shop", "a", "shop-2", "a" * 32]),
    "host name": (
        TypeAdapter[str](HostName),
        ["shop.example", "*.shop.example", "localhost", "127.0.0.1", "1.example"],
    ),
    "URL path": (TypeAdapter[str](UrlPath), ["/", "/healthz", "/a/b-c.d_e~f", "/a/"]),
    "URL folder": (TypeAdapter[str](UrlFolder), ["/static/", "/a/b/"]),
    "folder": (TypeAdapter[str](Folder), ["static", "shop/static", "a-b_c.d/e"]),
    "entry": (ENTRY, ["web:app", "shop.web:create_app()", "_a.b1:c_2"]),
}
ACCEPTED = [
    pytest.param(adapter, text, id=f"{kind} {text}") for kind, (adapter, texts) in RENDERED.items() for text in texts
]
REFUSED = [
    ("site name", ["", "-a", "a-", "A", "a.b", "a_b", "a" * 33, "ä"]),
    ("host name", ["", ".", "a.", ".a", "-a.example", "a-.example", "*", "*.", "a.*.b", "**.a", "1.2.3", "[::1]"]),
    ("URL path", ["", "a", "/a//b", "/..", "/a/../b", "/%2e", "/a?b", "/" + "a" * 201]),
    ("URL folder", ["", "/", "//", "/a", "a/", "/a//", "/../"]),
    ("folder", ["", "/", "/a", ".", "..", "a/..", "a/../b", "-a"]),
    ("entry", ["", ":", "web", "web:", ":app", "web.:app", "1:app", "web:app()()", "web:app(x)", "web:a.b", "-a:b"]),
]


def accepts(adapter: TypeAdapter[str], text: str) -> bool:
    try:
        return adapter.validate_python(text) == text
    except ValidationError:
        return False


@pytest.mark.parametrize(("adapter", "text"), ACCEPTED)
def test_an_ordinary_text_is_accepted_as_it_is(adapter: TypeAdapter[str], text: str) -> None:
    assert accepts(adapter, text)


@pytest.mark.parametrize(
    ("kind", "text"), [pytest.param(kind, text, id=f"{kind} {text!r}") for kind, texts in REFUSED for text in texts]
)
def test_a_text_outside_its_grammar_is_refused(kind: str, text: str) -> None:
    assert not accepts(RENDERED[kind][0], text)


@pytest.mark.parametrize(("kind", "text"), [("URL path", "//"), ("URL path", "//a"), ("URL folder", "//static/")])
def test_two_slashes_are_refused_at_the_start_too(kind: str, text: str) -> None:
    assert not accepts(RENDERED[kind][0], text)


@pytest.mark.parametrize(("adapter", "text"), ACCEPTED)
@pytest.mark.parametrize("character", MEANING, ids=ascii)
def test_a_character_with_a_meaning_is_refused_wherever_it_stands(
    adapter: TypeAdapter[str], text: str, character: str
) -> None:
    for place in range(len(text) + 1):
        if adapter is ENTRY and (place == len(text) - 1) and character in " '":
            continue
        assert not accepts(adapter, text[:place] + character + text[place:])


@pytest.mark.parametrize("kind", RENDERED)
@given(text=st.text(alphabet=string.ascii_lowercase + "0/:.*-_()" + MEANING, max_size=12) | st.text(max_size=12))
@example("a;")
@example("/\n")
def test_no_accepted_text_holds_a_character_with_a_meaning(kind: str, text: str) -> None:
    if accepts(RENDERED[kind][0], text):
        # A factory's arguments may be texts, in quotes of one kind.
        free = set(" '") if kind == "entry" and text.endswith(")") else set()
        assert text.isascii() and text.isprintable() and not (set(text) - free) & set(MEANING)


@pytest.mark.parametrize(
    ("text", "taken"),
    [
        ("web:create_app('prod')", True),
        ("web:create_app('prod', debug=False, workers=-1)", True),
        ("my-app:app", True),
        ("web:create_app(prod)", False),
        ("web:create_app(run('x'))", False),
        ("web:create_app('a' if True else 'b')", False),
        ("web:create_app('${HOME}')", False),
        ('web:create_app("prod")', False),
        ("web:create_app('a\\n')", False),
        ("web:create_app('a)", False),
        ("web:create_app(" + "-" * 180 + "1)", False),
    ],
)
def test_a_factory_is_given_plain_values_alone(text: str, taken: bool) -> None:
    assert accepts(ENTRY, text) == taken


@pytest.mark.parametrize(
    ("text", "pinned"),
    [
        ("nginx:1.30.6", True),
        ("nginx:1.30.6-alpine", True),
        ("hub.example:5000/team/nginx:1.30.6", True),
        ("nginx@sha256:" + "0" * 64, True),
        ("nginx", False),
        ("nginx:latest", False),
        ("nginx:", False),
        ("nginx@sha256:12", False),
        ("nginx:1.30.6\nRUN id", False),
        ("hub.example:5000/nginx", False),
    ],
    ids=lambda value: repr(value)[:40],
)
def test_an_image_is_pinned(text: str, pinned: bool) -> None:
    assert accepts(TypeAdapter[str](ImageName), text) == pinned


@given(st.text(max_size=8))
def test_a_variable_is_a_word(text: str) -> None:
    assert accepts(TypeAdapter[str](Variable), text) == (text.isascii() and text.isidentifier())
