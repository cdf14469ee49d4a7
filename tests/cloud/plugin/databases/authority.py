"""The authority of a cloud's databases: one of its own, as RDS has one that no image knows."""

import secrets
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tests.cloud.plugin.cloud import Cloud

_PEM: Final = serialization.Encoding.PEM


def find_bundle(cloud: Cloud) -> Path:
    """What clients take to know whom the authority has signed for; it is there once a database is."""
    return cloud.folder / "databases" / "bundle.pem"


def issue(cloud: Cloud, address: str) -> tuple[bytes, bytes]:
    """A key and a certificate for a server at this address."""
    with cloud.lock():
        signer, authority = _open(cloud)
    key = ec.generate_private_key(ec.SECP256R1())
    # A common name has 64 characters at most, and an address has more; clients read the other one.
    made = (
        _begin(address[:64], authority.subject, key)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(address)]), critical=False)
        .sign(signer, hashes.SHA256())
    )
    return _write(key), made.public_bytes(_PEM)


def _open(cloud: Cloud) -> tuple[ec.EllipticCurvePrivateKey, x509.Certificate]:
    bundle = find_bundle(cloud)
    file = bundle.with_name("authority.key")
    if not file.is_file():
        bundle.parent.mkdir(exist_ok=True)
        key = ec.generate_private_key(ec.SECP256R1())
        # Another one for each cloud, so that who trusts one knows nothing of the others.
        name = f"The double's authority for databases {secrets.token_hex(4)}"
        made = (
            _begin(name, x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)]), key)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .sign(key, hashes.SHA256())
        )
        bundle.write_bytes(made.public_bytes(_PEM))
        file.write_bytes(_write(key))
    found = serialization.load_pem_private_key(file.read_bytes(), None)
    assert isinstance(found, ec.EllipticCurvePrivateKey)  # it was made here
    return found, x509.load_pem_x509_certificate(bundle.read_bytes())


def _begin(name: str, issuer: x509.Name, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
    begin = datetime.now(UTC) - timedelta(hours=1)
    return (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)]))
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begin)
        .not_valid_after(begin + timedelta(days=365))
    )


def _write(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(_PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
