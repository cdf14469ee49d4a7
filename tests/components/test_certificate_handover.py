"""Certificates that come over from the machine that serves: who waits, and what is asked of whom.

Real machines do it in tests/cloud/test_certificates.py.
"""

import io
import tarfile
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import docker.errors
import pulumi
import pytest

from portico.components.docker import certificate_handover
from portico.components.docker.certificate_handover import bring_over, copy_volume
from portico.components.docker.certificates import CertificateVolumes
from portico.components.docker.engine_client import Engine
from portico.components.partial_update import NONE
from tests.components.recorder import run

VOLUMES: Any = CertificateVolumes("portico.test.ordered_certificates", "challenges")  # type: ignore[arg-type]
OLD, NEW = Engine("ssh://old"), Engine("ssh://new")


class Machine(Engine):
    """An engine that has a container with certificates, or none, and notes what is asked of it."""

    def __init__(self, archive: bytes | None = None) -> None:
        super().__init__()
        object.__setattr__(self, "asked", [])
        object.__setattr__(self, "archive", archive)

    asked: list[tuple[Any, ...]]
    archive: bytes | None

    def connect(self) -> Any:
        note = self.asked.append
        archive = self.archive or b""
        there = SimpleNamespace(get_archive=lambda path: note(("read", path)) or ([archive[:7], archive[7:]], {}))
        holder = SimpleNamespace(
            put_archive=lambda path, data: note(("write", path, data)), remove=lambda **_: note(("remove",))
        )
        containers = SimpleNamespace(
            list=lambda **asked: note(("list", asked["filters"])) or ([there] if self.archive else []),
            create=lambda image, **how: note(("create", image, how)) or holder,
        )
        return SimpleNamespace(containers=containers, close=lambda: note(("close",)))


@pytest.fixture
def copied(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[tuple[Any, ...]]]:
    found: list[tuple[Any, ...]] = []
    monkeypatch.setattr(certificate_handover, "copy_volume", lambda *asked: found.append(asked))
    monkeypatch.setattr(pulumi.runtime, "is_dry_run", lambda: False)
    yield found


def bring(image: str = "sha256:1", serving: Engine | None = OLD) -> str:
    """The name of the volume that others wait for."""
    names: list[str] = []

    def build() -> None:
        brought = bring_over(VOLUMES, serving, NEW, pulumi.Output.from_input(image))
        assert brought
        pulumi.Output.from_input(brought.certificates).apply(names.append)

    run(build)
    return names[0]


def test_who_reads_the_volume_waits_for_its_copy(copied: list[tuple[Any, ...]]) -> None:
    assert bring() == "portico.test.ordered_certificates"
    assert copied == [(OLD, NEW, "portico.test.ordered_certificates", "sha256:1")]


def test_nothing_comes_where_nobody_serves_or_nothing_can_be_made(copied: list[tuple[Any, ...]]) -> None:
    bring(serving=None)
    bring(image=NONE)
    assert copied == [] and bring_over(None, OLD, NEW, pulumi.Output.from_input("")) is None


@pytest.mark.parametrize("error", [docker.errors.APIError("no"), OSError("unreachable")], ids=["refused", "away"])
def test_what_cannot_come_is_reported_and_holds_up_nothing(
    copied: list[tuple[Any, ...]], monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def fail(*_: object) -> None:
        raise error

    lines: list[str] = []
    monkeypatch.setattr(certificate_handover, "copy_volume", fail)
    monkeypatch.setattr(pulumi.log, "warn", lines.append)
    assert bring() == "portico.test.ordered_certificates"
    (line,) = lines
    assert str(error) in line and "orders them once the address leads to it" in line


def test_a_preview_says_it_and_asks_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    lines: list[str] = []
    monkeypatch.setattr(pulumi.runtime, "is_dry_run", lambda: True)
    monkeypatch.setattr(pulumi.log, "info", lines.append)
    assert bring_over(VOLUMES, OLD, NEW, pulumi.Output.from_input("")) is VOLUMES
    assert lines == ["The certificates come from the machine that serves, before the address leads to the new one."]


def test_the_copy_goes_by_memory_into_a_container_that_never_runs(root: Path) -> None:
    with io.BytesIO() as file:
        with tarfile.open(fileobj=file, mode="w") as archive:
            archive.addfile(tarfile.TarInfo("certificates"))
        whole = file.getvalue()
    old, new, empty = Machine(whole), Machine(), Machine()

    def build() -> None:
        copy_volume(old, new, "certificates", "sha256:1")
        copy_volume(empty, new, "certificates", "sha256:1")

    run(build)
    assert old.asked == [("list", {"volume": "certificates"}), ("read", "/srv/certificates"), ("close",)]
    made, written, *rest = new.asked
    assert made[:2] == ("create", "sha256:1") and made[2]["network_mode"] == "none"
    assert made[2]["volumes"] == {"certificates": {"bind": "/srv/certificates", "mode": "rw"}}
    assert written == ("write", "/srv", whole)
    # Of a machine that has none, nothing is taken.
    assert rest == [("remove",), ("close",), ("close",)]
    assert empty.asked == [("list", {"volume": "certificates"}), ("close",)]
