"""HTTPS as Mozilla's profiles describe it, asked for with real clients.

They are those of version 6.0 (2026-04-06), the newest: https://ssl-config.mozilla.org/guidelines/6.0.json
"""

import asyncio
import re
import ssl
from typing import Any
from xml.etree import ElementTree

import pytest
from websockets.asyncio.client import connect as connect_websocket

from portico.components.docker.container_command import run_in
from portico.config.checks import check_settings
from portico.config.tls.nginx_secrets import read_private
from tests.attacks.edge import Edge, render, run_nginx
from tests.attacks.raw import ask, connect, get
from tests.protocols.secure import HOST, authority, curl, is_modern, run, shake, trust

pytestmark = pytest.mark.docker
OLD = (ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1)
STRONG = ("ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-ECDSA-AES256-GCM-SHA384", "ECDHE-ECDSA-CHACHA20-POLY1305")
TLS_1_3 = ("TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256")
# How keys may be agreed on, and ways that OpenSSL knows besides.
GROUPS = ("X25519MLKEM768", "X25519", "prime256v1", "secp384r1")
OTHER_GROUPS = ("SecP256r1MLKEM768", "MLKEM768", "secp521r1", "X448", "brainpoolP256r1", "secp256k1", "ffdhe2048")
# The same, as sslscan calls those that it knows.
SCANNED = {"x25519", "secp256r1 (NIST P-256)", "secp384r1 (NIST P-384)"}


@pytest.fixture(params=["local", "own"])
def edge(request: pytest.FixtureRequest) -> Edge:
    found: Edge = request.getfixturevalue(request.param)
    return found


# --- versions and ciphers


def test_versions(edge: Edge) -> None:
    assert shake(edge, trust(edge, ssl.TLSVersion.TLSv1_3))[0] == "TLSv1.3"
    if is_modern(edge):
        with pytest.raises(ssl.SSLError, match="PROTOCOL_VERSION"):
            shake(edge, trust(edge, ssl.TLSVersion.TLSv1_2))
    else:
        assert shake(edge, trust(edge, ssl.TLSVersion.TLSv1_2))[0] == "TLSv1.2"


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion")
@pytest.mark.parametrize("version", OLD, ids=lambda version: version.name)
def test_old_versions_are_refused(edge: Edge, version: ssl.TLSVersion) -> None:
    with pytest.raises(ssl.SSLError, match="PROTOCOL_VERSION"):
        shake(edge, trust(edge, version))


def test_ciphers(local: Edge) -> None:
    """Every cipher that OpenSSL knows is offered alone, as scanners do: the profile's are taken, no other is."""
    listed = run("openssl", "ciphers", "-s", "-tls1_2", "ALL:COMPLEMENTOFALL:@SECLEVEL=0").stdout.strip().split(":")
    assert len(listed) > 80 and {"NULL-SHA256", "AES256-SHA", "ECDHE-ECDSA-AES128-SHA"} <= set(listed)
    assert {name for name in listed if is_taken(local, name)} == set(STRONG)


def is_taken(edge: Edge, cipher: str) -> bool:
    try:
        return shake(edge, trust(edge, ssl.TLSVersion.TLSv1_2, ciphers=cipher))[1] == cipher
    except ssl.SSLError as error:
        assert re.search(r"HANDSHAKE_FAILURE|NO_CIPHER|NO_SHARED_CIPHER", str(error)), error
        return False


def test_groups(edge: Edge) -> None:
    """Each is offered alone, by the OpenSSL of NGINX's image: this machine's may be older than the first one."""
    to = f"-connect 127.0.0.1:{edge.tls_port} -servername {HOST} -tls1_3"
    script = f"for one; do openssl s_client {to} -groups $one </dev/null >/dev/null 2>&1 && echo $one; done; true"
    image = str(edge.container.attrs["Image"])
    within = ("docker", "run", "--rm", "--network=host", "--entrypoint=sh", image, "-c", script, "sh")
    done = run(*within, *GROUPS, *OTHER_GROUPS)
    assert done.returncode == 0 and done.stdout.split() == [*GROUPS], done


