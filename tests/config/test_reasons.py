"""The files teach: every directive says why it is there, on its own line or above its group."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from portico.config.render.nginx import render_gunicorn
from tests.config.sample import EVEN, make_full_site, make_site, read_settings, render

TLS = {"tls": {"localAuthority": True, "http3": True}}
OLD = {"nginxImage": "nginx:1.22.1"}
STACKS: dict[str, dict[str, Any]] = {
    "article": {"preset": "article"},
    "default": {},
    "strict": {"preset": "strict"},
    "names": {"upstream": "container"},
    "tls": TLS,
    "tls, no redirect": {"tls": TLS["tls"] | {"redirect": False, "profile": "modern"}},
    "proxies": {"client": {"proxies": ["10.0.0.0/8"]}},
    "old": OLD | {"tls": {"localAuthority": True}},
    "old names": OLD | {"upstream": "container"},
    "no compression": {"nginx": {"gzip": {"level": 0, "static": False}, "logFormat": "json"}},
}
SITES = {
    "plain": make_site(),
    "full": make_full_site(),
    "closed": make_full_site(maintenance=True),
    "mutable": make_site(immutable=False, limits={"connections": 0}),
}


def list_unexplained(text: str) -> Iterator[str]:
    """Directives without a comment behind them, and without one above them since the last blank line of their block.

    What stands in a `map`, `geo` or `types` block is data.
    """
    heads, data, pending = [False], 0, ""
    for line in map(str.strip, text.splitlines()):
        if not line:
            heads[-1] = False
        elif line.startswith("#"):
            heads[-1] = True
        elif line.startswith("}"):
            heads.pop()
            data = max(0, data - 1)
        else:
            code, _, comment = line.partition("  # ")
            pending = f"{pending} {code.strip()}".strip()
            if not code.rstrip().endswith((";", "{", "}")):
                continue
            if not comment and not heads[-1] and not data:
                yield pending
            if code.rstrip().endswith("{"):
                heads.append(False)
                data += bool(data) or pending.startswith(("map ", "geo ", "types "))
            pending = ""


@pytest.mark.parametrize("layout", ["conf.d", "sites-available"])
@pytest.mark.parametrize("stack", STACKS)
@pytest.mark.parametrize("site", SITES)
def test_every_directive_has_a_reason(root: Path, site: str, stack: str, layout: str) -> None:
    even = EVEN if stack == "old names" else {}
    files = render(root, SITES[site] | even, layout=layout, **STACKS[stack]).files
    lacking = {path: list(list_unexplained(text)) for path, text in files.items() if path.endswith(".conf")}
    assert len(lacking) == 3 and not any(lacking.values()), lacking


@pytest.mark.parametrize(
    ("text", "lacking"),
    [
        ("a;  # x\nb;\n", ["b;"]),
        ("# x\na;\nb;\n\nc;\n", ["c;"]),
        ("# x\na {\n    b;\n}\n", ["b;"]),
        ("# x\na {\n    b;  # y\n}\nc;\n", []),
        ("a {\n    # x\n    b;\n}\nc;\n", ["a {", "c;"]),
        ("map $a $b {  # x\n    c d;\n}\ne;\n", ["e;"]),
        ("a 'b'\n  'c';\n", ["a 'b' 'c';"]),
        ('a "b # c";\n', ['a "b # c";']),
    ],
)
def test_a_directive_without_one_is_found(text: str, lacking: list[str]) -> None:
    assert list(list_unexplained(text)) == lacking


def test_every_setting_of_gunicorn_has_a_reason(root: Path) -> None:
    """Behind it, or above its group: functions have their docstrings."""
    settings = read_settings(root, make_site(gunicorn={"accessLog": True}))
    text = render_gunicorn(settings.sites[0], root="src").partition("\ndef ")[0]
    headed = False
    for line in text.partition('"""\n\n')[2].splitlines():
        headed = line.startswith("#") or (headed and bool(line))
        if line[:1].isalpha() and not line.startswith(("import ", "from ")):
            assert headed or "  # " in line, line
