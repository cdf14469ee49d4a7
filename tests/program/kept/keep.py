"""Everything of a stack that a later version of Portico must find again: Pulumi's names, and what replaces a resource.

    PYTHONPATH=.portico/path:. .venv/bin/python -m tests.program.kept.keep

writes the file of the present version. No test needs the history of this repository for it.
"""

import json
import sys
import tempfile
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import pulumi

import portico
from portico.components.docker.portico_args import PorticoArgs
from portico.components.docker.stack import Portico
from portico.config.services.urls import add_urls
from tests.components.recorder import CONTAINER, Recorder, Resource, run
from tests.components.sample import WithImages, make_stack
from tests.config.sample import write_files

FOLDER: Final = Path(__file__).parent
# An application of this folder's own: another one would be another release.
SHOP: Final = {
    "requirements.txt": "flask==3.1.3\n",
    "web.py": "from flask import Flask\n\napp = Flask(__name__)\n",
    "static/shop.css": "body { margin: 0 }\n",
}
SITES: Final[list[dict[str, Any]]] = [
    {
        "name": "shop",
        "source": "shop",
        "entry": "web:app",
        "hosts": ["shop.example"],
        "environment": {"COLOUR": "blue"},
        "data": [{"name": "media", "path": "/media", "url": "/media/"}],
        "release": {"command": "flask db upgrade"},
        "workers": [
            {"name": "queue", "command": "flask work", "replicas": 2},
            {"name": "beat", "command": "flask beat", "single": True},
        ],
        "schedule": [{"name": "nightly", "cron": "30 3 * * *", "command": "flask tidy"}],
        "uses": ["db"],
    },
    {"name": "blog", "source": "shop", "entry": "web:app", "hosts": ["blog.example"], "replicas": 1},
]
STACK: Final[dict[str, Any]] = {
    "address": "0.0.0.0",
    "port": 80,
    "tls": {"port": 443, "acme": {"email": "ops@shop.example"}},
    "services": [{"name": "db", "kind": "postgres"}],
    "backups": {"to": "/srv/backups"},
}
# As the update before has left it. A first update makes another password each time.
KNOWN: Final = {
    "urn:pulumi:test::portico::portico:index:Portico$portico:index:Service::db-service": {
        "type": "portico:index:Service",
        "outputs": {"component": "db-service", "passwords": {"shop": "kept-password"}},
    }
}
# They hold NGINX's files, serve nobody, and end: another one is a reload.
SERVING_NOBODY: Final = ("check", "switch")
# A container keeps running when these change.
UPDATED: Final = ("memory", "memorySwap", "cpuShares", "restart", "maxRetryCount", "waitTimeout", "destroyGraceSeconds")

Kept = dict[str, dict[str, str]]


def make(root: Path) -> Recorder:
    """A stack on Docker with one of everything."""
    write_files(root / "shop", SHOP)

    def build() -> None:
        stack = make_stack(root, *SITES, **STACK)
        texts = add_urls(stack.settings, {})
        stack = replace(
            stack,
            private=replace(stack.private, backups={"key": "k" * 32}),
            secrets={name: pulumi.Output.secret(dict(values)) for name, values in texts.items()},
        )
        Portico("portico", PorticoArgs(stack=stack, root=root, engine=WithImages(images=None), resources=KNOWN))

    return run(build)


def summarize(made: Recorder, root: Path) -> Kept:
    """Each resource by its URN: of those of Docker's provider also a digest of each input."""
    kept: Kept = {}
    for one in made.resources:
        role = one.labels.get("portico.role", "") if one.type == CONTAINER else ""
        if role not in SERVING_NOBODY:
            kept[one.urn] = digest(one, root) if one.type.startswith("docker:") else {}
    return kept


def digest(one: Resource, root: Path) -> dict[str, str]:
    passed_over = (*UPDATED, *one.ignore_changes)
    texts = {key: json.dumps(value, sort_keys=True) for key, value in one.inputs.items() if key not in passed_over}
    return {key: sha256(text.replace(str(root), "").encode()).hexdigest()[:12] for key, text in texts.items()}


def list_replaced(kept: Kept, present: Kept) -> list[str]:
    """What an update from one to the other removes or replaces, each with the inputs that differ."""
    return [
        f"{urn}: {'is gone' if urn not in present else ', '.join(differing)}"
        for urn, inputs in kept.items()
        if urn not in present
        or (differing := sorted(key for key in inputs | present[urn] if inputs.get(key) != present[urn].get(key)))
    ]


def main() -> None:
    file = FOLDER / f"{portico.__version__}.json"
    if file.exists() and "--again" not in sys.argv:
        sys.exit(f"{file.name} is there already: what a version has made does not change. --again writes it again.")
    with tempfile.TemporaryDirectory() as root:
        kept = summarize(make(Path(root)), Path(root))
    lines = (f"{json.dumps(urn)}: {json.dumps(inputs, sort_keys=True)}" for urn, inputs in sorted(kept.items()))
    file.write_text("{\n" + ",\n".join(lines) + "\n}\n")
    print(f"{file.name}: {len(kept)} resources")


if __name__ == "__main__":
    main()
