"""The local authority: certificates that a client who trusts it accepts, kept and renewed in time."""

import ssl
import stat
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509

from portico.config.tls import local_ca as authority
from portico.config.tls.local_ca import issue_certificate

HOSTS = ("shop.example", "*.shop.example", "localhost", "www.shop.example")


def issue(folder: Path, hosts: Sequence[str] = HOSTS, name: str = "shop") -> tuple[str, str]:
    return issue_certificate(folder, name, hosts)


def leaf(pair: tuple[str, str]) -> x509.Certificate:
    return x509.load_pem_x509_certificates(pair[0].encode())[0]


def shake_hands(folder: Path, pair: tuple[str, str], host: str, flags: int = 0) -> None:
    """A TLS handshake in memory between a server with `pair` and a client that trusts the authority alone."""
    (folder / "pair.crt").write_text(pair[0])
    (folder / "pair.key").write_text(pair[1])
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(folder / "pair.crt", folder / "pair.key")
    client = ssl.create_default_context(cafile=folder / "authority.crt")
    client.verify_flags |= flags
    up, down = ssl.MemoryBIO(), ssl.MemoryBIO()
    ends = [
        client.wrap_bio(down, up, server_hostname=host),
        server.wrap_bio(up, down, server_side=True),
    ]
    for _ in range(4):
        for end in ends:
            try:
                end.do_handshake()
            except ssl.SSLWantReadError:
                continue
    assert ends[0].version() == "TLSv1.3"


@pytest.mark.parametrize("host", ["shop.example", "a.shop.example", "localhost", "www.shop.example"])
def test_a_client_that_trusts_the_authority_accepts_every_host(tmp_path: Path, host: str) -> None:
    shake_hands(tmp_path, issue(tmp_path), host)


@pytest.mark.parametrize("host", ["other.example", "a.b.shop.example"])
def test_no_other_host_is_accepted(tmp_path: Path, host: str) -> None:
    pair = issue(tmp_path)
    with pytest.raises(ssl.SSLCertVerificationError, match="Hostname mismatch"):
        shake_hands(tmp_path, pair, host)


def test_without_trust_nothing_is_accepted(tmp_path: Path) -> None:
    pair = issue(tmp_path / "one")
    issue(tmp_path / "other")
    with pytest.raises(ssl.SSLCertVerificationError):
        shake_hands(tmp_path / "other", pair, "shop.example")


def test_it_holds_all_hosts_and_is_no_authority_itself(tmp_path: Path) -> None:
    found = leaf(issue(tmp_path))
    names = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert tuple(names.get_values_for_type(x509.DNSName)) == HOSTS
    assert not found.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    above = x509.load_pem_x509_certificate((tmp_path / "authority.crt").read_bytes())
    found.verify_directly_issued_by(above)
    limits = above.extensions.get_extension_for_class(x509.BasicConstraints).value
    assert (limits.ca, limits.path_length) == (True, 0)


def test_browsers_accept_how_long_it_lasts(tmp_path: Path) -> None:
    found = leaf(issue(tmp_path))
    lasts = found.not_valid_after_utc - found.not_valid_before_utc
    assert timedelta(days=300) < lasts <= timedelta(days=398)
    assert found.not_valid_before_utc < datetime.now(UTC)


def test_it_is_kept_while_it_is_good(tmp_path: Path) -> None:
    assert issue(tmp_path) == issue(tmp_path)


@pytest.mark.parametrize("hosts", [HOSTS[:1], (*HOSTS, "new.example"), tuple(reversed(HOSTS))], ids=str)
def test_other_hosts_get_another_one_of_the_same_authority(tmp_path: Path, hosts: tuple[str, ...]) -> None:
    before = issue(tmp_path)
    trusted = (tmp_path / "authority.crt").read_bytes()
    after = issue(tmp_path, hosts)
    assert leaf(after).serial_number != leaf(before).serial_number
    assert (tmp_path / "authority.crt").read_bytes() == trusted
    shake_hands(tmp_path, after, "shop.example")


@pytest.mark.parametrize(("days", "renewed"), [(31, False), (29, True)])
def test_it_is_renewed_when_a_month_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, days: int, renewed: bool
) -> None:
    monkeypatch.setattr(authority, "_LEAF_DAYS", days)
    before = issue(tmp_path)
    monkeypatch.undo()
    assert (leaf(issue(tmp_path)).serial_number != leaf(before).serial_number) == renewed


@pytest.mark.parametrize("lost", ["site-shop.key", "site-shop.crt"])
def test_a_lost_file_is_made_anew_with_its_other_half(tmp_path: Path, lost: str) -> None:
    issue(tmp_path)
    (tmp_path / lost).unlink()
    shake_hands(tmp_path, issue(tmp_path), "shop.example")


def test_sites_share_the_authority_and_nothing_else(tmp_path: Path) -> None:
    shop, blog = issue(tmp_path), issue(tmp_path, ["blog.example"], "blog")
    shake_hands(tmp_path, shop, "shop.example")
    shake_hands(tmp_path, blog, "blog.example")
    assert shop[1] != blog[1] and leaf(shop).issuer == leaf(blog).issuer


def test_only_the_owner_reads_the_keys(tmp_path: Path) -> None:
    issue(tmp_path / "a" / "authority")
    folder = tmp_path / "a" / "authority"
    assert {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.glob("*.key")} == {
        "authority.key": 0o600,
        "site-shop.key": 0o600,
    }
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_the_authoritys_key_never_leaves_its_folder(tmp_path: Path) -> None:
    pair = issue(tmp_path)
    key = (tmp_path / "authority.key").read_text()
    assert key not in pair[0] + pair[1] and pair[0].count("BEGIN CERTIFICATE") == 2


def test_a_new_authority_signs_anew(tmp_path: Path) -> None:
    issue(tmp_path)
    for name in ("authority.crt", "authority.key"):
        (tmp_path / name).unlink()
    shake_hands(tmp_path, issue(tmp_path), "shop.example")


def test_an_authority_is_renewed_in_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(authority, "_AUTHORITY_DAYS", 1)
    issue(tmp_path)
    monkeypatch.undo()
    found = leaf(issue(tmp_path))
    above = x509.load_pem_x509_certificate((tmp_path / "authority.crt").read_bytes())
    assert found.not_valid_after_utc <= above.not_valid_after_utc


def test_an_address_is_a_host_too(tmp_path: Path) -> None:
    shake_hands(tmp_path, issue(tmp_path, ["127.0.0.1"]), "127.0.0.1")


def test_strict_clients_accept_it(tmp_path: Path) -> None:
    shake_hands(tmp_path, issue(tmp_path), "shop.example", ssl.VERIFY_X509_STRICT)


def test_a_site_may_be_called_authority(tmp_path: Path) -> None:
    shake_hands(tmp_path, issue(tmp_path, name="authority"), "shop.example")


@pytest.mark.parametrize("half", ["authority", "site-shop"])
def test_an_interrupted_renewal_is_made_good(tmp_path: Path, half: str) -> None:
    issue(tmp_path / "other")
    issue(tmp_path)
    # The new key is there, and its certificate is still the old one.
    (tmp_path / f"{half}.key").write_bytes((tmp_path / "other" / f"{half}.key").read_bytes())
    if half == "authority":
        (tmp_path / "site-shop.crt").unlink()
    shake_hands(tmp_path, issue(tmp_path), "shop.example")
