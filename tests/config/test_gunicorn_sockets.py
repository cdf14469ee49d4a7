"""The sockets of a replica: its own one, and the known name that leads to it."""

import socket
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.config.gunicorn_config import SOCKET, run
from tests.config.gunicorn_config import address as address
from tests.config.gunicorn_config import folder as folder


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
