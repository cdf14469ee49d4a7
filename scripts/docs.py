"""Writes the documents that are made from the program itself: settings, presets, schema and rendered files."""

import sys
from collections.abc import Callable
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from portico.config.checks import check_settings  # noqa: E402
from portico.config.deploy_policy import make_writer, write_policies  # noqa: E402
from portico.config.permissions import KINDS  # noqa: E402
from portico.config.reference import write_presets, write_reference  # noqa: E402
from portico.config.release.assemble import make_release  # noqa: E402
from portico.config.render.nginx import render_nginx  # noqa: E402
from portico.config.schema import write_schema  # noqa: E402
from portico.policies.document import write_rules  # noqa: E402
from scripts.pictures import draw_architecture, draw_release, draw_status  # noqa: E402

_FILES = """# The files that Portico writes

For the stack `dev` and its site `hello`, as `pulumi up` puts them into the containers. Written by `make docs`.
"""


def write_files() -> str:
    """The rendered files of the stack dev as Markdown."""
    values = {
        key.removeprefix("portico:"): value
        for key, value in yaml.safe_load((ROOT / "Pulumi.dev.yaml").read_text())["config"].items()
    }
    settings = check_settings(values, ROOT)
    releases = [make_release(settings, site, ROOT, {}) for site in settings.sites]
    tree = render_nginx(settings, releases)
    context = releases[0].context
    # As long as the ids themselves, so that comments beside them stand as they do in the real files.
    texts = {
        "nginx.conf": tree.files["nginx.conf"],
        "conf.d/hello.conf": tree.files["conf.d/hello.conf"].replace(releases[0].id, "<release-id>"),
        "conf.d/00-status.conf": tree.files["conf.d/00-status.conf"].replace(tree.digest, "<treedigest>"),
        "gunicorn.conf.py": context[".portico/gunicorn.conf.py"].content.decode(),
        "Dockerfile": context["Dockerfile"].content.decode(),
    }
    languages = {"gunicorn.conf.py": "python", "Dockerfile": "dockerfile"}
    parts = [f"## {name}\n\n```{languages.get(name, 'nginx')}\n{text.strip()}\n```\n" for name, text in texts.items()]
    return "\n".join([_FILES, *parts])


# Every generated document, and what writes it.
WRITERS: dict[str, Callable[[], str]] = {
    "settings.md": write_reference,
    "presets.md": write_presets,
    "stack.schema.json": write_schema,
    "files.md": write_files,
    "policies.md": write_rules,
    "architecture.svg": draw_architecture,
    "release.svg": draw_release,
    "status.svg": draw_status,
    **{
        f"hosts/policy-{target}-{part}.json": make_writer(target, part)
        for target in KINDS
        for part in write_policies(target)
    },
}

if __name__ == "__main__":
    for name, write in WRITERS.items():
        (ROOT / "docs" / name).write_text(write())
