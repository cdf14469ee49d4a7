"""Comments of neighbouring lines stand under one another; the configuration itself stays as it is."""

import itertools
from pathlib import Path
from typing import Any

import pytest

from portico.config.render.align import align
from tests.config.sample import EVEN, make_full_site, make_site, render

OLD_NAMES = {"upstream": "container", "nginxImage": "nginx:1.22.1"}

SAME = [
    pytest.param("", id="nothing"),
    pytest.param("a;\nb;\n", id="no comments"),
    pytest.param("# a\n# b\n", id="lines of comment"),
    pytest.param("    # a\n    b;\n", id="an indented line of comment"),
    pytest.param("a;  # x\n", id="one comment"),
    pytest.param('a "b # c";\n', id="a number sign after one space in quotes"),
    pytest.param('a "b#c";  # x\nb;        # y\n', id="a number sign in quotes, and comments"),
]
ALIGNED = [
    pytest.param("a;  # x\nbbb;  # y\n", "a;    # x\nbbb;  # y\n", id="two lines"),
    pytest.param("a;      # x\nbbb;  # y\n", "a;    # x\nbbb;  # y\n", id="too far to the right"),
    pytest.param("a;  # x\nb;\nccc;  # y\n", "a;  # x\nb;\nccc;  # y\n", id="a line without comment between"),
    pytest.param("a;  # x\n\nccc;  # y\n", "a;  # x\n\nccc;  # y\n", id="an empty line between"),
    pytest.param("a;  # x  # y\nbbb;  # z\n", "a;    # x  # y\nbbb;  # z\n", id="a comment in a comment"),
    pytest.param("a;\n\n\n\nb;\n", "a;\n\nb;\n", id="empty lines"),
    pytest.param("a {\n\n    b;\n\n}\n", "a {\n    b;\n}\n", id="empty lines at braces"),
    pytest.param("a {\n\n\n}\n\nb;\n", "a {\n}\n\nb;\n", id="an empty block"),
]


@pytest.mark.parametrize("text", SAME)
def test_a_text_that_is_aligned_stays(text: str) -> None:
    assert align(text) == text


@pytest.mark.parametrize(("text", "aligned"), ALIGNED)
def test_comments_are_aligned_and_empty_lines_closed_up(text: str, aligned: str) -> None:
    assert align(text) == aligned and align(aligned) == aligned


def test_a_very_long_line_does_not_push_the_comments_of_others_away() -> None:
    first, second = align(f"{'a' * 100};  # x\nb;  # y\n").splitlines()
    assert first == f"{'a' * 100};  # x" and second == f"b;{' ' * 70}  # y"


@pytest.mark.parametrize(
    "text", ['a "b   # c";\n', 'a "b  # c";\nbbbbbb "d  # e";\n', "a 'b     # c';\n"], ids=["one", "two", "single"]
)
def test_text_in_quotes_is_left_as_it_is(text: str) -> None:
    assert align(text) == text


def test_a_headers_text_keeps_its_spaces(root: Path) -> None:
    text = render(root, make_site(headers={"contentSecurityPolicy": "a     # b"})).files["nginx.conf"]
    assert '"a     # b"' in text


@pytest.mark.parametrize(
    "stack",
    [
        {},
        {"preset": "article"},
        {"preset": "strict"},
        {"upstream": "container"},
        OLD_NAMES,
        {"nginxImage": "nginx:1.22.1", "tls": {"localAuthority": True}},
        {"tls": {"localAuthority": True, "http3": True, "redirect": False}},
        {"client": {"proxies": ["10.0.0.0/8"]}, "nginx": {"logFormat": "json", "gzip": {"level": 0}}},
    ],
    ids=str,
)
@pytest.mark.parametrize("site", [make_site(), make_full_site(), make_full_site(maintenance=True)], ids=["a", "b", "c"])
def test_no_file_holds_needless_space(root: Path, site: dict[str, Any], stack: dict[str, Any]) -> None:
    if stack == OLD_NAMES:
        site = site | EVEN
    for layout in ("conf.d", "sites-available"):
        for path, text in render(root, site, layout=layout, **stack).files.items():
            if path.endswith(".conf"):
                lines = text.split("\n")
                assert text.endswith("}\n") and not text.startswith("\n"), path
                assert "\n\n\n" not in text and "\t" not in text, path
                assert [line for line in lines if line != line.rstrip()] == [], path
                assert list_crooked(lines) == [], path
                for above, line in itertools.pairwise(lines):
                    assert not (above.endswith("{") and not line), path
                    assert not (not above and line.strip() == "}"), path


def list_crooked(lines: list[str]) -> list[str]:
    """Lines that do not stand four spaces deeper for each block around them; the rest of a directive may."""
    crooked, depth, goes_on = [], 0, False
    for line in filter(None, lines):
        code = line.partition("  # ")[0].strip()
        depth -= code == "}"
        wrong = len(line) - len(line.lstrip()) != 4 * depth
        if wrong and not goes_on:
            crooked.append(line)
        depth += code.endswith("{")
        goes_on = not code.startswith("#") and not code.endswith((";", "{", "}"))
    return crooked


def test_a_crooked_line_is_found() -> None:
    assert list_crooked(["a {", "    b 'c'", "      'd';", "  e;", "}", " f;"]) == ["  e;", " f;"]


def comments(text: str) -> list[list[int]]:
    """The columns of the trailing comments of each block of neighbouring lines."""
    blocks: list[list[int]] = [[]]
    for line in text.splitlines():
        code, mark, _ = line.partition("  # ")
        if mark and code.strip():
            blocks[-1].append(line.index("# ", len(code)))
        else:
            blocks.append([])
    return blocks


def test_comments_stand_under_one_another(root: Path) -> None:
    for path in ("nginx.conf", "conf.d/shop.conf"):
        assert all(len(set(columns)) <= 1 for columns in comments(render(root).files[path])), path


def test_comments_stand_under_one_another_in_the_status_file(root: Path) -> None:
    assert all(len(set(columns)) <= 1 for columns in comments(render(root).files["conf.d/00-status.conf"]))
