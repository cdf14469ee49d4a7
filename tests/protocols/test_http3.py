"""HTTP/3, asked for with a real client."""

import asyncio
import socket
from typing import Any

import pytest
from aioquic.asyncio.client import connect as connect_quic
from aioquic.asyncio.protocol import QuicConnectionProtocol
from aioquic.h3.connection import H3_ALPN, H3Connection
from aioquic.h3.events import DataReceived, HeadersReceived
from aioquic.quic.configuration import QuicConfiguration
from aioquic.quic.events import QuicEvent

from tests.attacks.edge import Edge
from tests.attacks.raw import get
from tests.protocols.secure import HOST, authority, trust

pytestmark = pytest.mark.docker


class Http3(QuicConnectionProtocol):
    """One GET, and everything that comes back."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.http = H3Connection(self._quic)
        self.fields: dict[str, str] = {}
        self.body = b""
        self.done = asyncio.Event()

    def quic_event_received(self, event: QuicEvent) -> None:
        for part in self.http.handle_event(event):
            if isinstance(part, HeadersReceived):
                self.fields |= {name.decode(): value.decode() for name, value in part.headers}
            if isinstance(part, DataReceived):
                self.body += part.data
            if isinstance(part, HeadersReceived | DataReceived) and part.stream_ended:
                self.done.set()

    async def get(self, authority: str, path: str) -> None:
        pseudo = {":method": "GET", ":scheme": "https", ":authority": authority, ":path": path}
        stream = self._quic.get_next_available_stream_id()
        self.http.send_headers(
            stream, [(name.encode(), value.encode()) for name, value in pseudo.items()], end_stream=True
        )
        self.transmit()
        await asyncio.wait_for(self.done.wait(), 10)


async def ask_http3(edge: Edge, path: str, name: str = HOST) -> tuple[dict[str, str], bytes]:
    settings = QuicConfiguration(is_client=True, alpn_protocols=H3_ALPN, server_name=name, idle_timeout=10)
    settings.load_verify_locations(str(authority(edge)))
    async with connect_quic("127.0.0.1", edge.tls_port, configuration=settings, create_protocol=Http3) as client:
        assert isinstance(client, Http3)
        await client.get(f"{name}:{edge.tls_port}", path)
        return client.fields, client.body


def test_http3_carries_requests(local: Edge) -> None:
    fields, body = asyncio.run(ask_http3(local, "/whoami?x"))
    assert fields[":status"] == "200"
    assert f'"url":"https://{HOST}:{local.tls_port}/whoami?x"' in body.decode()
    assert fields["x-content-type-options"] == "nosniff"
    fields, body = asyncio.run(ask_http3(local, "/static/plain.js"))
    assert fields[":status"] == "200" and body.startswith(b"//")


def test_http3_refuses_unknown_names(local: Edge) -> None:
    with pytest.raises(ConnectionError):
        asyncio.run(ask_http3(local, "/whoami", "elsewhere.example"))


def test_http3_is_offered_where_it_is_spoken(local: Edge, own: Edge) -> None:
    said = get(local.tls_port, HOST, "/whoami", tls=trust(local), name=HOST)
    assert said.one("Alt-Svc") == f'h3=":{local.tls_port}"; ma=86400'
    assert get(own.tls_port, HOST, "/whoami", tls=trust(own), name=HOST).one("Alt-Svc") is None
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
        free.bind(("127.0.0.1", own.tls_port))
