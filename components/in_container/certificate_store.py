"""Certificates as NGINX reads them, each pair in a folder of its own: for certificates.py.

NGINX follows live/SITE, which NGINX's own side sets (adopt.sh); here offered/SITE is set.
"""

import os
import shutil
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.serialization import load_pem_private_key

KEPT = 3  # pairs of each site, besides those that NGINX may read
EDGE = "/srv/certificates"


@dataclass(frozen=True)
class Pair:
    """A chain and its key as PEM texts, and what its certificate says."""

    chain: str
    key: str
    names: tuple[str, ...]
    issuer: str
    begins: datetime
    ends: datetime
    id: str

    @property
    def life(self) -> float:
        """Seconds from its begin to its end."""
        return (self.ends - self.begins).total_seconds()

    @property
    def rest(self) -> float:
        """Seconds until its end; below 0 afterwards."""
        return (self.ends - datetime.now(UTC)).total_seconds()


def read_pair(chain: Path, key: Path) -> Pair:
    """The pair in these files. Raises OSError, and ValueError with what does not fit."""
    text, secret = chain.read_text(), key.read_text()
    leaf, *above = x509.load_pem_x509_certificates(text.encode())
    if load_pem_private_key(secret.encode(), None).public_key() != leaf.public_key():
        raise ValueError("the key is not that of the certificate")
    below = leaf
    for one in above:
        try:
            below.verify_directly_issued_by(one)
        except (InvalidSignature, ValueError, TypeError) as error:
            raise ValueError("a certificate of the chain is not signed by the next one") from error
        below = one
    if not above:
        raise ValueError("the chain lacks the certificate that signed this one")
    if (now := datetime.now(UTC)) >= leaf.not_valid_after_utc:
        raise ValueError(
            f"it ended at {leaf.not_valid_after_utc:%Y-%m-%d %H:%M}, and it is {now:%Y-%m-%d %H:%M} UTC here"
        )
    names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value.get_values_for_type(x509.DNSName)
    signer = leaf.issuer.get_attributes_for_oid(x509.NameOID.COMMON_NAME) or list(leaf.issuer)
    ends = leaf.not_valid_after_utc
    return Pair(
        chain=text,
        key=secret,
        names=tuple(names),
        issuer=str(signer[0].value) if signer else "",
        begins=leaf.not_valid_before_utc,
        ends=ends,
        id=f"{ends:%Y%m%d%H%M}-{leaf.serial_number:x}"[:32],
    )


def offer(root: Path, site: str, pair: Pair) -> None:
    """Write it for NGINX, completely or not at all. Raises OSError."""
    folder = root / "store" / site
    target, partial = folder / pair.id, folder / f".{pair.id}"
    if not target.is_dir():
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True, mode=0o750)
        edge = f"{EDGE}/store/{site}/{pair.id}"
        _write(partial / "fullchain.pem", pair.chain)
        _write(partial / "key.pem", pair.key)
        _write(
            partial / "certificate.conf",
            f"ssl_certificate     {edge}/fullchain.pem;  # the certificate and its chain\n"
            f"ssl_certificate_key {edge}/key.pem;  # its private key\n",
        )
        # NGINX's files say what names.map is for.
        _write(partial / "names.map", "".join(f'"{_spell_lead(name)}" yes;\n' for name in pair.names))
        partial.rename(target)
    _lead(root / "offered" / site, f"../store/{site}/{pair.id}")
    _prune(root, site)


def read_offered(root: Path, site: str) -> Pair | None:
    """The pair that was written last, None where there is none that is still valid."""
    folder = root / "offered" / site
    try:
        return read_pair(folder / "fullchain.pem", folder / "key.pem")
    except (OSError, ValueError):
        return None


def read_refusal(root: Path, site: str) -> str:
    """Why NGINX rejects the present pair; "" where it accepts it."""
    try:
        target, *why = (root / "live" / f"{site}.refused").read_text(errors="replace").splitlines()
        return " ".join(why) if target == os.readlink(root / "offered" / site) else ""
    except (OSError, ValueError):
        return ""


def list_names(pair: Pair | None, wanted: Sequence[str]) -> tuple[list[str], list[str]]:
    """Those of the wanted names that a pair has, and those that it lacks."""
    have = pair.names if pair else ()
    return [name for name in wanted if name in have], [name for name in wanted if name not in have]


def _spell_lead(name: str) -> str:
    """A request by plain HTTP for that name, as NGINX's map looks for it: a star stands for one label."""
    if not name.startswith("*."):
        return f"http {name}"
    rest = name[1:].replace(".", r"\.")
    return f"~^http [^.]+{rest}$"


def _write(path: Path, text: str) -> None:
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o640), "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def _lead(link: Path, target: str) -> None:
    partial = link.with_name(f".{link.name}")
    partial.unlink(missing_ok=True)
    partial.symlink_to(target)
    partial.replace(link)


def _prune(root: Path, site: str) -> None:
    used = set()
    for place in ("live", "offered"):
        with suppress(OSError):
            used.add(Path(os.readlink(root / place / site)).name)
    folders = [one for one in (root / "store" / site).iterdir() if one.is_dir()]
    for old in sorted(folders, key=lambda one: one.stat().st_mtime)[:-KEPT]:
        if old.name not in used:
            shutil.rmtree(old, ignore_errors=True)
