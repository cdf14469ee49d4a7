"""What the client needs that orders certificates: its image, its words, and what of the settings it alone may read."""

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

from portico.config.in_container import read_script
from portico.config.ordered_names import list_ordered
from portico.config.render.templates import render
from portico.config.settings import Settings
from portico.config.source.files import File

# Its image's name among those of the sites: none of them may be called so.
CLIENT: Final = "acme_client"
# Its user: it writes what NGINX's group reads, and NGINX can change none of it.
USER: Final = "102:101"
_MODULES: Final = ("certbot", "certificate_store", "certificate_notes", "certificates")
# Certbot finds a plugin by what its package says of itself.
_PLUGIN: Final = "proofs/portico_proofs-1.dist-info"


def make_context(settings: Settings) -> Mapping[str, File]:
    """What its image is built from."""
    acme = settings.tls.acme if settings.tls else None
    dns = bool(acme and acme.dns)
    dockerfile = render("acme/Dockerfile.j2", image=settings.python_image, dns=dns)
    files = {"Dockerfile": dockerfile, "certbot.lock": read_script("certbot_route53.lock" if dns else "certbot.lock")}
    if dns:
        files["proofs/portico_proofs.py"] = read_script("proofs.py")
        files[f"{_PLUGIN}/METADATA"] = "Metadata-Version: 2.1\nName: portico-proofs\nVersion: 1\n"
        files[f"{_PLUGIN}/entry_points.txt"] = "[certbot.plugins]\nportico-proofs = portico_proofs:Proofs\n"
    return {path: File(text.encode()) for path, text in files.items()}


def write_words(settings: Settings) -> list[str]:
    """Its command: the script with its modules, and what is to be ordered where."""
    acme = settings.tls.acme if settings.tls else None
    assert acme
    reported: dict[str, Any] = {
        "server": acme.server,
        "email": acme.email,
        "sites": {site.name: list(list_ordered(site)) for site in settings.ordered},
    }
    if acme.dns:
        reported["dns"] = {"names": acme.dns.names, "endpoint": acme.dns.endpoint or ""}
    return ["python3", "-I", "-c", read_script("bundle.py"), _bundle(), json.dumps(reported)]


def list_client_files(settings: Settings, root: Path, key: str = "", dns: str = "") -> dict[str, str]:
    """Files for the client by name; paths count from `root`.

    `key` is that of an account elsewhere, `dns` that of Route 53; both are secrets.
    """
    acme = settings.tls.acme if settings.tls else None
    files: dict[str, str] = {}
    if acme and acme.ca_bundle:
        files["ca.pem"] = (root / acme.ca_bundle).read_text(errors="replace")
    if acme and acme.eab:
        files["eab"] = f"eab-kid = {acme.eab}\neab-hmac-key = {key}\n"
    if acme and acme.dns:
        files["aws"] = f"[default]\naws_access_key_id = {acme.dns.access_key}\naws_secret_access_key = {dns}\n"
    return files


@cache
def _bundle() -> str:
    """The script and its modules, by name, in the order in which they need one another."""
    return json.dumps([(f"portico.components.in_container.{name}", read_script(f"{name}.py")) for name in _MODULES])