@pytest.mark.extended
@pytest.mark.scanner
def test_a_scanner_finds_what_mozilla_recommends_and_nothing_else(edge: Edge) -> None:
    done = run("sslscan", "--xml=-", f"--sni-name={HOST}", f"127.0.0.1:{edge.tls_port}")
    scan = ElementTree.fromstring(done.stdout).find("ssltest")
    assert scan is not None, done
    spoken = {
        f"{one.get('type')} {one.get('version')}" for one in scan.findall("protocol") if one.get("enabled") == "1"
    }
    ciphers = {(str(one.get("sslversion")), str(one.get("cipher"))) for one in scan.findall("cipher")}
    older = set() if is_modern(edge) else {("TLSv1.2", one) for one in STRONG}
    assert spoken == {"tls 1.3"} | ({"tls 1.2"} if older else set())
    assert ciphers == {("TLSv1.3", one) for one in TLS_1_3} | older
    assert {one.get("name") for one in scan.findall("group") if one.get("sslversion") == "TLSv1.3"} == SCANNED
    assert {one.get("vulnerable") for one in scan.findall("heartbleed")} == {"0"}
    assert [one.get("supported") for one in scan.findall("renegotiation")] == ["0"]


def test_openssl_agrees(edge: Edge) -> None:
    """A second client: the chain is whole, the group is one of the profile's, nothing is compressed."""
    for version, spoken in (("-tls1_3", True), ("-tls1_2", not is_modern(edge)), ("-tls1_1", False)):
        to = ("-connect", f"127.0.0.1:{edge.tls_port}", "-servername", HOST, version)
        checks = ("-CAfile", str(authority(edge)), "-verify_return_error", "-verify_hostname", HOST)
        done = run("openssl", "s_client", *to, *checks)
        assert (done.returncode == 0) == spoken, done
        if spoken:
            assert "Verify return code: 0 (ok)" in done.stdout
            # By its newer versions it is called otherwise, and they know the first group.
            assert re.search(r"(Temp Key|TLS1.3 group): X25519", done.stdout), done
            assert "Compression: NONE" in done.stdout or version == "-tls1_3"
            assert len(re.findall(r"^ *\d s:", done.stdout, re.MULTILINE)) == 2


# --- names and certificates


def test_the_certificate_is_for_the_host_names(edge: Edge) -> None:
    for name in (HOST, f"www.{HOST}"):
        shake(edge, trust(edge), name)
    with (
        pytest.raises(ssl.SSLCertVerificationError),
        connect(edge.tls_port, tls=ssl.create_default_context(), name=HOST),
    ):
        pass


@pytest.mark.parametrize("name", ["elsewhere.example", "localhost", "sub.secure.localhost", ""])
def test_an_unknown_name_gets_no_certificate(edge: Edge, name: str) -> None:
    context = trust(edge)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    with pytest.raises(ssl.SSLError, match="UNRECOGNIZED_NAME"):
        shake(edge, context, name)


def test_an_unknown_host_behind_a_known_name_gets_no_answer(edge: Edge) -> None:
    assert ask(edge.tls_port, "elsewhere.example", tls=trust(edge), name=HOST) is None


def test_keys_stay_where_they_are(local: Edge) -> None:
    folder = authority(local).parent
    assert folder.stat().st_mode & 0o777 == 0o700
    assert all(path.stat().st_mode & 0o777 == 0o600 for path in folder.glob("*.key"))
    code, _ = run_in(local.container, ["sh", "-c", "! grep -rq 'Portico local authority' / --include=authority.key"])
    assert code == 0
    replica = local.deployment.container("gunicorn", "secure")
    assert run_in(replica, ["ls", "/etc/portico"]).code != 0


# --- HTTP over it


def test_plain_http_leads_to_https(edge: Edge) -> None:
    for method in ("GET", "POST"):
        answer = get(edge.port, HOST, "/a%20b/?q=1&r=%0d%0aX-Evil:1", method=method)
        assert answer.status == 308
        assert answer.one("Location") == f"https://{HOST}:{edge.tls_port}/a%20b/?q=1&r=%0d%0aX-Evil:1"
        assert answer.one("Strict-Transport-Security") is None
    alias = get(edge.port, f"www.{HOST}", "/x?y")
    assert (alias.status, alias.one("Location")) == (308, f"https://{HOST}:{edge.tls_port}/x?y")
    assert ask(edge.port, "elsewhere.example") is None


