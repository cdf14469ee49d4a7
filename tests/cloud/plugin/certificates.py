"""Certificates of the double's cloud: real ones for TLS, of nobody whom anybody trusts."""

import ssl
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tests.cloud.plugin.cloud import Cloud, Thing
from tests.cloud.plugin.fleet_kinds import CERTIFICATE


def issue(cloud: Cloud, certificate: Thing) -> None:
    """Make its key and its file."""
    names = list_names(certificate)
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, names[0][:64])])
    begin = datetime.now(UTC) - timedelta(hours=1)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begin)
        .not_valid_after(begin + timedelta(days=395))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(one) for one in names]), critical=False)
        .sign(key, hashes.SHA256())
    )
    plain = (
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    find_file(cloud, certificate.id).write_bytes(
        key.private_bytes(*plain) + made.public_bytes(serialization.Encoding.PEM)
    )


def list_names(certificate: Thing) -> list[str]:
    """The names that it is for."""
    return [certificate.inputs["domainName"], *certificate.inputs.get("subjectAlternativeNames", [])]


def find_file(cloud: Cloud, arn: str) -> Path:
    """Where its key and certificate lie, for clients that are to trust it."""
    folder = cloud.folder / "certificates"
    folder.mkdir(exist_ok=True)
    return folder / f"{arn.rpartition('/')[2]}.pem"


def make_context(cloud: Cloud, arns: Sequence[str]) -> ssl.SSLContext:
    """For a listener with these certificates: the first one, or the one that fits the name that is asked for."""
    contexts = {}
    for arn in arns:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.load_cert_chain(find_file(cloud, arn))
        contexts[arn] = context

    def choose(connection: ssl.SSLObject, name: str | None, _: ssl.SSLContext) -> None:
        for arn in arns:
            thing = cloud.find(arn, CERTIFICATE)
            if thing and name and any(_fits(one, name) for one in list_names(thing)):
                connection.context = contexts[arn]
                return

    first = contexts[arns[0]]
    first.sni_callback = choose
    return first


def _fits(pattern: str, name: str) -> bool:
    return name == pattern or (pattern.startswith("*.") and name.partition(".")[2] == pattern[2:])
