"""A new folder on ECS begins with what the image has there: once, whole, and whoever else comes at the same time."""

import subprocess
import sys
import threading
from pathlib import Path

import pytest

from portico.config.in_container import read_script


@pytest.fixture
def image(tmp_path: Path) -> Path:
    """The image's own folder."""
    source = tmp_path / "image"
    (source / "pictures").mkdir(parents=True)
    (source / "pictures" / "a.png").write_text("a")
    (source / "hello.txt").write_text("hello")
    return source


@pytest.fixture
def volume(tmp_path: Path) -> Path:
    (tmp_path / "volume").mkdir()
    return tmp_path / "volume"


def seed(volume: Path, source: Path, *, limit: float = 120, cwd: str = "/usr") -> "subprocess.CompletedProcess[str]":
    script = read_script("seed.py").replace("PATIENCE = 120.0", f"PATIENCE = {limit}")
    words = [sys.executable, "-I", "-S", "-c", script, f"{volume}={source}"]
    return subprocess.run(words, cwd=cwd, capture_output=True, text=True, timeout=60)


def list_all(volume: Path) -> list[str]:
    return sorted(str(one.relative_to(volume)) for one in volume.rglob("*"))


def test_a_new_folder_is_filled_and_marked(volume: Path, image: Path) -> None:
    done = seed(volume, image)
    assert done.returncode == 0, done.stderr
    assert list_all(volume) == [".portico", "hello.txt", "pictures", "pictures/a.png"]


def test_what_was_deleted_since_does_not_come_back(volume: Path, image: Path) -> None:
    seed(volume, image)
    (volume / "hello.txt").unlink()
    (image / "new.txt").touch()
    seed(volume, image)
    assert list_all(volume) == [".portico", "pictures", "pictures/a.png"]


def test_what_somebody_has_put_there_is_left_as_it_is(volume: Path, image: Path) -> None:
    (volume / "restored.db").touch()
    seed(volume, image)
    assert list_all(volume) == [".portico", "restored.db"]


def test_an_image_that_has_nothing_there_makes_an_empty_folder(volume: Path, tmp_path: Path) -> None:
    assert seed(volume, tmp_path / "nothing").returncode == 0
    assert list_all(volume) == [".portico"]


def test_one_of_several_fills_it_and_the_others_wait(volume: Path, image: Path) -> None:
    (volume / ".portico-first").mkdir()  # another one is at it
    ended: list[int] = []
    thread = threading.Thread(target=lambda: ended.append(seed(volume, image).returncode))
    thread.start()
    thread.join(1.5)
    assert not ended and list_all(volume) == [".portico-first"]
    (volume / ".portico").touch()
    thread.join(60)
    assert ended == [0] and "hello.txt" not in list_all(volume)


def test_one_that_was_killed_in_the_middle_is_not_waited_for_for_ever(volume: Path, image: Path) -> None:
    partial = volume / ".portico-first"
    (partial / "pictures").mkdir(parents=True)
    # It is not known what else it had done.
    done = seed(volume, image, limit=0.2)
    assert done.returncode == 0, done.stderr
    assert list_all(volume) == [".portico", "hello.txt", "pictures", "pictures/a.png"]


def test_a_folder_that_holds_the_application_is_refused(volume: Path, image: Path) -> None:
    done = seed(volume, image, cwd=str(image / "pictures"))
    assert done.returncode == 1 and "would hide the application itself" in done.stderr
    done = seed(volume, image / "hello.txt" / "x")
    assert done.returncode == 1 and f"{image}/hello.txt is a file of the image" in done.stderr
