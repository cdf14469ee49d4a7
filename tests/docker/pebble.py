"""An authority of the tests' own: pebble, Let's Encrypt's server for tests, and a DNS that says what a test wants."""

import json
import os
import ssl
import subprocess
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from ipaddress import ip_network
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import docker
from portico.config.tls.local_ca import issue_certificate
from tests.docker.command import ROOT
from tests.docker.engine import free_port
from tests.docker.gate import Gate, Trouble

_PROGRAMS: Final = ROOT / ".tools" / "pebble"


class Pebble:
    """An ACME server that refuses some good requests, as its makers advise. Use it in a `with` block.

    It asks port `http` of this machine, or of the address `leads`, for the answers to challenges. Certificates are
    good for `life` seconds.
    `folder` is an empty one. `root` is what its certificates are trusted by, as PEM, `bundle` is that of its own HTTPS,
    `directory` where a container finds it: at `address`, this machine's as containers see it.
    """

    def __init__(
        self,
        folder: Path,
        http: int,
        life: int = 90 * 86400,
        *,
        nonces: int = 5,
        eab: bool = False,
        address: str = "",
        leads: str = "127.0.0.1",
    ) -> None:
        self._folder, self._nonces, self._eab, self.http = folder, nonces, eab, http
        self._port, self._behind, self._management, self._dns, self.names = (free_port() for _ in range(5))
        self.address, self._leads = address or _find_gateway(), leads
        chain, key = issue_certificate(folder, "pebble", [self.address, "127.0.0.1", "localhost"])
        self.bundle = folder / "authority.crt"
        (folder / "pebble.crt").write_text(chain)
        (folder / "pebble.key").write_text(key)
        reported: dict[str, Any] = {
            "listenAddress": f"127.0.0.1:{self._behind}",
            "managementListenAddress": f"127.0.0.1:{self._management}",
            "certificate": str(folder / "pebble.crt"),
            "privateKey": str(folder / "pebble.key"),
            "httpPort": http,
            "tlsPort": free_port(),
            "ocspResponderURL": "",
            "externalAccountBindingRequired": eab,
            "retryAfter": {"authz": 1, "order": 1},
            "profiles": {"default": {"description": "of the tests", "validityPeriod": life}},
            "keyAlgorithm": "ecdsa",
        }
        if eab:
            reported["externalAccountMACKeys"] = {KEY_ID: MAC_KEY}
        (folder / "pebble.json").write_text(json.dumps({"pebble": reported}))
        self.root = ""
        self._running: list[subprocess.Popen[bytes]] = []
        self._gate: Gate | None = None

    def __enter__(self) -> Self:
        try:
            # IPv4 alone: Docker publishes nothing else here.
            self._start("challtestsrv", "pebble-challtestsrv", *self._list_names())
            self._begin()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._close()
        for one in reversed(self._running):
            one.kill()
            one.wait()
        self._running.clear()

    @property
    def directory(self) -> str:
        return f"https://{self.address}:{self._port}/dir"

    @property
    def acme(self) -> dict[str, Any]:
        """The setting tls.acme; with EAB, the secret eabKey is MAC_KEY."""
        reported = {"email": "ops@shop.example", "directory": self.directory, "caBundle": str(self.bundle)}
        return {**reported, "eab": KEY_ID} if self._eab else reported

    def _begin(self) -> None:
        words = ["-config", str(self._folder / "pebble.json"), "-dnsserver", f"127.0.0.1:{self._dns}", "-strict"]
        self._start("pebble", "pebble", *words)
        until = time.monotonic() + 60
        while True:
            try:
                self.root = self._read_root()
                break
            except OSError:
                if time.monotonic() > until:
                    raise
                time.sleep(0.1)
        self._gate = Gate(self._folder, self._port, self._behind)

    def _close(self) -> None:
        if self._gate:
            self._gate.close()
        self._gate = None

    @contextmanager
    def trouble(self, trouble: Trouble) -> Iterator[Gate]:
        """Let it answer so meanwhile."""
        assert self._gate
        self._gate.trouble = trouble
        try:
            yield self._gate
        finally:
            self._gate.trouble = None

    def stop(self) -> None:
        """Nobody answers any more."""
        self._close()
        self._running[-1].kill()
        self._running.pop().wait()

    def start(self) -> None:
        """Let it answer again. It has forgotten everybody's account, and signs by another root besides the old one."""
        before, self.root = self.root, ""
        self._begin()
        self.root += before

    def _read_root(self) -> str:
        context = ssl.create_default_context(cafile=str(self.bundle))
        with urllib.request.urlopen(
            f"https://localhost:{self._management}/roots/0", context=context, timeout=30
        ) as reported:
            found: bytes = reported.read()
        return found.decode()

    def lose(self, host: str) -> None:
        """Let a name lead nowhere."""
        self._tell("set-servfail", {"host": host})

    def find(self, host: str) -> None:
        """Let it lead here again."""
        self._tell("clear-servfail", {"host": host})

    def lead(self, address: str) -> None:
        """Let every name lead there."""
        self._tell("set-default-ipv4", {"ip": address})

    def said(self) -> str:
        """What the authority wrote into its log."""
        return (self._folder / "pebble.log").read_text()

    def _list_names(self) -> list[str]:
        off = [word for name in ("http01", "https01", "tlsalpn01", "doh") for word in (f"-{name}", "")]
        names = ["-dnsserver", f"127.0.0.1:{self._dns}", "-management", f"127.0.0.1:{self.names}"]
        return [*off, *names, "-defaultIPv4", self._leads, "-defaultIPv6", ""]

    def _tell(self, path: str, what: Mapping[str, Any]) -> None:
        url = f"http://127.0.0.1:{self.names}/{path}"
        with urllib.request.urlopen(url, data=json.dumps(what).encode(), timeout=30):
            pass

    def _start(self, name: str, program: str, *words: str) -> None:
        env = {**os.environ, "PEBBLE_VA_NOSLEEP": "1", "PEBBLE_WFE_NONCEREJECT": str(self._nonces)}
        with (self._folder / f"{name}.log").open("ab") as log:
            self._running.append(
                subprocess.Popen([str(_PROGRAMS / program), *words], env=env, stdout=log, stderr=subprocess.STDOUT)
            )


def _find_gateway() -> str:
    engine = docker.from_env()
    (pool,) = engine.networks.get("bridge").attrs["IPAM"]["Config"]
    engine.close()
    # An engine whose bridge was there before it does not say it: it takes the first address.
    return str(pool.get("Gateway") or next(ip_network(pool["Subnet"]).hosts()))


KEY_ID: Final = "kid-1"
MAC_KEY: Final = "zWNDZM6eQGHWpSRTPal5eIUYFTu7EajVIoguysqZ9wG44nMEtx3MUAsUDkMTQ12W"
