"""Build contexts on disk: named by content, with secrets beside them that only their owner reads."""

import errno
import os
import stat
from pathlib import Path

import pulumi
import pytest

from components.context import write_context
from tests.components.sample import make_stack
from tests.config.sample import write_files


@pytest.fixture(autouse=True)
def quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "PIP_TRUSTED_HOST", "PIP_TIMEOUT", "PORTICO_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)


def write(root: Path, bundle: str | None = None) -> str:
    return write_context(root, make_stack(root).releases[0], bundle)


def test_a_context_holds_the_files_of_the_release(root: Path) -> None:
    (root / "shop" / "web.py").chmod(0o700)
    release = make_stack(root).releases[0]
    folder = root / write(root)
    written = {str(path.relative_to(folder)): path for path in folder.rglob("*") if path.is_file()}
    assert {name: path.read_bytes() for name, path in written.items()} == {
        name: file.content for name, file in release.context.items()
    }
    assert [name for name, path in written.items() if path.stat().st_mode & stat.S_IXUSR] == ["app/web.py"]


def test_the_path_counts_from_the_root_and_follows_the_content(root: Path) -> None:
    one = write(root)
    assert one == write(root) and one.startswith(".portico/contexts/shop-")
    write_files(root / "shop", {"web.py": "app = 2\n"})
    assert write(root) != one


def test_pip_is_told_what_the_builder_is_told(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_INDEX_URL", "https://user:pass@index.example/simple")
    folder = root / write(root)
    assert "index-url = https://user:pass@index.example/simple" in (root / ".portico/pip.conf").read_text()
    assert all(b"index.example" not in path.read_bytes() for path in folder.rglob("*") if path.is_file())


def test_pip_trusts_the_certificates_that_are_named(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_files(root, {"ca.pem": "certificate", "other.pem": "other"})
    write(root, "ca.pem")
    assert (root / ".portico/ca.pem").read_text() == "certificate"
    assert "cert = /run/secrets/ca.pem" in (root / ".portico/pip.conf").read_text()
    monkeypatch.setenv("PORTICO_CA_BUNDLE", "other.pem")
    write(root)
    assert (root / ".portico/ca.pem").read_text() == "other"


def test_without_certificates_pip_keeps_its_own(root: Path) -> None:
    write(root)
    assert "cert" not in (root / ".portico/pip.conf").read_text()


def test_what_pip_is_told_is_readable_to_its_owner_only(root: Path) -> None:
    write(root)
    for name in ("pip.conf", "ca.pem"):
        assert stat.S_IMODE((root / ".portico" / name).stat().st_mode) == 0o600


@pytest.mark.parametrize("index", ["https://a.example/simple", "https://b.example/simple"])
def test_what_pip_is_told_makes_no_other_release(root: Path, monkeypatch: pytest.MonkeyPatch, index: str) -> None:
    plain = make_stack(root).releases[0]
    monkeypatch.setenv("PIP_INDEX_URL", index)
    assert (make_stack(root).releases[0].id, write(root)) == (plain.id, write(root))


def test_nothing_half_written_is_left(root: Path) -> None:
    write(root)
    assert [path.name for path in (root / ".portico/contexts").iterdir() if path.name.startswith(".")] == []


def test_a_disk_without_room_is_named_and_leaves_nothing_half_written(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = Path.write_bytes

    def refuse(path: Path, content: bytes) -> int:
        if path.name == "web.py" and "contexts" in path.parts:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))
        return real(path, content)

    monkeypatch.setattr(Path, "write_bytes", refuse)
    with pytest.raises(pulumi.RunError) as refused:
        write(root)
    assert "shop is made ready to be built, takes no file: No space left on device" in str(refused.value)
    assert list((root / ".portico/contexts").iterdir()) == []
    monkeypatch.undo()
    assert (root / write(root) / "app/web.py").is_file()


def test_another_run_of_the_same_source_may_be_first(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = Path.rename

    def be_late(path: Path, target: Path) -> Path:
        if "contexts" in path.parts:
            (target / "theirs").mkdir(parents=True)
        return real(path, target)

    monkeypatch.setattr(Path, "rename", be_late)
    written = write(root)
    assert [found.name for found in (root / written).iterdir()] == ["theirs"]
    assert len(list((root / ".portico/contexts").iterdir())) == 1
