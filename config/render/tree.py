"""A rendered tree of NGINX configuration."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Tree:
    """Config files by their path below NGINX's configuration folder, and the digest that names them.

    `links` are symbolic links: {path: target}.
    """

    files: Mapping[str, str]
    digest: str
    links: Mapping[str, str] = field(default_factory=dict)


def join_trees(trees: Mapping[str, Tree]) -> Tree:
    """One tree of several, each below a folder of its name."""
    files = {f"{name}/{path}": text for name, tree in trees.items() for path, text in tree.files.items()}
    links = {f"{name}/{path}": target for name, tree in trees.items() for path, target in tree.links.items()}
    return name_tree(files, links)


def name_tree(files: Mapping[str, str], links: Mapping[str, str] | None = None) -> Tree:
    """Name `files` by their content, and write that name where they hold @TREEDIGEST@.

    So a running NGINX can be asked which tree it serves.
    """
    total = hashlib.sha256()
    for path, text in sorted(files.items()):
        total.update(f"{path}\0{len(text)}\0{text}".encode())
    digest = total.hexdigest()[:12]
    return Tree(
        {path: text.replace("@TREEDIGEST@", digest) for path, text in sorted(files.items())}, digest, links or {}
    )
