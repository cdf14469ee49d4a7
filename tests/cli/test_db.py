"""`portico db`: which database it is for, and that no file and no database is lost by it."""

import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from click.testing import CliRunner

from portico.cli import services
from portico.cli.commands import db
from portico.cli.prepare import Place
from portico.cli.refused import Refused
from portico.cli.service_disk import list_troubles
from portico.cli.service_passwords import list_passwords
from portico.cli.services import read_services
from portico.components.docker.container_command import Ended

FOLDER = "/var/lib/postgresql"


class Server:
    """A container of PostgreSQL with these databases."""

    def __init__(self, name: str, *databases: str, status: str = "running", kind: str = "postgres") -> None:
        self.name, self.status, self.health, self.id = f"{name}-server", status, "healthy", name
        self.labels = {"portico.service": name, "portico.kind": kind, "portico.stack": "dev"}
        self.attrs = {"Config": {"Cmd": [FOLDER, "-c", "max_connections=100"]}}
        self.databases, self.free, self.printed = databases, 100_000, b""

    def logs(self, *, tail: int) -> bytes:
        return self.printed

    def answer(self, words: list[str], user: str) -> tuple[int, bytes]:
        if words[0] == "df":
            assert words == ["df", "-Pk", FOLDER]
            table = "Filesystem 1024-blocks Used Available Capacity Mounted on"
            return 0, f"{table}\n/dev/vda 1000000 900000 {self.free} 90% {FOLDER}\n".encode()
        assert user == "999:999"
        if words[0] == "valkey-cli":
            return 0, b"# Clients\r\nconnected_clients:4\r\nmaxclients:100\r\nused_memory_dataset:1200\r\n"
        assert words[:3] == ["psql", f"--host={FOLDER}/run", "--username=postgres"]
        if "max_connections" in words[-1]:
            rows = ["100||", *(f"{name}|8200000|3" for name in self.databases)]
            return 0, "\n".join(rows).encode()
        return 0, "\n".join(self.databases).encode()


@pytest.fixture(autouse=True)
def engine(monkeypatch: pytest.MonkeyPatch) -> None:
    def answer(server: Server, words: list[str], *, user: str = "") -> Ended:
        return Ended(*server.answer(words, user))

    for module in ("services", "service_disk"):
        monkeypatch.setattr(f"portico.cli.{module}.run_in", answer)


def deploy(*servers: Server) -> Any:
    def list_containers(**labels: str) -> list[Server]:
        assert labels["role"] == "service"
        return [one for one in servers if labels.get("kind") in (None, one.labels["portico.kind"])]

    return SimpleNamespace(stack="dev", list_containers=list_containers, engine=None)


def test_the_only_server_needs_no_name() -> None:
    one, cache = Server("db", "shop"), Server("cache", kind="valkey")
    chosen: Any = db.choose_server(deployed=deploy(one, cache), service="")
    assert chosen is one
    other: Any = db.choose_server(deploy(one, Server("db18")), "db18")
    assert other.id == "db18"


@pytest.mark.parametrize(
    ("servers", "service", "said"),
    [
        ([], "", "the stack dev has no service of kind postgres"),
        ([Server("db")], "dbb", 'there is no service "dbb"; write --service and one of: db'),
        ([Server("db"), Server("db18")], "", "which service? Write --service and one of: db db18"),
        ([Server("db", status="exited")], "", "db-server does not run (exited)"),
    ],
)
def test_what_cannot_be_chosen_is_said(servers: list[Server], service: str, said: str) -> None:
    with pytest.raises(Refused, match=said.replace("(", r"\(").replace(")", r"\)").replace("?", r"\?")):
        db.choose_server(deploy(*servers), service)


def test_a_site_s_database_has_its_name() -> None:
    server: Any = Server("db", "shop", "my_blog")
    assert db.choose_database(server, "my-blog") == "my_blog"
    with pytest.raises(Refused, match="whose database"):
        db.choose_database(server, "")
    with pytest.raises(Refused, match="forum has no database in db; write --site and one of: shop my_blog"):
        db.choose_database(server, "forum")
    alone: Any = Server("db", "shop")
    assert db.choose_database(alone, "") == "shop"


@pytest.fixture
def speak(monkeypatch: pytest.MonkeyPatch) -> Any:
    """What runs in the container is this script instead."""

    def say(script: str) -> None:
        monkeypatch.setattr(services, "name_docker", lambda *_, **__: [sys.executable, "-c", script])

    return say


