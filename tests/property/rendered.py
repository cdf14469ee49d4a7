"""Everything that is written for a stack, and NGINX's part of it read back."""

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from tempfile import NamedTemporaryFile, TemporaryDirectory
from types import CodeType
from typing import Any, Self
from unittest.mock import patch

import crossplane

from portico.config.checks import check_settings
from portico.config.release.assemble import make_release
from portico.config.release.release import Release
from portico.config.render.layout import Layout, lay_out
from portico.config.render.nginx import render_nginx
from portico.config.render.tree import Tree
from portico.config.settings import Settings
from portico.config.targets.ecs import adapt
from portico.config.tls.nginx_secrets import Private, read_private
from tests.config.nginx_file import Directive


@dataclass(frozen=True, kw_only=True)
class Rendered:
    """The files of a stack in one of the two layouts."""

    settings: Settings
    releases: tuple[Release, ...]
    layout: Layout
    tree: Tree
    private: Private = field(repr=False)

    def with_files(self, files: Mapping[str, str]) -> Self:
        """The same with other files."""
        return replace(self, tree=replace(self.tree, files=files))

    def gunicorn(self, release: Release, address: str = "0.0.0.0:8000") -> dict[str, Any]:
        """What Gunicorn reads off the configuration file of one site: the file is executed."""
        values: dict[str, Any] = {}
        with patch.dict(os.environ, {"PORTICO_ADDRESS": address}):
            exec(_compile(release.context[".portico/gunicorn.conf.py"].content), values)
        return values


@cache
def _compile(file: bytes) -> CodeType:
    return compile(file, "gunicorn.conf.py", "exec")


def render(values: Mapping[str, Any], root: Path, layout: str = "conf.d") -> Rendered:
    """Check `values` and write everything, as `pulumi up` does; on ECS for the only site."""
    settings = check_settings(values, root)
    private = read_private(settings, root)
    balanced = settings.target == "ecs"
    if balanced:
        (site,) = settings.sites
        settings = adapt(settings, site)
    releases = tuple(make_release(settings, site, root, {}) for site in settings.sites)
    place = lay_out(settings, layout)
    tree = render_nginx(settings, releases, place, private.digest, balanced=balanced)
    return Rendered(settings=settings, releases=releases, layout=place, tree=tree, private=private)


def spell(rendered: Rendered) -> dict[str, Any]:
    """Everything that is written, by name."""
    tree = rendered.tree
    contexts = {
        f"{release.site.name} {release.id} {release.image} {path}": file.content.decode()
        for release in rendered.releases
        for path, file in release.context.items()
    }
    return {"tree": dict(tree.files), "links": dict(tree.links), "digest": tree.digest, "contexts": contexts}


@contextmanager
def written(tree: Tree, layout: Layout) -> Iterator[Path]:
    """The tree in a folder of this machine: files that it includes by absolute path are there too."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        for path, text in tree.files.items():
            here = text.replace("include      /etc/nginx/mime.types;", f"include      {folder}/mime.types;")
            here = re.sub(rf"include +{layout.certificates}/live/", f"include {folder}/certificates/", here)
            here = here.replace(f"include {layout.files}/", f"include {folder}/")
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(here)
        for path, target in tree.links.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).symlink_to(target)
        for site, files in list_ordered(tree, layout, issued=True).items():
            (folder / "certificates" / site).mkdir(parents=True)
            for path, text in files.items():
                (folder / "certificates" / site / path).write_text(text)
        (folder / "mime.types").write_text("types {\n    text/html html;\n    text/css  css;\n}\n")
        yield folder


_NONE = {"certificate.conf": "ssl_reject_handshake on;\n", "names.map": ""}
_ISSUED = {
    "certificate.conf": "ssl_certificate /srv/chain.pem;\nssl_certificate_key /srv/key.pem;\n",
    "names.map": '"http shop.example" yes;\n',
}


def list_ordered(tree: Tree, layout: Layout, *, issued: bool = False) -> dict[str, dict[str, str]]:
    """The files of certificates that are ordered, by site: before the first one, or once each is `issued`."""
    text = "".join(tree.files.values())
    sites = re.findall(rf"include +{re.escape(layout.certificates)}/live/([a-z0-9-]+)/certificate.conf", text)
    return {site: _ISSUED if issued else _NONE for site in sites}


def parse(rendered: Rendered) -> Directive:
    """The whole configuration, its includes in place."""
    with written(rendered.tree, rendered.layout) as folder:
        payload = crossplane.parse(str(folder / "nginx.conf"), combine=True)
    assert payload["errors"] == []
    return Directive("main", (), tuple(_read(line) for line in payload["config"][0]["parsed"]))


def parse_file(text: str) -> Directive:
    """One file alone: what it includes is not read."""
    with NamedTemporaryFile("w", suffix=".conf") as file:
        file.write(text)
        file.flush()
        payload = crossplane.parse(file.name, single=True, check_ctx=False)
    assert payload["errors"] == []
    return Directive("main", (), tuple(_read(line) for line in payload["config"][0]["parsed"]))


def _read(line: Mapping[str, Any]) -> Directive:
    return Directive(line["directive"], tuple(line["args"]), tuple(_read(inner) for inner in line.get("block", [])))
