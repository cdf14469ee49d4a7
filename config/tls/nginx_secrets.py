"""Files that NGINX reads and nobody else may: certificates' keys and password hashes."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from portico.config.settings import Mistake, Mistakes, Settings
from portico.config.tls.local_ca import issue_certificate
from portico.config.tls.ordering import list_client_files


@dataclass(frozen=True)
class Private:
    """Private files by name; `digest` names them together, so that a renewed certificate is a new folder.

    `client` are those of the client that orders certificates (config/tls/ordering.py), `backups` those of what makes
    backups (config/backups.py).
    """

    files: Mapping[str, str] = field(default_factory=dict, repr=False)
    digest: str = ""
    client: Mapping[str, str] = field(default_factory=dict, repr=False)
    backups: Mapping[str, str] = field(default_factory=dict, repr=False)


def read_private(settings: Settings, root: Path, key: str = "", dns: str = "") -> Private:
    """Read or issue the certificates of every site but the ordered ones, and gather who may enter.

    Paths count from `root`; `key` is that of the account which tls.acme.eab names, `dns` that of tls.acme.dns. Raises
    Mistakes where a certificate cannot be used.
    """
    files: dict[str, str] = {}
    mistakes: list[Mistake] = []
    for index, site in enumerate(settings.sites):
        if site.users:
            files[f"{site.name}.users"] = "".join(f"{name}:{hashed}\n" for name, hashed in sorted(site.users.items()))
        if settings.tls is None or settings.is_ordered(site):
            continue
        if site.certificate is None:
            pair = issue_certificate(root / ".portico" / "authority", site.name, (*site.hosts, *site.aliases))
            files[f"{site.name}.crt"], files[f"{site.name}.key"] = pair
            continue
        for ending, path in (("crt", site.certificate.certificate), ("key", site.certificate.key)):
            name = f"sites[{index}].certificate.{'certificate' if ending == 'crt' else 'key'}"
            sign = "CERTIFICATE" if ending == "crt" else "PRIVATE KEY"
            if not (root / path).is_file():
                mistakes.append(Mistake(name, f'"{path}" is not a file; write the path of a PEM file'))
            elif ending == "key" and "ENCRYPTED" in (root / path).read_text(errors="replace"):
                mistakes.append(Mistake(name, f'"{path}" needs a passphrase, and NGINX asks nobody; write one without'))
            elif f"{sign}-----" not in (text := (root / path).read_text(errors="replace")):
                mistakes.append(Mistake(name, f'"{path}" holds no PEM {sign.lower()}; write the path of one that does'))
            else:
                files[f"{site.name}.{ending}"] = text
    if mistakes:
        raise Mistakes(mistakes)
    return replace(name_private(files), client=list_client_files(settings, root, key, dns))


def name_private(files: Mapping[str, str]) -> Private:
    """Name `files` by their content."""
    total = hashlib.sha256("\0".join(f"{name}\0{text}" for name, text in sorted(files.items())).encode())
    return Private(files, total.hexdigest()[:12] if files else "")
