"""A file that is no YAML: the line, what is wrong, and what to write."""

import re

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from portico.config.invalid_yaml import explain_yaml


def explain(text: str) -> str:
    with pytest.raises(yaml.YAMLError) as error:
        yaml.safe_load(text)
    return explain_yaml(text, error.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a:\n\t- b\n", 'line 2: YAML does not allow a tab here; indent with spaces: "- b"'),
        ("a: b: c\n", 'line 1: YAML does not allow a value here; .*: "a: b: c"'),
        ("key\n  sub: x\n", 'line 2: YAML does not allow a value here; .* end the line above with a colon .*"sub: x"'),
        (
            "a:\n  - b: 1\nsalt: v1:x\n    c: d\n",
            "line 4: this line is indented below salt, which has a value already; move",
        ),
        ("a: @x\n", 'line 1: no plain text begins with this character; put the text in quotes: "a: @x"'),
        ("b: 1\na: *x\n", "line 2: a text that begins with .* is a reference; put it in quotes"),
        ("a: !foo x\n", "line 1: a text that begins with ! is a type"),
        ("b: 1\na: [1,\nc: 2\n", r'line 2: a list that begins with \[ here does not end with \]: "a: \[1,"'),
        ("a: {b: c\n", "line 1: a group that begins with { here does not end"),
        ("b: 1\na: 'x\nc: d\n", 'line 2: a quote that begins here does not end: "a: \'x"'),
        ("a:\n  - b\n c: d\n", 'line 3: this line is not indented like the lines that it belongs to: "c: d"'),
        ("a:\u00a0b\nc: d\n", r"line 1: it holds a no-break space \(U\+00A0\); write a plain space or nothing: "),
        ("x:\n\u00a0 a: b\n  c: d\n", r"line 2: it holds a no-break space"),
        ("a:\n  -\u2003b: c\n    d: e\n", r"line 2: it holds an em space \(U\+2003\)"),
        ("a: \u201cx: y\u201d\n", r"line 1: it holds a left double quotation mark \(U\+201C\); write a plain quote"),
        ("a: it\u2019s\u00a0so\nb: c: d\n", "line 2: YAML does not allow a value here"),
        ("a: b\n---\nc: d\n", "line 2: a second document begins with ---; write one"),
        ("a: b\nc: \x01\n", r"line 2: the character '\\x01' is not allowed in YAML; remove it"),
    ],
)
def test_the_line_and_what_to_write_are_reported(text: str, said: str) -> None:
    assert re.match(said, explain(text)), explain(text)


@given(st.text(st.sampled_from("ab:- \t\n[]{}'\"*&!|>%@`#,\x01\u2028\x85é"), max_size=60))
def test_whatever_is_written_is_reported_on_one_printable_line(text: str) -> None:
    try:
        yaml.safe_load(text)
    except (yaml.YAMLError, ValueError, TypeError) as error:
        said = explain_yaml(text, error)
        assert said.isprintable() and 0 < len(said) <= 400 and "<unicode" not in said
