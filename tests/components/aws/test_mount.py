"""How a VM is asked to mount its disk or to give it back, and how those that write there are stopped before."""

import asyncio
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pulumi
import pytest

from portico.components.docker.engine_client import Engine
from portico.components.hosts import mount
from portico.components.hosts.connection import Connection
from tests.components.fake_ssh import FakeSsh

THERE = Connection("portico", "i-1")
DISK = "vol-0123456789abcdef0"


@pytest.fixture
def vm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a VM whose files are here."""
    FakeSsh(tmp_path / "ssh", monkeypatch)
    for name, file in (("WANTED", "wanted"), ("STATE", "state")):
        monkeypatch.setattr(mount, name, str(tmp_path / file))
    monkeypatch.setattr(mount, "_MOST", 3)
    return tmp_path


def answer(vm: Path, said: str) -> list[str]:
    """Answer the next question, as root would; its lines without the ticket."""
    lines: list[str] = []

    def wait() -> None:
        while not (vm / "wanted").is_file() or not (vm / "wanted").read_text().endswith("\n"):
            time.sleep(0.05)
        first, *rest = (vm / "wanted").read_text().splitlines()
        word, ticket = first.split()
        lines.extend([word, *rest])
        (vm / "state").write_text(f"{ticket} {said}\n")

    (vm / "state").write_text("0000 done\n")
    threading.Thread(target=wait, daemon=True).start()
    return lines


def test_a_disk_is_named_with_the_folders_that_are_needed_on_it(vm: Path) -> None:
    asked = answer(vm, "done")
    asyncio.run(mount.mount(THERE, DISK, ["portico.prod.shop.store", "x y; reboot"]))
    assert asked == [DISK, "portico.prod.shop.store", "x y; reboot"]
    (vm / "wanted").unlink()
    asked = answer(vm, "done")
    asyncio.run(mount.give_back(THERE))
    assert asked == ["free"]


def test_what_is_in_the_way_is_reported(vm: Path) -> None:
    answer(vm, "failed on the disk vol-1 is something that is no file system")
    with pytest.raises(pulumi.RunError) as caught:
        asyncio.run(mount.mount(THERE, DISK, []))
    assert str(caught.value) == (
        "The data disk is not mounted on the VM i-1: on the disk vol-1 is something that is no file system"
    )


def test_an_answer_to_somebody_else_is_none(vm: Path) -> None:
    (vm / "state").write_text("0000 done\n")
    with pytest.raises(pulumi.RunError, match="nothing came of it in 3 seconds"):
        asyncio.run(mount.give_back(THERE))


def test_a_vm_that_cannot_be_reached_is_no_reason_to_go_on(vm: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    FakeSsh(vm / "other", monkeypatch).fail("Connection refused")
    with pytest.raises(pulumi.RunError) as caught:
        asyncio.run(mount.give_back(THERE))
    assert str(caught.value) == "The VM i-1 does not release the data disk: Connection refused"


@dataclass(frozen=True)
class Busy(Engine):
    """An engine with containers, {name: volumes}; `done` is what happened to them."""

    holds: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    done: list[tuple[str, str, Any]] = field(default_factory=list)

    def connect(self) -> Any:
        def containers(filters: Mapping[str, str]) -> list[Any]:
            return [{"Id": one, "Names": [f"/{one}"]} for one, has in self.holds.items() if filters["volume"] in has]

        return SimpleNamespace(
            api=SimpleNamespace(
                timeout=60,
                containers=containers,
                update_container=lambda id, restart_policy: self.done.append(("keep", id, restart_policy["Name"])),
                stop=lambda id, timeout: self.done.append(("stop", id, timeout)),
            )
        )


def test_whoever_has_the_data_is_stopped_once_with_its_own_grace_and_stays_so() -> None:
    engine = Busy(holds={"web": ("a", "b"), "worker": ("b",), "edge": ("c",)})
    resources = {
        "urn::1": {
            "type": "docker:index/container:Container",
            "outputs": {"name": "worker", "destroyGraceSeconds": 600},
        }
    }
    mount.stop_users(engine, ["a", "b"], mount.list_graces(resources))
    assert sorted(engine.done) == [
        ("keep", "web", "no"),
        ("keep", "worker", "no"),
        ("stop", "web", 10),
        ("stop", "worker", 600),
    ]
    nobody = Busy()
    mount.stop_users(nobody, ["a"], {})
    assert nobody.done == []
