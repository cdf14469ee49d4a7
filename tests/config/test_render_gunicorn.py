"""gunicorn.conf.py is Python that says what the settings say."""

import os
import socket
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from werkzeug.middleware.proxy_fix import ProxyFix

from portico.config.release.assemble import make_release
from portico.config.render.gunicorn import render_gunicorn
from portico.config.render.layout import EDGE
from portico.config.render.nginx import render_nginx
from tests.config.sample import make_site, read_settings

SOCKET = "/run/portico/shop/0123456789ab-0.sock"


@pytest.fixture(autouse=True)
def address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORTICO_ADDRESS", f"unix:{SOCKET}")


def execute(text: str) -> dict[str, Any]:
    values: dict[str, Any] = {}
    exec(compile(text, "gunicorn.conf.py", "exec"), values)
    return values


def run(root: Path, place: str = ".", **gunicorn: Any) -> dict[str, Any]:
    return execute(render_gunicorn(read_settings(root, make_site(gunicorn=gunicorn)).sites[0], place))


def test_the_defaults_are_written_out(root: Path) -> None:
    values = run(root)
    assert values["worker_class"] == "gthread"
    assert (values["workers"], values["threads"], values["preload_app"]) == (2, 4, False)
    assert (values["timeout"], values["graceful_timeout"]) == (30, 30)
    assert values["worker_tmp_dir"] == "/dev/shm"
    assert "pythonpath" not in values


@pytest.mark.parametrize(
    ("setting", "name", "value"),
    [
        ({"workers": 7}, "workers", 7),
        ({"threads": 9}, "threads", 9),
        ({"preload": True}, "preload_app", True),
        ({"timeout": "2m"}, "timeout", 120),
        ({"timeout": "2m"}, "graceful_timeout", 120),
        ({"timeout": "1500ms"}, "timeout", 2),
    ],
)
def test_a_setting_arrives(root: Path, setting: dict[str, Any], name: str, value: object) -> None:
    assert run(root, **setting)[name] == value


def test_a_source_with_src_is_imported_from_there(root: Path) -> None:
    assert run(root, "src")["pythonpath"] == "src"


def test_gunicorn_itself_accepts_the_values(root: Path) -> None:
    from gunicorn.config import Config

    config = Config()
    for name, value in run(root, "src", timeout="2m", preload=True).items():
        if name in config.settings:
            config.set(name, value)
    assert (config.timeout, config.preload_app, config.worker_class_str) == (120, True, "gthread")


def test_gunicorn_keeps_a_connection_longer_than_nginx_does(root: Path) -> None:
    settings = read_settings(root)
    tree = render_nginx(settings, [make_release(settings, settings.sites[0], root, {})])
    assert "keepalive_timeout  60s;" in tree.files["conf.d/shop.conf"]
    assert run(root)["keepalive"] > 60


