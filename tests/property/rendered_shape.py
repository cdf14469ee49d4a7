"""The structure of all rendered files: names and nesting without the words."""

import ast
import re
from functools import cache
from typing import Any

from tests.config.nginx_file import Directive
from tests.property.rendered import Rendered, parse_file


def shape(directive: Directive) -> Any:
    """Names, nesting and how many words each directive has; not the words."""
    return (directive.name, len(directive.args), tuple(shape(inner) for inner in directive.block))


def shape_of_everything(rendered: Rendered) -> Any:
    """The structure of all that is written: NGINX's files, Gunicorn's file and the Dockerfile."""
    context = rendered.releases[0].context
    python = ast.parse(context[".portico/gunicorn.conf.py"].content)
    # A path may add or leave out an assignment; what matters is that nothing else is there.
    statements = [type(node).__name__ for node in python.body]
    docker = context["Dockerfile"].content.decode()
    instructions = re.findall(r"^[A-Z]+(?= )", docker, re.MULTILINE)
    users = [text.count("\n") for name, text in rendered.private.files.items() if name.endswith(".users")]
    files = sorted((shape_of_file(hide_digests(rendered, text)) for text in rendered.tree.files.values()), key=repr)
    return files, statements, [instructions, users], set(rendered.tree.files)


def hide_digests(rendered: Rendered, text: str) -> str:
    """A file of NGINX without the names that follow from all else: most texts stand in one file or in none."""
    for digest in (rendered.tree.digest, *(release.id for release in rendered.releases)):
        text = text.replace(digest, "digest")
    return text


@cache
def shape_of_file(text: str) -> Any:
    return shape(parse_file(text))
