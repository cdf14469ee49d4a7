"""A small stack for the tests: the values of its stack file, and the folder of its one application."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from portico.config.release.release import make_release
from portico.config.render.layout import lay_out
from portico.config.render.nginx import render_nginx
from portico.config.render.tree import Tree
from portico.config.settings import Mistakes, Settings
from tests.config.nginx_file import Directive, parse_tree, servers_of

# What `htpasswd -nB` prints after the colon.
HASH = "$2y$05$" + "a" * 53
SHOP = {
    "requirements.txt": "flask==3.1.3\n",
    "web.py": "from flask import Flask\n\napp = Flask(__name__)\n\n\ndef create_app():\n    return app\n",
    "static/shop.css": "body { margin: 0 }\n",
}


def write_files(folder: Path, files: Mapping[str, str]) -> Path:
    """Write {path: text} below `folder`."""
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    return folder


def make_site(**changes: Any) -> dict[str, Any]:
    """The values of a site, as in a stack file; None leaves a key out."""
    site = {"name": "shop", "source": "shop", "entry": "web:app", "hosts": ["shop.example"]} | changes
    return {key: value for key, value in site.items() if value is not None}


def make_values(*sites: Any, **changes: Any) -> dict[str, Any]:
    """The values of a stack, as in a stack file."""
    return {"sites": list(sites) or [make_site()], **changes}


def read_settings(root: Path, *sites: Any, **changes: Any) -> Settings:
    """Checked settings; `root` holds the folders that the sites name."""
    return Settings.read(make_values(*sites, **changes), root)


def render(root: Path, *sites: Any, layout: str = "conf.d", **changes: Any) -> Tree:
    """NGINX's files; private files are below the folder "private-digest"."""
    settings = read_settings(root, *sites, **changes)
    releases = [make_release(settings, site, root, {}) for site in settings.sites]
    return render_nginx(settings, releases, lay_out(settings, layout), "private-digest")


def parse(root: Path, folder: Path, *sites: Any, **stack: Any) -> Directive:
    """The same, read back; `folder` is an empty one."""
    return parse_tree(render(root, *sites, **stack), folder)


def server_of(main: Directive) -> Directive:
    """The server that has the locations of the site shop.example."""
    (server,) = (found for found in servers_of(main, "shop.example") if found.all("error_page"))
    return server


# What a site must leave to NGINX where there is no upstream block: names of containers before 1.27.3.
EVEN: dict[str, Any] = {"balance": "round_robin", "weights": []}


def make_full_site(**changes: Any) -> dict[str, Any]:
    """The values of a site that uses every setting that makes a location or a header."""
    routes = [
        {"path": "/events", "stream": True},
        {"path": "/ws/", "websocket": True},
        {"path": "/upload/", "body": "1G", "requestBuffering": False, "rate": {"rate": "1r/s", "burst": 0}},
        {"path": "/news", "cache": "10s"},
        {"path": "/raw", "buffering": False, "timeout": "20s"},
    ]
    full = {
        "aliases": ["www.shop.example"],
        "balance": "least_conn",
        "weights": [3, 1],
        "replicas": 2,
        "users": {"ann": HASH},
        "limits": {"rate": {"rate": "10r/s"}},
        "routes": routes,
    }
    return make_site(**(full | changes))


def refuse(root: Path, values: Mapping[str, Any]) -> list[str]:
    """The lines of the report about `values`, without its headline."""
    with pytest.raises(Mistakes) as caught:
        Settings.read(values, root)
    headline, *lines = str(caught.value).splitlines()
    assert headline.endswith("in the settings; nothing was changed.")
    return [line.removeprefix("  ") for line in lines]