def test_only_the_edge_is_believed_about_the_client(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FORWARDED_ALLOW_IPS", raising=False)
    assert run(root)["forwarded_allow_ips"] == "127.0.0.1"
    monkeypatch.setenv("FORWARDED_ALLOW_IPS", "172.18.0.0/16")
    assert run(root)["forwarded_allow_ips"] == "127.0.0.1"
    assert run(root)["secure_scheme_headers"] == {"X-FORWARDED-PROTO": "https"}


def test_a_replica_listens_on_a_socket_of_its_own(root: Path) -> None:
    bind = str(run(root)["bind"])
    assert bind.startswith(f"unix:{SOCKET}.") and bind != f"unix:{SOCKET}."


def test_a_replica_listens_where_nginx_finds_it_by_name(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORTICO_ADDRESS", "0.0.0.0:8000")
    assert run(root)["bind"] == "0.0.0.0:8000"


def test_a_replica_is_found_only_once_its_application_is_loaded(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = tmp_path / "r-0.sock"
    monkeypatch.setenv("PORTICO_ADDRESS", f"unix:{name}")
    values = run(root)
    own = Path(str(values["bind"]).removeprefix("unix:"))
    own.touch()
    assert not name.exists()
    values["post_worker_init"](SimpleNamespace(wsgi=print, pid=7))
    assert name.resolve() == own.resolve()


def test_a_successor_takes_the_name_over_and_sweeps_the_dead(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = tmp_path / "r-0.sock"
    name.symlink_to("r-0.sock.old")
    (tmp_path / "gone.sock").symlink_to("gone.sock.old")
    (tmp_path / "other.sock.live").touch()
    (tmp_path / "other.sock").symlink_to("other.sock.live")
    monkeypatch.setenv("PORTICO_ADDRESS", f"unix:{name}")
    values = run(root)
    own = Path(str(values["bind"]).removeprefix("unix:"))
    own.touch()
    values["post_worker_init"](SimpleNamespace(wsgi=print, pid=7))
    assert name.resolve() == own.resolve()
    assert not (tmp_path / "gone.sock").is_symlink() and (tmp_path / "other.sock").exists()


def test_a_name_that_was_laid_aside_is_over_when_the_name_is_taken(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name, aside = tmp_path / "r-0.sock", tmp_path / "r-0.sock.out"
    (tmp_path / "r-0.sock.old").touch()
    aside.symlink_to("r-0.sock.old")
    monkeypatch.setenv("PORTICO_ADDRESS", f"unix:{name}")
    values = run(root)
    own = Path(str(values["bind"]).removeprefix("unix:"))
    own.touch()
    values["post_worker_init"](SimpleNamespace(wsgi=print, pid=7))
    assert name.resolve() == own.resolve()
    assert not aside.is_symlink()


# --- the known name


def listen(path: Path, full: bool = False) -> socket.socket:
    """A replica that accepts connections, or whose queue is full."""
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(path))
    listener.listen(0 if full else 8)
    if full:
        for _ in range(3):
            peer = socket.socket(socket.AF_UNIX)
            peer.setblocking(False)
            with suppress(BlockingIOError):
                peer.connect(str(path))
            FULL.append(peer)
    return listener


FULL: list[socket.socket] = []


@pytest.fixture
def folder() -> Iterator[Path]:
    """A short path: that of a socket has at most 107 bytes."""
    with tempfile.TemporaryDirectory(prefix="portico-") as made:
        yield Path(made)


def publish(root: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    """Load the application of a replica; the known name and its own socket."""
    name = folder / "r-0.sock"
    monkeypatch.setenv("PORTICO_ADDRESS", f"unix:{name}")
    values = run(root)
    own = Path(str(values["bind"]).removeprefix("unix:"))
    own.touch()
    values["post_worker_init"](SimpleNamespace(wsgi=print, pid=7))
    return name, own


@pytest.mark.parametrize("full", [False, True], ids=["listens", "is busy"])
def test_a_name_that_leads_to_a_living_replica_stays_there(
    root: Path, folder: Path, monkeypatch: pytest.MonkeyPatch, full: bool
) -> None:
    """The new one is not proven yet: the switch gives it the name (components/in_container/prove.sh)."""
    other = folder / "r-0.sock.other"
    name, aside = folder / "r-0.sock", folder / "r-0.sock.out"
    name.symlink_to(other.name)
    aside.symlink_to(other.name)
    with listen(other, full):
        publish(root, folder, monkeypatch)
        assert name.readlink() == Path(other.name) and aside.is_symlink()
        assert sorted(path.name for path in folder.iterdir()) == sorted(
            ["r-0.sock", "r-0.sock.other", "r-0.sock.out", f"r-0.sock.{socket.gethostname()}"]
        )


@pytest.mark.parametrize("left", ["a socket without a listener", "a file", "nothing"])
def test_a_name_that_leads_to_a_dead_replica_is_taken(
    root: Path, folder: Path, monkeypatch: pytest.MonkeyPatch, left: str
) -> None:
    other = folder / "r-0.sock.other"
    (folder / "r-0.sock").symlink_to(other.name)
    if left == "a file":
        other.touch()
    elif left != "nothing":
        listen(other).close()
    name, own = publish(root, folder, monkeypatch)
    assert name.readlink() == Path(own.name)


def test_a_replica_that_started_again_keeps_its_name(root: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    name, own = publish(root, folder, monkeypatch)
    (folder / "r-0.sock.out").symlink_to(own.name)
    assert publish(root, folder, monkeypatch) == (name, own)
    # What was laid aside is over.
    assert name.readlink() == Path(own.name) and not (folder / "r-0.sock.out").is_symlink()


def test_a_second_worker_changes_nothing(root: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    name, own = publish(root, folder, monkeypatch)
    own.unlink()
    (folder / "r-0.sock.out").symlink_to(own.name)
    with listen(own):
        publish(root, folder, monkeypatch)
        assert name.readlink() == Path(own.name) and not (folder / "r-0.sock.out").is_symlink()


# --- what it is judged by


def read_notes(folder: Path) -> list[str]:
    return Path(f"{folder}/r-0.boots.{socket.gethostname()}").read_text().splitlines()


def test_it_notes_its_start_and_what_becomes_of_its_workers(
    root: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PORTICO_ADDRESS", "0.0.0.0:8000")
    monkeypatch.setenv("PORTICO_BOOTS", f"{folder}/r-0.boots")
    before = int(time.time())
    values = run(root)
    (start,) = read_notes(folder)
    assert start.split()[0] == "start" and before <= int(start.split()[1]) <= time.time()
    values["post_worker_init"](SimpleNamespace(wsgi=print, pid=7))
    values["post_worker_init"](SimpleNamespace(wsgi=print, pid=8))
    values["child_exit"](None, SimpleNamespace(pid=7))
    assert read_notes(folder)[1:] == ["worker 7", "worker 8", "lost 7"]
    run(root)
    assert [line.split()[0] for line in read_notes(folder)] == ["start", "worker", "worker", "lost", "start"]


def test_a_start_is_noted_before_anything_can_fail(root: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An image without Werkzeug, or an address that is missing, is a start that ended."""
    monkeypatch.setenv("PORTICO_BOOTS", f"{folder}/r-0.boots")
    monkeypatch.setitem(sys.modules, "werkzeug.middleware.proxy_fix", None)
    with pytest.raises(ImportError):
        run(root)
    assert [line.split()[0] for line in read_notes(folder)] == ["start"]


def test_a_worker_that_cannot_be_found_is_not_noted(root: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORTICO_BOOTS", f"{folder}/r-0.boots")
    monkeypatch.setenv("PORTICO_ADDRESS", f"unix:{folder}/gone/r-0.sock")
    values = run(root)
    with pytest.raises(FileNotFoundError):
        values["post_worker_init"](SimpleNamespace(wsgi=print, pid=7))
    assert [line.split()[0] for line in read_notes(folder)] == ["start"]


def test_notes_that_cannot_be_written_are_no_failure(root: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORTICO_BOOTS", f"{folder}/gone/r-0.boots")
    run(root)["child_exit"](None, SimpleNamespace(pid=7))
    monkeypatch.delenv("PORTICO_BOOTS")
    run(root)["child_exit"](None, SimpleNamespace(pid=7))  # machines without our containers have no such file
    assert list(folder.iterdir()) == []


def test_gunicorn_calls_these_hooks_with_these_arguments(root: Path) -> None:
    from gunicorn.config import Config

    config, values = Config(), run(root)
    for name in ("post_worker_init", "child_exit", "post_request", "on_starting"):
        config.set(name, values[name])  # it counts the arguments


def test_the_end_of_a_request_leaves_a_sign_of_life(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "state" / "progress"
    monkeypatch.setenv("PORTICO_PROGRESS", str(file))
    values = run(root)
    values["on_starting"](None)
    os.utime(file, (0, 0))
    values["post_request"](None, None, {}, None)
    assert file.stat().st_mtime > 0
    file.unlink()
    values["post_request"](None, None, {}, None)  # an application that clears its /tmp is no reason to fail
    monkeypatch.delenv("PORTICO_PROGRESS")
    run(root)["post_request"](None, None, {}, None)  # machines without our containers have no such file


def test_the_application_sees_the_client_through_one_proxy(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORTICO_ADDRESS", "0.0.0.0:8000")
    worker = SimpleNamespace(wsgi=print, pid=7)
    run(root)["post_worker_init"](worker)
    assert isinstance(worker.wsgi, ProxyFix)
    assert (worker.wsgi.x_for, worker.wsgi.x_proto, worker.wsgi.x_host, worker.wsgi.x_prefix) == (1, 1, 0, 0)


CLAIMS = {"HTTP_X_FORWARDED_FOR": "203.0.113.7", "HTTP_X_FORWARDED_PROTO": "https", "HTTP_X_REAL_IP": "203.0.113.7"}


@pytest.mark.parametrize(
    ("bind", "peer", "believed"),
    [
        ("unix:/run/portico/shop/r-0.sock", "", True),
        ("0.0.0.0:8000", "127.0.0.1", True),
        ("0.0.0.0:8000", "172.20.0.5", True),
        ("0.0.0.0:8000", "172.20.0.6", False),
        ("0.0.0.0:8000", "", False),
    ],
)
def test_nobody_but_nginx_is_believed_about_the_client(
    root: Path, monkeypatch: pytest.MonkeyPatch, bind: str, peer: str, believed: bool
) -> None:
    monkeypatch.setenv("PORTICO_ADDRESS", bind)
    reported = tell(root, monkeypatch, ["172.20.0.5"])
    seen = reported(peer)
    assert seen["REMOTE_ADDR"] == ("203.0.113.7" if believed else peer)
    assert seen["wsgi.url_scheme"] == ("https" if believed else "http")
    assert ("HTTP_X_REAL_IP" in seen) == ("HTTP_X_FORWARDED_FOR" in seen) == believed


def test_a_new_nginx_is_believed_at_once_and_the_old_one_while_nobody_tells_another(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PORTICO_ADDRESS", "0.0.0.0:8000")
    there = ["172.20.0.5"]
    reported = tell(root, monkeypatch, there)
    assert reported("172.20.0.5")["wsgi.url_scheme"] == "https"
    there.append("172.20.0.8")
    assert {reported(peer)["wsgi.url_scheme"] for peer in there} == {"https"}
    there.clear()  # nobody knows the name just now
    assert reported("172.20.0.8")["wsgi.url_scheme"] == "https" and reported("172.20.0.9")["wsgi.url_scheme"] == "http"


def tell(root: Path, monkeypatch: pytest.MonkeyPatch, there: list[str]) -> Callable[[str], dict[str, Any]]:
    """What an application sees of a request with claims, by the peer's address; `there` are NGINX's addresses."""
    worker = SimpleNamespace(wsgi=lambda environ, start_response: [environ], pid=7)
    values = run(root)
    monkeypatch.setitem(values, "publish", lambda name, own: None)

    def look_up(name: str, port: None, **more: Any) -> list[Any]:
        assert name == EDGE
        if not there:
            raise socket.gaierror
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, 0)) for one in there]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    values["post_worker_init"](worker)

    def call(peer: str) -> dict[str, Any]:
        environ = {"REQUEST_METHOD": "GET", "REMOTE_ADDR": peer, "wsgi.url_scheme": "http", **CLAIMS}
        found: dict[str, Any] = worker.wsgi(environ, None)[0]
        return found

    return call


@pytest.mark.parametrize("family", [socket.AF_UNIX, socket.AF_INET], ids=["unix", "tcp"])
@pytest.mark.parametrize("left", [False, True])
@pytest.mark.parametrize(("method", "changes"), [("GET", False), ("HEAD", False), ("POST", True), ("DELETE", True)])
def test_nothing_is_begun_for_a_client_that_has_gone(
    root: Path, monkeypatch: pytest.MonkeyPatch, family: socket.AddressFamily, left: bool, method: str, changes: bool
) -> None:
    """Unless it may change something; what it still sent, such as a body, does not hide that it has gone."""
    monkeypatch.setenv("PORTICO_ADDRESS", "0.0.0.0:8000")
    begun: list[str] = []

    def application(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        begun.append(environ["REQUEST_METHOD"])
        return []

    worker = SimpleNamespace(wsgi=application, pid=7)
    run(root)["post_worker_init"](worker)
    with socket.socket(family) as listener:
        if family == socket.AF_INET:
            listener.bind(("127.0.0.1", 0))
        else:
            listener.bind("")  # Linux chooses a name that is no file
        listener.listen()
        with (
            socket.create_connection(listener.getsockname())
            if family == socket.AF_INET
            else connect_unix(listener) as nginx
        ):
            peer, _ = listener.accept()
            with peer:
                nginx.sendall(b"what was not read yet")
                if left:
                    nginx.close()
                answers: list[str] = []
                environ = {"REQUEST_METHOD": method, "gunicorn.socket": peer}
                worker.wsgi(environ, lambda status, fields: answers.append(status))
                assert bool(begun) == (not left or changes)
                assert answers == ([] if begun else ["499 Client Closed Request"])
                assert peer.recv(100) == b"what was not read yet"


def connect_unix(listener: socket.socket) -> socket.socket:
    peer = socket.socket(socket.AF_UNIX)
    peer.connect(listener.getsockname())
    return peer


def test_an_own_file_adds_hooks_and_settings_and_nothing_else(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    called: list[str] = []
    own = root / "own"
    own.mkdir()
    (own / "gunicorn.conf.py").write_text(
        "from pathlib import Path\nbacklog = 7\nworkers = 9\nuser = 'root'\n"
        "def note(what, value):\n    raise RuntimeError\n"
        "def publish(name, own):\n    raise RuntimeError\n"
        "def child_exit(server, worker):\n    called.append('child_exit')\n"
        "def post_fork(server, worker):\n    pass\n"
    )
    monkeypatch.chdir(own)
    monkeypatch.setattr("builtins.called", called, raising=False)
    values = execute(render_gunicorn(read_settings(root, make_site()).sites[0], hooks=True))
    values["child_exit"](None, SimpleNamespace(pid=7))
    assert called == ["child_exit"]
    assert (values["backlog"], values["workers"]) == (7, 2) and "user" not in values
    assert values["Path"] is Path and callable(values["post_fork"])
