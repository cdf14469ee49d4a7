"""How set-up downloads, with curl and without it: a minimal Debian has none."""

import shutil
import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from portico.config.tls.local_ca import issue_certificate
from tests.docker.command import ROOT

# What set-up itself calls on the way.
TOOLS = ("bash", "dirname", "sort", "head", "id", "sed", "curl")


class Answer(BaseHTTPRequestHandler):
    def do_HEAD(self) -> None:
        self.send_response(200 if self.path == "/there" else 404)
        self.end_headers()

    def do_GET(self) -> None:
        self.do_HEAD()
        self.wfile.write(b"a release")

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def vendor() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Answer) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture
def company(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """A vendor with a certificate of a company's own, and the bundle that trusts it."""
    folder = tmp_path_factory.mktemp("company")
    certificate, key = issue_certificate(folder, "vendor", ["localhost"])
    for name, text in (("crt", certificate), ("key", key)):
        (folder / name).write_text(text)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(folder / "crt", folder / "key")
    with ThreadingHTTPServer(("127.0.0.1", 0), Answer) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"https://localhost:{server.server_port}", folder / "authority.crt"
        server.shutdown()


@pytest.fixture(params=["curl", "python"])
def path(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A PATH with curl, or with everything but that."""
    for tool in TOOLS:
        found = shutil.which(tool)
        assert found
        if tool != "curl" or request.param == "curl":
            (tmp_path / tool).symlink_to(found)
    (tmp_path / "python3").symlink_to(sys.executable)
    return str(tmp_path)


def call(path: str, *words: str, **env: str) -> subprocess.CompletedProcess[bytes]:
    # lib.sh adds the folders of what administers a system, where curl may be as well.
    text = f'. "{ROOT}/scripts/setup/lib.sh"; PATH={path}; "$@"'
    return subprocess.run([f"{path}/bash", "-c", text, "-", *words], env={"PATH": path, **env}, capture_output=True)


def test_whether_somebody_answers(path: str, vendor: str) -> None:
    assert call(path, "online", f"{vendor}/there").returncode == 0
    assert call(path, "online", f"{vendor}/gone").returncode != 0
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        assert call(path, "online", f"http://127.0.0.1:{nobody.getsockname()[1]}/there").returncode != 0


def test_a_file(path: str, vendor: str, tmp_path: Path) -> None:
    file = tmp_path / "a file"
    done = call(path, "download", f"{vendor}/there", str(file))
    assert done.returncode == 0, done.stderr
    assert file.read_bytes() == b"a release"
    assert call(path, "download", f"{vendor}/gone", str(file)).returncode != 0


@pytest.mark.parametrize("variable", ["SSL_CERT_FILE", "CURL_CA_BUNDLE"])
def test_a_company_certificate(path: str, company: tuple[str, Path], variable: str) -> None:
    address, bundle = company
    assert call(path, "online", f"{address}/there").returncode != 0
    assert call(path, "online", f"{address}/there", **{variable: str(bundle)}).returncode == 0
