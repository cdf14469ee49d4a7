"""A database, a cache and backups on a machine over SSH: what a user does with them, a power cut, and a full disk."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from portico.components.docker.container_command import run_in
from tests.cloud.kept_notes import KEPT_NOTES, SERVICES, Writers, cut_power, make_backups, prepare, walk
from tests.cloud.vm import Vm
from tests.docker.conftest import make_folder
from tests.docker.engine import Deployment
from tests.docker.figures import Figures
from tests.docker.test_services import find_server, list_rows, order

pytestmark = [pytest.mark.docker, pytest.mark.timeout(2400), pytest.mark.extended]


@pytest.fixture(scope="module")
def notes(vm: Vm, key: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    backups, images = make_backups(tmp_path_factory.mktemp("base"), "/srv/backups")
    vm.copy_images(*images)
    ssh = {"host": vm.address, "user": "deploy", "key": str(key)}
    settings: dict[str, Any] = {"target": "ssh", "ssh": ssh, "address": "0.0.0.0", "services": SERVICES}
    with Deployment(make_folder(tmp_path_factory), KEPT_NOTES, vm=vm, backups=backups, **settings) as deployment:
        prepare(deployment)
        deployment.up()
        yield deployment


def test_backups_restore_dumps_and_a_rehearsal_work_there(notes: Deployment, tmp_path: Path) -> None:
    walk(notes, tmp_path / "notes.dump")


@pytest.mark.soak
def test_a_power_cut_loses_no_confirmed_row(notes: Deployment, vm: Vm, figures: Figures) -> None:
    confirmed, seconds = cut_power(notes, vm)
    figures.record(
        "S2",
        f"its power is cut while six write: no answer for; 0 of {confirmed} confirmed rows are lost",
        target="<= 180 s",
        measured=f"{seconds:.1f} s",
        met=seconds <= 180,
    )
    vm.wait_ready()
    assert notes.up().changes == 0


@pytest.mark.soak
def test_a_full_disk_is_named_and_loses_no_confirmed_row(notes: Deployment, vm: Vm) -> None:
    """The last of them: the disk is the machine's."""
    with Writers(notes) as writers:
        writers.await_more()
        with vm.full(but=4 * 1024):
            fill_log(notes)
            reported = notes.portico("status").output
            assert "; its disk " in reported and "whoever writes gets errors until there is space" in reported
            assert "whoever writes gets errors until there is space" in notes.portico("check", fails=True).output
        # Docker gives up what it had no space to start: the server, and what makes backups.
        notes.portico("up")
        writers.await_more()
    assert writers.confirmed <= list_rows(notes)
    assert "its disk" not in notes.portico("status").output


def fill_log(notes: Deployment) -> None:
    """Let PostgreSQL begin further files of its log until a row is refused."""
    end = time.monotonic() + 300
    while order(notes):
        assert time.monotonic() < end, "a full disk takes every row"
        server = find_server(notes, "db")
        if server.status == "running":
            words = ("psql", "-XAt", "-h", "/var/lib/postgresql/run", "-U", "postgres", "-c", "SELECT pg_switch_wal()")
            run_in(server, words, user="999")
