"""A client of the sites that speak HTTPS: it trusts their authority, and speaks what it is asked to."""

import ssl
import subprocess
from pathlib import Path

from tests.attacks.edge import Edge
from tests.attacks.raw import connect

HOST = "secure.localhost"


def authority(edge: Edge) -> Path:
    folder = edge.deployment.folder
    return next(path for path in (folder / ".portico/authority", folder / "issued") if path.is_dir()) / "authority.crt"


def is_modern(edge: Edge) -> bool:
    return bool(edge.deployment.settings["tls"].get("profile") == "modern")


def trust(edge: Edge, *versions: ssl.TLSVersion, ciphers: str = "", alpn: tuple[str, ...] = ()) -> ssl.SSLContext:
    """A client that trusts the authority alone, speaks these versions and ciphers, and checks names."""
    context = ssl.create_default_context(cafile=str(authority(edge)))
    if versions:
        # The local library would not even offer what is old or weak.
        context.set_ciphers(f"{ciphers or 'ALL:COMPLEMENTOFALL'}:@SECLEVEL=0")
        context.minimum_version, context.maximum_version = min(versions), max(versions)
    if alpn:
        context.set_alpn_protocols(list(alpn))
    return context


def shake(edge: Edge, context: ssl.SSLContext, name: str = HOST) -> tuple[str | None, str, str | None]:
    """Version, cipher and protocol that both sides agree on."""
    with connect(edge.tls_port, tls=context, name=name) as peer:
        assert isinstance(peer, ssl.SSLSocket)
        return peer.version(), (peer.cipher() or ("",))[0], peer.selected_alpn_protocol()


def run(*command: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(command, input="", capture_output=True, text=True, timeout=300)


def curl(edge: Edge, path: str, *options: str) -> str:
    """The whole answer as curl tells it; nothing where there was none."""
    to = ("--connect-to", f"::127.0.0.1:{edge.tls_port}", f"https://{HOST}:{edge.tls_port}{path}")
    return run("curl", "-s", "-i", "-m", "20", "--cacert", str(authority(edge)), *options, *to).stdout
