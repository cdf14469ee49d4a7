"""Every file of every stack, word for word: a change of a template is read here as a diff.

To accept a change: UPDATE_GOLDEN=1 python -m pytest tests/config/test_golden.py, then read the diff.
"""

import os
from functools import cache
from pathlib import Path

import pytest

from config.cloud_init import render_user_data
from config.release import make_release
from config.render import render_nginx
from config.settings import Settings
from tests.config.nginx_file import parse_tree
from tests.program.stackfile import ROOT, STACKS, merge_values

GOLDEN = Path(__file__).parent / "golden"
SITES = {"dev": ["hello", "httpbin"], "staging": ["hello"], "prod": ["hello"]}
FILES = [
    pytest.param(stack, path, id=f"{stack} {path}")
    for stack in STACKS
    for path in (
        *("nginx.conf", "conf.d/00-status.conf", "pages/portico-unavailable.html"),
        *(f"conf.d/{name}.conf" for name in SITES[stack]),
        *("hello/gunicorn.conf.py.txt", "hello/Dockerfile"),
        *(("user-data.yaml",) if stack == "prod" else ()),
    )
]


@cache
def render(stack: str) -> dict[str, str]:
    """What the stack's containers get; ids that follow from the examples' content are replaced."""
    settings = Settings.read(merge_values(stack), ROOT)
    releases = [make_release(settings, site, ROOT, {}) for site in settings.sites]
    tree = render_nginx(settings, releases)
    files = dict(tree.files)
    context = releases[0].context
    # Not called .py, so that nobody's formatter improves it.
    files["hello/gunicorn.conf.py.txt"] = context[".portico/gunicorn.conf.py"].content.decode()
    files["hello/Dockerfile"] = context["Dockerfile"].content.decode()
    if settings.aws:
        files["user-data.yaml"] = render_user_data(settings.aws)
    # As long as the digest itself, so that comments beside it stand as they do in the real file.
    ids = {release.id: f"<release of {release.site.name}>" for release in releases} | {tree.digest: "<treedigest>"}
    for path, text in files.items():
        for id, name in ids.items():
            text = text.replace(id, name)
        files[path] = text
    return files


@pytest.mark.parametrize(("stack", "path"), FILES)
def test_a_file_is_the_one_that_was_reviewed(stack: str, path: str) -> None:
    golden = GOLDEN / stack / path
    if os.environ.get("UPDATE_GOLDEN"):
        golden.parent.mkdir(parents=True, exist_ok=True)
        golden.write_text(render(stack)[path])
    assert render(stack)[path] == golden.read_text()


@pytest.mark.parametrize("stack", STACKS)
def test_no_file_is_left_unreviewed(stack: str) -> None:
    reviewed = {str(path.relative_to(GOLDEN / stack)) for path in (GOLDEN / stack).rglob("*") if path.is_file()}
    assert set(render(stack)) == reviewed


@pytest.mark.parametrize("stack", STACKS)
def test_every_tree_parses_with_one_server_a_site(stack: str, tmp_path: Path) -> None:
    settings = Settings.read(merge_values(stack), ROOT)
    tree = render_nginx(settings, [make_release(settings, site, ROOT, {}) for site in settings.sites])
    main = parse_tree(tree, tmp_path)
    named = [found.args for found in main.find("server_name")]
    assert sorted(named) == sorted([("_",), *(site.hosts for site in settings.sites)])
