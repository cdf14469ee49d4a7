"""A double of Route 53's API: moto keeps the zone, signatures are checked, and a test's DNS gets the records.

It is a process of its own, since moto changes the process that it is in. Only what a plugin for DNS-01 calls is here.
"""

import json
import os
import re
import ssl
import subprocess
import sys
import time
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self
from xml.etree import ElementTree

from portico.config.tls.local_ca import issue_certificate
from tests.docker.command import ROOT
from tests.docker.engine import free_port
from tests.docker.pebble import Pebble

KEY_ID: Final = "AKIAIOSFODNN7EXAMPLE"
KEY: Final = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"  # AWS's own example
_SPACE: Final = "{https://route53.amazonaws.com/doc/2013-04-01/}"
_REFUSAL: Final = (
    '<?xml version="1.0"?><ErrorResponse xmlns="https://route53.amazonaws.com/doc/2013-04-01/"><Error><Type>Sender'
    "</Type><Code>{code}</Code><Message>{text}</Message></Error><RequestId>1</RequestId></ErrorResponse>"
)


class Route53:
    """Answers for a zone, and tells the DNS of an authority what stands in it. Use it in a `with` block.

    `folder` is the authority's, whose bundle trusts this too. `endpoint` is where a container finds it.
    """

    def __init__(self, folder: Path, authority: Pebble, zone: str) -> None:
        self._folder, self._port, self._zone = folder, free_port(), zone
        self._dns, self.endpoint = authority.names, f"https://{authority.address}:{self._port}"
        chain, key = issue_certificate(folder, "route53", [authority.address, "127.0.0.1"])
        (folder / "route53.crt").write_text(chain)
        (folder / "route53.key").write_text(key)

    def __enter__(self) -> Self:
        with (self._folder / "route53.log").open("ab") as log:
            words = [str(self._folder), str(self._port), str(self._dns), self._zone]
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.docker.route53", *words], cwd=ROOT, stdout=log, stderr=subprocess.STDOUT
            )
        until = time.monotonic() + 60
        while not (self._folder / "route53.ready").exists():
            assert self._process.poll() is None and time.monotonic() < until, self._folder / "route53.log"
            time.sleep(0.1)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.wait()

    @property
    def setting(self) -> dict[str, Any]:
        """The setting tls.acme.dns; the secret dnsKey is KEY."""
        return {"provider": "route53", "accessKey": KEY_ID, "endpoint": self.endpoint}

    @property
    def zone(self) -> str:
        """The id of the zone."""
        return (self._folder / "route53.ready").read_text()

    def calls(self) -> list[dict[str, Any]]:
        """What was asked: `action` as AWS calls it, `zone`, and of changes `name`, `type` and `change`."""
        file = self._folder / "route53.calls"
        return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []


def _list_calls(verb: str, path: str, body: bytes) -> list[dict[str, str]]:
    if found := re.fullmatch(r"/2013-04-01/hostedzone/([A-Z0-9]+)/rrset/?", path):
        changes = ElementTree.fromstring(body).iter(f"{_SPACE}Change")
        return [
            {"action": "route53:ChangeResourceRecordSets", "zone": found[1]}
            | {key: str(one.findtext(f".//{_SPACE}{tag}")) for key, tag in _FIELDS.items()}
            for one in changes
        ]
    if re.match(r"/2013-04-01/change/", path):
        return [{"action": "route53:GetChange"}]
    return [{"action": "route53:ListHostedZones" if verb == "GET" else f"{verb} {path}"}]


_FIELDS: Final = {"name": "Name", "type": "Type", "change": "Action"}


class _Handler(BaseHTTPRequestHandler):
    folder = Path()
    names = 0

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if code := self._find_fault(body):
            text = "The security token included in the request is invalid" if "Token" in code else "It does not match"
            self._send(403, _REFUSAL.format(code=code, text=text).encode())
            return
        with (self.folder / "route53.calls").open("a") as file:
            file.writelines(
                f"{json.dumps(one)}\n" for one in _list_calls(self.command, self.path.partition("?")[0], body)
            )
        # Moto answers in the place of AWS to whoever uses this library in its process.
        import requests

        answer = requests.request(self.command, f"https://route53.amazonaws.com{self.path}", data=body, timeout=20)
        if answer.ok and self.path.rstrip("/").endswith("/rrset"):
            self._publish(body)
        self._send(answer.status_code, answer.content)

    def _send(self, status: int, body: bytes) -> None:
        self.send_response_only(status)
        for name, value in (("Content-Type", "text/xml"), ("Content-Length", str(len(body))), ("Connection", "close")):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = _answer

    def _find_fault(self, body: bytes) -> str:
        """What AWS says of a request that is not signed by the key."""
        from botocore.auth import SigV4Auth
        from botocore.awsrequest import AWSRequest
        from botocore.credentials import Credentials

        found = re.match(
            r"AWS4-HMAC-SHA256 Credential=([^/]+)/\d+/([^/]+)/([^/]+)/aws4_request, "
            r"SignedHeaders=([^,]+), Signature=(\w+)",
            self.headers.get("Authorization", ""),
        )
        if not found or found[1] != KEY_ID:
            return "InvalidClientTokenId"
        signed = {name: self.headers[name] for name in found[4].split(";")}
        asked = AWSRequest(self.command, f"https://{self.headers['Host']}{self.path}", signed, body)
        asked.context["timestamp"] = self.headers["X-Amz-Date"]
        signer = SigV4Auth(Credentials(KEY_ID, KEY), found[3], found[2])
        own = signer.signature(signer.string_to_sign(asked, signer.canonical_request(asked)), asked)
        return "" if own == found[5] else "SignatureDoesNotMatch"

    def _publish(self, body: bytes) -> None:
        for change in ElementTree.fromstring(body).iter(f"{_SPACE}Change"):
            name = str(change.findtext(f".//{_SPACE}Name")).rstrip(".") + "."
            values = [str(one.text).strip('"') for one in change.iter(f"{_SPACE}Value")]
            self._tell("clear-txt", host=name)
            for value in values if change.findtext(f"{_SPACE}Action") != "DELETE" else ():
                self._tell("set-txt", host=name, value=value)

    def _tell(self, path: str, **what: str) -> None:
        url = f"http://127.0.0.1:{self.names}/{path}"
        with urllib.request.urlopen(url, data=json.dumps(what).encode(), timeout=5):
            pass


def main(folder: Path, port: int, names: int, zone: str) -> None:
    """Serve until it is killed."""
    import boto3
    from moto import mock_aws

    os.environ.pop("AWS_ENDPOINT_URL", None)
    with mock_aws():
        made = boto3.client("route53", "us-east-1").create_hosted_zone(Name=zone, CallerReference="1")
        _Handler.folder, _Handler.names = folder, names
        server = ThreadingHTTPServer(("0.0.0.0", port), _Handler)
        own = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        own.load_cert_chain(folder / "route53.crt", folder / "route53.key")
        server.socket = own.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        ready = folder / "route53.ready"
        ready.with_suffix(".part").write_text(made["HostedZone"]["Id"].rpartition("/")[2])
        ready.with_suffix(".part").rename(ready)
        server.serve_forever()


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), sys.argv[4])