def test_an_alias_leads_to_the_first_name(edge: Edge) -> None:
    answer = get(edge.tls_port, f"www.{HOST}", "/x?y", tls=trust(edge), name=f"www.{HOST}")
    assert (answer.status, answer.one("Location")) == (308, f"https://{HOST}:{edge.tls_port}/x?y")
    assert answer.one("X-Content-Type-Options") == "nosniff"


def test_browsers_are_reported_to_insist_where_that_is_due(local: Edge, own: Edge) -> None:
    for path in ("/whoami", "/static/plain.js", "/missing"):
        kept = get(own.tls_port, HOST, path, tls=trust(own), name=HOST)
        assert kept.one("Strict-Transport-Security") == "max-age=31536000"
        # localhost has other users.
        assert get(local.tls_port, HOST, path, tls=trust(local), name=HOST).one("Strict-Transport-Security") is None


def test_the_application_knows_that_it_is_https(edge: Edge) -> None:
    claims = [("X-Forwarded-Proto", "http"), ("X-Forwarded-Ssl", "off"), ("X-Forwarded-Port", "1")]
    facts = get(edge.tls_port, HOST, "/whoami?x", tls=trust(edge), name=HOST, fields=claims).json()
    assert (facts["scheme"], facts["url"]) == ("https", f"https://{HOST}/whoami?x")


def test_plain_http_to_the_port_of_https_is_refused(edge: Edge) -> None:
    answer = ask(edge.tls_port, HOST)
    assert answer is not None and answer.status == 400


def test_protocols_are_negotiated(edge: Edge) -> None:
    for offered, chosen in (
        (("h2", "http/1.1"), "h2"),
        (("http/1.1", "h2"), "h2"),
        (("http/1.1",), "http/1.1"),
        ((), None),
    ):
        assert shake(edge, trust(edge, alpn=offered))[2] == chosen
    with pytest.raises(ssl.SSLError, match=r"(?i)no.application.protocol"):
        shake(edge, trust(edge, alpn=("spdy/3",)))


def test_http2_carries_requests(edge: Edge) -> None:
    page = curl(edge, "/whoami", "--http2")
    assert page.startswith("HTTP/2 200") and '"scheme":"https"' in page
    assert "x-content-type-options: nosniff" in page
    assert curl(edge, "/static/plain.js", "--http2", "--compressed").startswith("HTTP/2 200")
    assert curl(edge, "/missing", "--http2").startswith("HTTP/2 404")
    assert curl(edge, "/whoami", "--http1.1").startswith("HTTP/1.1 200")
    assert curl(edge, "/whoami", "--http2", "-d", "x" * 100_000).startswith("HTTP/2 405")
    # The name in the request counts there as well.
    misdirected = curl(edge, "/whoami", "--http2", "-H", "Host: elsewhere.example")
    assert misdirected == "" or misdirected.startswith("HTTP/2 421"), misdirected


def test_websockets_are_secure_too(edge: Edge) -> None:
    address = f"wss://{HOST}:{edge.tls_port}/ws/talk"

    async def talk() -> str | bytes:
        plain = connect(edge.tls_port)
        async with connect_websocket(address, sock=plain, ssl=trust(edge), proxy=None, open_timeout=20) as peer:
            await peer.send("hello")
            return await asyncio.wait_for(peer.recv(), 10)

    # Not with its client of threads: that writes to a TLS connection while another thread of it reads the session
    # tickets of TLS 1.3 off it, which OpenSSL forbids. Of 152 such requests NGINX got 149.
    assert asyncio.run(talk()) == "hello"


# --- both at once


def test_without_the_redirect_both_are_reported_what_was_asked(local: Edge) -> None:
    def change(values: dict[str, Any]) -> None:
        values["tls"]["redirect"] = False

    folder = local.deployment.folder
    private = read_private(check_settings(local.deployment.settings, folder), folder).digest
    with run_nginx(local, render(local, change, private=private)) as both:
        plain = get(both.port, HOST, "/whoami").json()
        assert plain["url"] == f"http://{HOST}/whoami"
        secure = get(both.tls_port, HOST, "/whoami", tls=trust(local), name=HOST).json()
        assert secure["url"] == f"https://{HOST}/whoami"
