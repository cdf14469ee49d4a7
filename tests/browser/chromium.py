"""Debian's Chromium without a screen, asked by its own protocol. It trusts one authority besides the public ones."""

import base64
import json
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from websockets.sync.client import ClientConnection, connect

LONGEST: Final = 60.0  # seconds until something is taken for lost
CHANGED: Final = "net::ERR_NETWORK_CHANGED"
SIZE: Final = (1000, 700)


@dataclass
class Page:
    """What was seen of one page: statuses and protocols by URL, what the console said, and why it was not loaded."""

    failed: str = ""
    answers: dict[str, tuple[int, str]] = field(default_factory=dict)
    complaints: list[str] = field(default_factory=list)


class Chromium:
    """One browser with a profile of its own. Use it in a `with` block.

    `authority` is a certificate that it trusts; `quic` are hosts with ports that it asks by HTTP/3 at once, since it
    takes no HTTP/3 from a host whose authority is not a public one.
    """

    def __init__(self, authority: Path, *, quic: str = "") -> None:
        self._authority, self._quic = authority, quic
        self._sent = 0
        self._stack = ExitStack()
        self._events: list[dict[str, Any]] = []

    def __enter__(self) -> Self:
        self._home = Path(tempfile.mkdtemp(prefix="portico-chromium-"))
        store = self._home / ".pki" / "nssdb"
        store.mkdir(parents=True)
        database = ["-d", f"sql:{store}"]
        run = {"check": True, "capture_output": True}
        subprocess.run(["certutil", "-N", "--empty-password", *database], **run)  # type: ignore[call-overload]
        given = ["-A", "-n", "portico", "-t", "C,,", "-i", str(self._authority)]
        subprocess.run(["certutil", *database, *given], **run)  # type: ignore[call-overload]
        options = [
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--remote-debugging-port=0",
            f"--window-size={SIZE[0]},{SIZE[1]}",
            # It knows two addresses of localhost, and asks the one first that nobody listens at.
            "--host-resolver-rules=MAP *.localhost 127.0.0.1",
            f"--user-data-dir={self._home / 'profile'}",
            *([f"--origin-to-force-quic-on={self._quic}"] if self._quic else []),
        ]
        self._process = subprocess.Popen(
            ["chromium", *options, "about:blank"],
            env={**os.environ, "HOME": str(self._home), "NO_PROXY": "*"},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        address = self._home / "profile" / "DevToolsActivePort"
        _wait(lambda: address.is_file() and len(address.read_text().split()) == 2, "chromium did not start")
        port, path = address.read_text().split()
        asked = connect(f"ws://127.0.0.1:{port}{path}", max_size=None, open_timeout=LONGEST)
        self._socket: ClientConnection = self._stack.enter_context(asked)
        (target,) = [one for one in self._ask("Target.getTargets")["targetInfos"] if one["type"] == "page"][:1]
        attached = self._ask("Target.attachToTarget", targetId=target["targetId"], flatten=True)
        self._session = str(attached["sessionId"])
        for domain in ("Page", "Network", "Runtime", "Log", "DOM"):
            self.ask(f"{domain}.enable")
        self.ask("Page.setLifecycleEventsEnabled", enabled=True)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()
        self._process.terminate()
        self._process.wait(LONGEST)
        shutil.rmtree(self._home, ignore_errors=True)

    def ask(self, method: str, **params: Any) -> dict[str, Any]:
        """One command to the page, and its result."""
        return self._ask(method, session=self._session, **params)

    def open(self, url: str) -> Page:
        """Go there, and return what was seen once all is loaded.

        Wherever a container starts or ends meanwhile, another network of this machine comes or goes. Chromium then
        ends what is under way, so it is asked again.
        """
        ends = time.monotonic() + LONGEST
        while True:
            page = self._try(url)
            if page.failed != CHANGED or time.monotonic() > ends:
                assert not page.failed, f"{url}: {page.failed}"
                return page

    def _try(self, url: str) -> Page:
        self._events.clear()
        begun = self.ask("Page.navigate", url=url)
        if "loaderId" in begun:
            # That of this page: the one before may have ended late.
            load = {"name": "load", "loaderId": begun["loaderId"]}
            self._receive_until(
                lambda one: one.get("method") == "Page.lifecycleEvent" and load.items() <= one["params"].items()
            )
        page = Page(failed=str(begun.get("errorText") or ""))
        for one in self._events:
            what, params = one.get("method"), one.get("params", {})
            if what == "Network.responseReceived":
                answer = params["response"]
                page.answers[answer["url"]] = (int(answer["status"]), str(answer.get("protocol")))
            if what == "Network.loadingFailed":
                page.failed = page.failed or str(params["errorText"])
            if what == "Log.entryAdded" and params["entry"]["level"] == "error":
                page.complaints.append(str(params["entry"]["text"]))
            if what == "Runtime.exceptionThrown":
                page.complaints.append(str(params["exceptionDetails"]))
        return page

    def evaluate(self, expression: str) -> Any:
        """The value of an expression of JavaScript."""
        done = self.ask("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in done, done
        return done["result"].get("value")

    def choose_file(self, selector: str, file: Path) -> None:
        """Choose a file in a form, as a person does in the dialogue."""
        root = self.ask("DOM.getDocument")["root"]["nodeId"]
        node = self.ask("DOM.querySelector", nodeId=root, selector=selector)["nodeId"]
        self.ask("DOM.setFileInputFiles", nodeId=node, files=[str(file)])

    def picture(self, file: Path) -> bytes:
        """What is on the screen, as a PNG that is also left in `file`."""
        image = base64.b64decode(self.ask("Page.captureScreenshot", format="png")["data"])
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(image)
        return image

    def wait_for(self, expression: str) -> None:
        """Until an expression is true, also across pages."""

        def holds() -> bool:
            # Between two pages there is nothing that could be asked.
            with suppress(AssertionError):
                return bool(self.evaluate(expression))
            return False

        _wait(holds, expression)

    def _ask(self, method: str, session: str = "", **params: Any) -> dict[str, Any]:
        self._sent += 1
        number = self._sent
        message = {"id": number, "method": method, "params": params, **({"sessionId": session} if session else {})}
        self._socket.send(json.dumps(message))
        answer = self._receive_until(lambda one: one.get("id") == number)
        assert "error" not in answer, f"{method}: {answer['error']}"
        result: dict[str, Any] = answer["result"]
        return result

    def _receive_until(self, wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        for one in self._events:
            if wanted(one):
                return one
        ends = time.monotonic() + LONGEST
        while (left := ends - time.monotonic()) > 0:
            one = json.loads(self._socket.recv(left))
            if "method" in one:
                self._events.append(one)
            if wanted(one):
                return dict(one)
        raise TimeoutError


def _wait(done: Callable[[], object], why: str) -> None:
    ends = time.monotonic() + LONGEST
    while not done():
        assert time.monotonic() < ends, why
        time.sleep(0.05)
