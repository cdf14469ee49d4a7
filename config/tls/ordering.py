"""What the client needs that orders certificates: its image, its words, and what of the settings it alone may read."""

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Final

from portico.config.in_container import read_script
from portico.config.render.templates import render
from portico.config.settings import Settings
from portico.config.source.files import File

# Its image's name among those of the sites: none of them may be called so.
CLIENT: Final = "acme_client"
# Its user: it writes what NGINX's group reads, and NGINX can change none of it.
USER: Final = "102:101"
_MODULES: Final = ("certbot", "certificate_store", "certificates")


def make_context(settings: Settings) -> Mapping[str, File]:
    """What its image is built from."""
    dockerfile = render("acme/Dockerfile.j2", image=settings.python_image)
    return {
        "Dockerfile": File(dockerfile.encode()),
        "certbot.lock": File(read_script("certbot.lock").encode()),
    }


def write_words(settings: Settings) -> list[str]:
    """Its command: the script with its modules, and what is to be ordered where."""
    acme = settings.tls.acme if settings.tls else None
    assert acme
    reported = {
        "server": acme.server,
        "email": acme.email,
        "sites": {site.name: list(dict.fromkeys([*site.hosts, *site.aliases])) for site in settings.ordered},
    }
    return ["python3", "-I", "-c", read_script("bundle.py"), _bundle(), json.dumps(reported)]


def list_client_files(settings: Settings, root: Path, key: str = "") -> dict[str, str]:
    """Files for the client by name; paths count from `root`, `key` is that of an account elsewhere, a secret."""
    acme = settings.tls.acme if settings.tls else None
    files: dict[str, str] = {}
    if acme and acme.ca_bundle:
        files["ca.pem"] = (root / acme.ca_bundle).read_text(errors="replace")
    if acme and acme.eab:
        files["eab"] = f"eab-kid = {acme.eab}\neab-hmac-key = {key}\n"
    return files


@cache
def _bundle() -> str:
    """The script and its modules, by name, in the order in which they need one another."""
    return json.dumps([(f"portico.components.in_container.{name}", read_script(f"{name}.py")) for name in _MODULES])
