"""Every file of every stack, word for word: a change of a template is read here as a diff.

To accept a change: UPDATE_GOLDEN=1 python -m pytest tests/config/test_golden.py, then read the diff.
"""

import json
import os
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from portico.config.plan import make_plan
from portico.config.render.cloud_init import render_user_data
from portico.config.render.tree import Tree
from portico.config.targets.ecs import FleetSite, container_definitions, make_fleet
from tests.config.nginx_file import parse_tree
from tests.program.stackfile import EVERY, ROOT, merge_values

GOLDEN = Path(__file__).parent / "golden"
SITES = {"dev": ["hello", "httpbin"], "staging": ["hello"], "prod": ["hello"]}
# On ECS each site has files of its own; the last three are what its images are built from, and what runs.
FLEET = [
    *("hello/nginx.conf", "hello/conf.d/00-status.conf", "hello/conf.d/01-ready.conf", "hello/conf.d/hello.conf"),
    *("hello/pages/portico-unavailable.html", "hello/gunicorn.conf.py.txt"),
    *("hello/Dockerfile", "hello/nginx.Dockerfile", "hello/task.json"),
]
FILES = [
    pytest.param(stack, path, id=f"{stack} {path}")
    for stack in EVERY
    for path in (
        FLEET
        if stack == "ecs"
        else (
            *("nginx.conf", "conf.d/00-status.conf", "pages/portico-unavailable.html"),
            *(f"conf.d/{name}.conf" for name in SITES[stack]),
            *("hello/gunicorn.conf.py.txt", "hello/Dockerfile"),
            *(("user-data.yaml",) if stack == "prod" else ()),
        )
    )
]


@cache
def render(stack: str) -> dict[str, str]:
    """What the stack's containers get; ids that follow from the examples' content are replaced."""
    plan = make_plan(merge_values(stack), ROOT)
    files = dict(plan.render().files)
    context = plan.releases[0].context
    # Not called .py, so that nobody's formatter improves it.
    files["hello/gunicorn.conf.py.txt"] = context[".portico/gunicorn.conf.py"].content.decode()
    files["hello/Dockerfile"] = context["Dockerfile"].content.decode()
    trees = [plan.render()]
    if plan.settings.aws:
        files["user-data.yaml"] = render_user_data(plan.settings.aws)
    if plan.settings.ecs:
        (fleet,) = make_fleet(plan)
        trees = [fleet.tree]
        files["hello/nginx.Dockerfile"] = fleet.nginx["Dockerfile"].content.decode()
        files["hello/task.json"] = json.dumps(define(fleet), indent=2) + "\n"
    # As long as the digest itself, so that comments beside it stand as they do in the real file.
    ids = {release.id: f"<release of {release.site.name}>" for release in plan.releases}
    ids |= {tree.digest: "<treedigest>" for tree in trees}
    for path, text in files.items():
        for id, name in ids.items():
            text = text.replace(id, name)
        files[path] = text
    return files


def define(fleet: FleetSite) -> list[dict[str, Any]]:
    """The containers of its task, with what is known only once it is made."""
    return container_definitions(
        fleet,
        application=f"<repository>@sha256:{'a' * 64}",
        nginx=f"<repository>@sha256:{'b' * 64}",
        log_group="<log group>",
        region="eu-central-1",
        secrets={"SECRET_KEY": "<secret>:SECRET_KEY::<version>"},
    )


@pytest.mark.parametrize(("stack", "path"), FILES)
def test_a_file_is_the_one_that_was_reviewed(stack: str, path: str) -> None:
    golden = GOLDEN / stack / path
    if os.environ.get("UPDATE_GOLDEN"):
        golden.parent.mkdir(parents=True, exist_ok=True)
        golden.write_text(render(stack)[path])
    assert render(stack)[path] == golden.read_text()


@pytest.mark.parametrize("stack", EVERY)
def test_no_file_is_left_unreviewed(stack: str) -> None:
    reviewed = {str(path.relative_to(GOLDEN / stack)) for path in (GOLDEN / stack).rglob("*") if path.is_file()}
    assert set(render(stack)) == reviewed


@pytest.mark.parametrize("stack", EVERY)
def test_every_tree_parses_with_one_server_a_site(stack: str, tmp_path: Path) -> None:
    plan = make_plan(merge_values(stack), ROOT)
    trees = [fleet.tree for fleet in make_fleet(plan)] if plan.settings.ecs else [plan.render()]
    found = [args for tree in trees for args in list_names(tree, tmp_path / tree.digest)]
    # That of the load balancer, too, and that of HTTPS.
    wanted = [
        ("_",),
        *((("_",),) if plan.settings.ecs or plan.settings.tls else ()),
        *(site.hosts for site in plan.settings.sites),
    ]
    assert sorted(found) == sorted(wanted)


def list_names(tree: Tree, folder: Path) -> list[tuple[str, ...]]:
    folder.mkdir()
    return [found.args for found in parse_tree(tree, folder).find("server_name")]
