"""A certificate authority of this folder's own, for HTTPS in development."""

import os
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric import ec

# Browsers refuse leaves of more than 825 days; ours are renewed when a month is left.
_AUTHORITY_DAYS, _LEAF_DAYS, _RENEW_DAYS = 3650, 397, 30


def issue_certificate(folder: Path, name: str, hosts: Sequence[str]) -> tuple[str, str]:
    """A certificate (with its authority) and key for `hosts`, as PEM; kept in `folder` and renewed when due.

    Import `folder`/authority.crt into a browser to trust it. The authority's key never leaves `folder`.
    """
    # Only development needs it, and it takes a tenth of a second to import.
    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    authority, leaf, key = folder / "authority.crt", folder / f"site-{name}.crt", folder / f"site-{name}.key"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    both = authority.is_file() and (folder / "authority.key").is_file()
    if not (both and _lasts(authority, _LEAF_DAYS) and _is_pair(authority, folder / "authority.key")):
        _make(folder, "authority", "Portico local authority", (), None)
    if not (leaf.is_file() and key.is_file() and _is_pair(leaf, key) and _is_good(leaf, authority, hosts)):
        issuer = x509.load_pem_x509_certificate(authority.read_bytes())
        signer = load_pem_private_key((folder / "authority.key").read_bytes(), None)
        _make(folder, f"site-{name}", hosts[0], hosts, (issuer, signer))  # type: ignore[arg-type]
    return leaf.read_text() + authority.read_text(), key.read_text()


def _lasts(path: Path, days: int) -> bool:
    from cryptography import x509

    found = x509.load_pem_x509_certificate(path.read_bytes())
    return found.not_valid_after_utc - datetime.now(UTC) > timedelta(days=days)


def _is_pair(certificate: Path, key: Path) -> bool:
    """Whether both were written: an interrupted run leaves the key of one and the certificate of another."""
    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    public = x509.load_pem_x509_certificate(certificate.read_bytes()).public_key()
    return bool(load_pem_private_key(key.read_bytes(), None).public_key() == public)


def _is_good(leaf: Path, authority: Path, hosts: Sequence[str]) -> bool:
    from cryptography import x509
    from cryptography.exceptions import InvalidSignature

    found = x509.load_pem_x509_certificate(leaf.read_bytes())
    names = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    try:
        found.verify_directly_issued_by(x509.load_pem_x509_certificate(authority.read_bytes()))
    except (InvalidSignature, ValueError):
        return False
    return [str(name.value) for name in names] == list(hosts) and _lasts(leaf, _RENEW_DAYS)


def _name(host: str) -> "x509.GeneralName":
    from cryptography import x509

    try:
        return x509.IPAddress(ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _make(
    folder: Path,
    name: str,
    title: str,
    hosts: Sequence[str],
    issuer: "tuple[x509.Certificate, ec.EllipticCurvePrivateKey] | None",
) -> None:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, title[:64])])
    now = datetime.now(UTC)
    days = _LEAF_DAYS if issuer else _AUTHORITY_DAYS
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer[0].subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None if issuer else 0), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer[1].public_key() if issuer else key.public_key()),
            critical=False,
        )
        .add_extension(
            x509.KeyUsage(
                digital_signature=True,
                key_cert_sign=issuer is None,
                crl_sign=issuer is None,
                content_commitment=False,
                key_encipherment=False,
                data_encipherment=False,
                key_agreement=False,
                encipher_only=False,
                decipher_only=False,
            ),
            critical=True,
        )
    )
    if issuer:
        builder = builder.add_extension(
            x509.SubjectAlternativeName([_name(host) for host in hosts]), critical=False
        ).add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
    certificate = builder.sign(issuer[1] if issuer else key, hashes.SHA256())
    plain = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    with os.fdopen(os.open(folder / f"{name}.key", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(plain)
    (folder / f"{name}.crt").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
