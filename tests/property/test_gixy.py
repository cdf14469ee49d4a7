"""gixy, at its strictest, finds nothing: every check, every level, the deep analysis of regular expressions too."""

import logging
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any

import gixy
import gixy.plugins.regex_redos
import pytest
from gixy.core.config import Config
from gixy.core.manager import Manager

from tests.property.applications import CERTIFICATE, KEY
from tests.property.pool import Tried, holds_for_stacks
from tests.property.rendered import Rendered, render, written
from tests.property.settings import LAYOUTS

Found = set[tuple[str, str]]

HSTS = ("hsts_header", "Missing HSTS header")
# A look at a file of this machine takes microseconds, and a cache would hold the files of earlier releases open.
LOOKS = "try_files_is_evil_too"
SITE = {
    "name": "hello",
    "source": "plain",
    "entry": "web:app",
    "hosts": ["hello.example"],
    "certificate": {"certificate": CERTIFICATE, "key": KEY},
}

PLAIN = {key: value for key, value in SITE.items() if key != "certificate"}
ORDERED = PLAIN | {"aliases": ["www.hello.example"]}


@pytest.fixture(autouse=True, scope="module")
def deep() -> Iterator[None]:
    """Our few expressions are the same in every tree: each is analysed once, which takes a second."""
    plugin = gixy.plugins.regex_redos
    assert plugin.REDOCTOR_AVAILABLE
    analyse, known = plugin.redoctor_check, {}

    def remember(pattern: str, flags: Any, config: Any) -> Any:
        key = (pattern, repr(flags))
        if key not in known:
            known[key] = analyse(pattern, flags=flags, config=config)
        return known[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(plugin, "redoctor_check", remember)
        yield
    assert known, "the deep analysis was not asked"


def audit(rendered: Rendered, version: str | None = None) -> Found:
    """What gixy finds. It must not have skipped anything either: no warning of its own is accepted."""
    config = Config(severity=gixy.severity.UNSPECIFIED, load_default_vars=True, nginx_version=version)
    config.set_for("regex_redos", {"deep": True})
    heard: list[str] = []

    class Listener(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            heard.append(record.getMessage())

    listener, log = Listener(logging.WARNING), logging.getLogger("gixy")
    log.addHandler(listener)
    try:
        with written(rendered.tree, rendered.layout) as folder, Manager(config=config) as manager:
            manager.audit(str(folder / "nginx.conf"), None)
            found = {
                (plugin.name, str(issue.summary))
                for plugin in manager.results
                for issue in plugin.issues
                if plugin.name != LOOKS
            }
            read = {node.file for node in _walk(manager.root)}
            files = {str(folder / path) for path in rendered.tree.files if path.endswith(".conf")}
    finally:
        log.removeHandler(listener)
    assert heard == []
    # Links are read by their own names.
    assert len({Path(path).name for path in files} - {Path(str(path)).name for path in read}) == 0
    return found


def _walk(block: Any) -> Iterator[Any]:
    for child in block.children:
        yield child
        if child.is_block:
            yield from _walk(child)


def expected(rendered: Rendered) -> Found:
    """HSTS is left out on purpose, by a setting or where the authority is local. Nothing else is expected."""
    tls = rendered.settings.tls
    return {HSTS} if tls and not (tls.hsts and tls.is_trusted) else set()


@pytest.mark.parametrize("preset", ["default", "article", "strict"])
def test_a_preset_has_no_findings(root: Path, preset: str) -> None:
    """With the version reported, so that known vulnerabilities of the base image's NGINX are findings too."""
    for upstream, tls, layout in product(("socket", "container", "tcp"), (None, {}, {"http3": True}), LAYOUTS):
        values: dict[str, Any] = {"preset": preset, "upstream": upstream, "sites": [PLAIN if tls is None else SITE]}
        values |= {} if tls is None else {"tls": tls}
        assert audit(render(values, root, layout), "1.30.6") == set()
    for layout in LAYOUTS:
        ordered = {"preset": preset, "sites": [ORDERED], "tls": {"acme": {"email": "ops@hello.example"}}}
        assert audit(render(ordered, root, layout), "1.30.6") == set()


@holds_for_stacks()
def test_random_settings_have_no_findings(stack: Tried) -> None:
    # gixy takes every listener with 443 in its number for HTTPS, also one of plain HTTP.
    if "443" not in str(stack.values.get("port", "")) or stack.layout == "conf.d":
        assert audit(stack.rendered) == expected(stack.rendered)


def test_an_unknown_name_over_http2_is_safe_in_old_versions(root: Path) -> None:
    values = {"nginxImage": "nginx:1.22.1", "tls": {}, "sites": [SITE]}
    assert audit(render(values, root)) == set()


def test_the_map_of_ports_has_a_default(root: Path) -> None:
    assert audit(render({"tls": {"redirect": False}, "sites": [SITE]}, root)) == set()


def test_a_finding_is_found(root: Path) -> None:
    """The audit itself works: a configuration with faults has findings."""
    rendered = render({"sites": [PLAIN]}, root)
    files = {**rendered.tree.files}
    bad = "location / {\n if ($uri ~ (a+)+b) { return 403; }"
    files["conf.d/hello.conf"] = files["conf.d/hello.conf"].replace("location / {", bad)
    assert "regex_redos" in {name for name, _ in audit(rendered.with_files(files))}
