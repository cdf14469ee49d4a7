"""A small stack for the tests: the values of its stack file, and the folder of its one application."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from config.settings import Settings

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
