"""Build contexts on disk: named by content, with secrets beside them that only their owner reads."""

import errno
import os
import stat
import time
from pathlib import Path

import pulumi
import pytest

from portico.components.build_context import list_secrets, write_context
from portico.config.release.assemble import make_release
from tests.components.sample import make_stack
from tests.config.sample import SHOP, make_site, read_settings, write_files


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


def test_the_sources_of_old_releases_do_not_pile_up(root: Path) -> None:
    other = root / ".portico/contexts/shop-api-0123abcd"
    other.mkdir(parents=True)
    written = []
    for number in range(9):
        write_files(root / "shop", {"web.py": f"app = {number}\n"})
        written.append(root / write(root))
        (root / ".portico/builds" / f"{written[-1].name}.log").write_text("said")
    assert sorted(path for path in other.parent.iterdir() if path != other) == sorted(written[-5:])
    assert other.is_dir()
    assert {path.stem for path in (root / ".portico/builds").iterdir()} == {path.name for path in written[-5:]}


def test_the_source_that_was_used_last_stays(root: Path) -> None:
    first = root / write(root)
    # Where it were written again, this would be gone.
    (first / "mark").touch()
    for number in range(9):
        write_files(root / "shop", {"web.py": f"app = {number}\n"})
        write(root)
        write_files(root / "shop", SHOP)
        assert root / write(root) == first and (first / "mark").exists()


def test_pip_is_given_what_the_builder_is_reported(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
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


def test_what_pip_is_given_is_readable_to_its_owner_only(root: Path) -> None:
    write(root)
    for name in ("pip.conf", "ca.pem"):
        assert stat.S_IMODE((root / ".portico" / name).stat().st_mode) == 0o600


@pytest.mark.parametrize("index", ["https://a.example/simple", "https://b.example/simple"])
def test_what_pip_is_given_makes_no_other_release(root: Path, monkeypatch: pytest.MonkeyPatch, index: str) -> None:
    plain = make_stack(root).releases[0]
    monkeypatch.setenv("PIP_INDEX_URL", index)
    assert (make_stack(root).releases[0].id, write(root)) == (plain.id, write(root))


def test_nothing_half_written_is_left(root: Path) -> None:
    write(root)
    assert [path.name for path in (root / ".portico/contexts").iterdir() if path.name.startswith(".")] == []


def test_a_disk_without_space_is_named_and_leaves_nothing_half_written(
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
    assert "the build of shop is prepared, cannot be written: No space left on device" in str(refused.value)
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


def list_modes(folder: Path) -> dict[str, str]:
    """{path: mode} of all that lies in a folder, itself included."""
    return {str(path.relative_to(folder)): stat.filemode(path.lstat().st_mode) for path in (folder, *folder.rglob("*"))}


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o027, 0o077])
def test_the_umask_of_whoever_builds_reaches_no_file(root: Path, umask: int) -> None:
    write_files(root / "shop", {"books/__init__.py": "", "run.sh": ""})
    (root / "shop/run.sh").chmod(0o700)
    (root / "shop/plugins/deep").mkdir(parents=True)
    (root / "shop/latest").symlink_to("books")
    before = os.umask(umask)
    try:
        modes = list_modes(root / write(root))
    finally:
        os.umask(before)
    folders = {
        ".",
        ".portico",
        ".portico/requirements",
        "app",
        "app/books",
        "app/static",
        "app/plugins",
        "app/plugins/deep",
    }
    assert {path for path, mode in modes.items() if mode == "drwxr-xr-x"} == folders
    assert {path for path, mode in modes.items() if mode == "-rwxr-xr-x"} == {"app/run.sh"}
    assert {mode for path, mode in modes.items() if path not in folders | {"app/run.sh", "app/latest"}} == {
        "-rw-r--r--"
    }
    # Keys and what pip is given stay private, whatever the umask.
    assert stat.S_IMODE((root / ".portico/pip.conf").stat().st_mode) == 0o600


def spoil(folder: Path, how: str) -> None:
    """Make of a context what an older Portico, or somebody's command, has left."""
    match how:
        case "a folder that nobody may enter":
            (folder / "app/static").chmod(0o700)
        case "the whole that nobody may enter":
            folder.chmod(0o700)
        case "a file that nobody may read":
            (folder / "app/web.py").chmod(0o600)
        case "a program that is none":
            (folder / "app/run.sh").chmod(0o644)
        case "a missing file":
            (folder / "app/web.py").unlink()
        case "a missing folder":
            (folder / "app/plugins").rmdir()
        case "half a file":
            (folder / "app/web.py").write_text("a")
        case "another link":
            (folder / "app/latest").unlink()
            (folder / "app/latest").symlink_to("web.py")


@pytest.mark.parametrize(
    "how",
    [
        *("a folder that nobody may enter", "the whole that nobody may enter", "a file that nobody may read"),
        *("a program that is none", "a missing file", "a missing folder", "half a file", "another link"),
    ],
)
def test_a_context_that_is_not_as_it_was_written_is_written_again(root: Path, how: str) -> None:
    write_files(root / "shop", {"run.sh": ""})
    (root / "shop/run.sh").chmod(0o700)
    (root / "shop/plugins").mkdir()
    (root / "shop/latest").symlink_to("static")
    folder = root / write(root)
    before, content = list_modes(folder), (folder / "app/web.py").read_bytes()
    spoil(folder, how)
    assert root / write(root) == folder
    assert (list_modes(folder), (folder / "app/web.py").read_bytes()) == (before, content)
    assert os.readlink(folder / "app/latest") == "static"
    assert [path.name for path in folder.parent.iterdir()] == [folder.name]


def test_a_context_that_is_as_it_was_written_stays(root: Path) -> None:
    folder = root / write(root)
    (folder / "app/web.py").touch()
    before = folder.stat().st_ino, (folder / "app/web.py").stat().st_mtime_ns
    write(root)
    assert (folder.stat().st_ino, (folder / "app/web.py").stat().st_mtime_ns) == before


def test_a_file_keeps_its_time_which_its_answers_are_known_by(root: Path) -> None:
    """As with `docker build`: Flask makes an ETag of it, and a change of another file is none of this one."""
    os.utime(root / "shop/static/shop.css", (1_700_000_000, 1_700_000_000))
    times = set()
    for text in ("app = 1\n", "app = 2\n"):
        write_files(root / "shop", {"web.py": text})
        times.add((root / write(root) / "app/static/shop.css").stat().st_mtime)
    assert times == {1_700_000_000}


def test_no_file_is_from_the_future(root: Path) -> None:
    os.utime(root / "shop/static/shop.css", (4e9, 4e9))
    assert (root / write(root) / "app/static/shop.css").stat().st_mtime <= time.time()


def test_secrets_of_a_build_lie_beside_it_for_their_owner_alone(root: Path) -> None:
    write_files(root / "shop", {"requirements.txt": "--extra-index-url https://${TOKEN}@i.example/simple\nflask\n"})
    settings = read_settings(root, make_site(buildSecrets=["TOKEN"]))
    release = make_release(settings, settings.sites[0], root, {}, tokens={"TOKEN": "it's"})
    context = write_context(root, release, None)
    secrets = {one.id: str(one.src) for one in list_secrets(context, tokens=True)}
    file = root / secrets["env"]
    assert file.read_text() == "TOKEN='it'\"'\"'s'\n"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert all(b"it's" not in path.read_bytes() for path in (root / context).rglob("*") if path.is_file())
    assert "env" not in {one.id for one in list_secrets(context, tokens=False)}
