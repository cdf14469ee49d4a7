"""NGINX files read back: parsed by crossplane, asked by directive name."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import crossplane

from config.tree import Tree


@dataclass(frozen=True)
class Directive:
    """A directive and, if it is a block, what is in it."""

    name: str
    args: tuple[str, ...]
    block: tuple["Directive", ...] = ()

    def find(self, name: str) -> list["Directive"]:
        """All directives of that name inside, at any depth, in order."""
        return [inner for inner in self.walk() if inner.name == name]

    def get(self, name: str) -> str:
        """The arguments of the only directive of that name directly inside."""
        (found,) = (inner for inner in self.block if inner.name == name)
        return " ".join(found.args)

    def walk(self) -> Iterator["Directive"]:
        """Everything inside, at any depth."""
        for inner in self.block:
            yield inner
            yield from inner.walk()


def parse_tree(tree: Tree, folder: Path) -> Directive:
    """The whole configuration, its includes in place; anything that NGINX's grammar forbids is an error."""
    for path, text in tree.files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text.replace("/etc/nginx/mime.types", "mime.types"))
    (folder / "mime.types").write_text("types { text/html html; }\n")
    payload = crossplane.parse(str(folder / "nginx.conf"), combine=True)
    assert payload["errors"] == []
    return Directive("main", (), tuple(_read(line) for line in payload["config"][0]["parsed"]))


def _read(line: dict[str, Any]) -> Directive:
    return Directive(line["directive"], tuple(line["args"]), tuple(_read(inner) for inner in line.get("block", [])))
