"""Each replica and worker has a limit of processes of its own, which the engine is asked for."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from portico.components.docker.engine_client import Engine
from portico.components.docker.portico_args import PorticoArgs
from portico.components.docker.stack import Portico
from tests.components.recorder import CONTAINER, run
from tests.components.sample import make_stack
from tests.components.watched import Watched
from tests.config.sample import make_site


class Informed(ThreadingHTTPServer):
    """An engine that writes down what it is asked for, by path; some containers are gone."""

    reported: dict[str, object]


class _Answer(BaseHTTPRequestHandler):
    server: Informed

    def do_GET(self) -> None:
        self._answer(200, {"ApiVersion": "1.47"})

    def do_POST(self) -> None:
        self.server.reported[self.path] = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self._answer(404 if "gone" in self.path else 200, {"Warnings": None})

    def log_message(self, format: str, *args: object) -> None:
        pass

    def _answer(self, status: int, value: object) -> None:
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(body)


@pytest.fixture
def engine() -> Iterator[Informed]:
    with Informed(("127.0.0.1", 0), _Answer) as server:
        server.reported = {}
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


def test_the_engine_is_asked_of_each_and_one_that_is_gone_does_not_matter(engine: Informed) -> None:
    Engine(f"tcp://127.0.0.1:{engine.server_address[1]}").limit_processes({"gone": 512, "ab12": 600})
    limits = {path.split("/")[-2]: value for path, value in engine.reported.items()}
    assert limits == {"gone": {"PidsLimit": 512}, "ab12": {"PidsLimit": 600}}
    assert all(path.startswith("/v1.") and path.endswith("/update") for path in engine.reported)


def test_an_engine_that_nobody_answers_for_is_no_mistake() -> None:
    Engine("tcp://127.0.0.1:9").limit_processes({"ab12": 512})


def test_each_replica_and_worker_is_limited_by_itself(root: Path) -> None:
    site = make_site(workers=[{"name": "queue", "command": "work"}], gunicorn={"workers": 8, "threads": 32})
    engine = Watched()
    made = run(
        lambda: Portico("portico", PorticoArgs(stack=make_stack(root, site), root=root, engine=engine, watch=engine))
    )
    wanted = [one for one in made.of_type(CONTAINER) if one.labels["portico.role"] in ("gunicorn", "worker")]
    assert len(engine.limited) == len(wanted) == 3
    # A whole replica, twice; and what one may have leaves more to the others.
    assert set(engine.limited.values()) == {2 * (8 * 36 + 32)}
    assert all(one.inputs["ulimits"][0]["hard"] >= 4 * 640 for one in wanted)
