"""NGINX files read back: parsed by crossplane, asked by directive name."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import crossplane

from portico.config.render.tree import Tree


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

    def all(self, name: str) -> list[tuple[str, ...]]:
        """The arguments of every directive of that name directly inside, in order."""
        return [inner.args for inner in self.block if inner.name == name]

    def location(self, *args: str) -> "Directive":
        """The one location of these arguments, at any depth."""
        (found,) = (inner for inner in self.find("location") if inner.args == args)
        return found

    def walk(self) -> Iterator["Directive"]:
        """Everything inside, at any depth."""
        for inner in self.block:
            yield inner
            yield from inner.walk()


def parse_tree(tree: Tree, folder: Path) -> Directive:
    """The whole configuration, its includes in place; anything that NGINX's grammar forbids is an error."""
    for path, text in tree.files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        # Of a certificate that is ordered, the file of one that is not there yet stands beside.
        text = re.sub(r"(include +)/srv/certificates/live/[a-z0-9-]+/", r"\1", text)
        (folder / path).write_text(re.sub(r"(include +)/etc/nginx/", r"\1", text))
    for path, target in tree.links.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).unlink(missing_ok=True)
        (folder / path).symlink_to(target)
    (folder / "mime.types").write_text("types { text/html html; }\n")
    (folder / "certificate.conf").write_text("ssl_reject_handshake on;\n")
    (folder / "names.map").write_text("")
    payload = crossplane.parse(str(folder / "nginx.conf"), combine=True)
    assert payload["errors"] == []
    return Directive("main", (), tuple(_read(line) for line in payload["config"][0]["parsed"]))


def _read(line: dict[str, Any]) -> Directive:
    return Directive(line["directive"], tuple(line["args"]), tuple(_read(inner) for inner in line.get("block", [])))


def said(main: Directive, value: str) -> str:
    """What a header's value is where the application says nothing: that of the map, if it is a map's variable."""
    for found in main.find("map"):
        if found.args[0].startswith("$upstream_http_") and found.args[1] == value:
            return found.get("")
    return value


def servers_of(main: Directive, host: str) -> list[Directive]:
    """The servers that answer to the host name `host`, as written."""
    return [server for server in main.find("server") if any(host in args for args in server.all("server_name"))]


def list_levels(block: Directive, above: tuple[Directive, ...] = ()) -> Iterator[tuple[Directive, ...]]:
    """A block and every location below it, each with all that stand above it, outermost first."""
    levels = (*above, block)
    yield levels
    for inner in block.block:
        if inner.name == "location":
            yield from list_levels(inner, levels)


def inherit(levels: tuple[Directive, ...], name: str, merge: bool = False) -> list[tuple[str, ...]]:
    """What NGINX takes at the innermost level: the nearest level's directives, or with `merge` all of them."""
    if merge:
        return [args for level in levels for args in level.all(name)]
    return next((found for level in reversed(levels) if (found := level.all(name))), [])