def test_a_dump_overwrites_nothing_and_is_whole_or_not_there(tmp_path: Path, speak: Any) -> None:
    file, server = tmp_path / "shop.dump", Server("db", "shop")
    speak("import sys; sys.stdout.write('half'); sys.exit(3)")
    with pytest.raises(Refused, match="pg_dump ended with 3; nothing was written"):
        db.dump(deploy(server), server, "shop", file)  # type: ignore[arg-type]
    assert list(tmp_path.iterdir()) == []
    speak("print('whole')")
    db.dump(deploy(server), server, "shop", file)  # type: ignore[arg-type]
    assert file.read_text() == "whole\n" and file.stat().st_mode & 0o777 == 0o600
    with pytest.raises(Refused, match="there already, and nothing is overwritten"):
        db.dump(deploy(server), server, "shop", file)  # type: ignore[arg-type]


def test_nothing_is_loaded_unasked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, speak: Any) -> None:
    server = Server("db", "shop")
    (tmp_path / "deploy").mkdir()
    monkeypatch.chdir(tmp_path)

    # As the real one does: the file is the user's, from where the user is.
    def enter(stack: str) -> Place:
        monkeypatch.chdir(tmp_path / "deploy")
        return Place(tmp_path / "deploy", stack)

    monkeypatch.setattr(db, "prepare", enter)
    monkeypatch.setattr(db, "read_export", lambda _: {})
    monkeypatch.setattr(db, "Deployed", SimpleNamespace(of=lambda *_: deploy(server)))
    file = tmp_path / "shop.dump"
    file.write_text("dump")
    speak(f"import sys; open({str(tmp_path / 'got')!r}, 'w').write(sys.stdin.read())")
    done = CliRunner().invoke(db.command, ["load", "--file", str(file)])
    assert done.exit_code == 1 and "load replaces what is in shop; write --yes to do it" in str(done.output)
    assert not (tmp_path / "got").exists()
    monkeypatch.chdir(tmp_path)
    assert CliRunner().invoke(db.command, ["load", "--file", file.name, "--yes"]).exit_code == 0
    assert (tmp_path / "got").read_text() == "dump"


def test_status_asks_each_service() -> None:
    reported = [str(one) for one in read_services(deploy(Server("db", "shop", "blog"), Server("cache", kind="valkey")))]
    assert reported == [
        "db: postgres, healthy, 6 of 100 connections, blog 8.2 MB, shop 8.2 MB",
        "cache: valkey, healthy, 3 of 100 connections, keys 1.2 KB",
    ]
    (stopped,) = read_services(deploy(Server("db", status="exited")))
    assert str(stopped) == "db: postgres, exited"


def test_a_full_disk_is_named_while_a_server_runs_and_once_it_has_ended() -> None:
    running, ended, before = Server("db", "shop"), Server("db18", status="restarting"), Server("old", "shop")
    running.free = 12_000
    # What it printed before there was space again is over.
    before.printed = ended.printed = b"PANIC:  could not write to file: No space left on device\n"
    reported = [str(one) for one in read_services(deploy(running, ended, before))]
    keeps = "whoever writes gets errors until there is space; what was confirmed is kept"
    assert reported[0].endswith(f"shop 8.2 MB; its disk is full, 11 MB are left: {keeps}"), reported
    assert reported[1] == f"db18: postgres, restarting; its disk was full when it ended: {keeps}"
    assert reported[2].endswith("shop 8.2 MB")
    ended.status = "exited"
    (stopped,) = read_services(deploy(ended))
    assert str(stopped).endswith(f"{keeps}; then portico up -s dev starts it")
    servers: Any = [running, before]
    assert list_troubles(servers) == [f"db: its disk is full, 11 MB are left: {keeps}"]


def test_passwords_are_read_from_a_state_that_shows_its_secrets() -> None:
    secret = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "plaintext": '{"shop": "geheim"}'}
    service = {"type": "portico:index:Service", "outputs": {"service": "db", "passwords": secret}}
    other = {"type": "docker:index/container:Container", "outputs": {"passwords": secret}}
    assert list_passwords({"deployment": {"resources": [service, other]}}) == {"db": {"shop": "geheim"}}
    assert list_passwords({}) == {}
