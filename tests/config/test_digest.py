"""Digests: equal content, equal name; any difference, another name."""

import time

import pytest

from portico.config.release.digest import digest_files, digest_secrets, digest_values
from portico.config.source.files import File

FILES = {"a": File(b"1"), "b/c": File(b"2", executable=True)}


def test_the_order_of_files_does_not_matter() -> None:
    assert digest_files(FILES) == digest_files(dict(reversed(FILES.items())))


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(FILES | {"a": File(b"1 ")}, id="content"),
        pytest.param(FILES | {"a": File(b"1", executable=True)}, id="executable"),
        pytest.param(FILES | {"d": File(b"")}, id="one more, empty"),
        pytest.param(FILES | {"d": File(b"", folder=True)}, id="one more, a folder"),
        pytest.param({"a": FILES["a"]}, id="one less"),
        pytest.param({"a2": FILES["a"], "b/c": FILES["b/c"]}, id="name"),
        pytest.param({"a": File(b"2"), "b/c": File(b"1", executable=True)}, id="contents exchanged"),
    ],
)
def test_any_difference_of_files_gives_another_digest(other: dict[str, File]) -> None:
    assert digest_files(other) != digest_files(FILES)


def test_an_empty_file_a_folder_and_a_link_are_three_things() -> None:
    kinds = [File(b""), File(b"", folder=True), File(b"", link="a"), File(b"", executable=True)]
    assert len({digest_files({"x": kind}) for kind in kinds}) == 4


def test_when_a_file_was_changed_does_not_matter() -> None:
    assert File(b"1", modified=1) == File(b"1", modified=2) == File(b"1")
    assert digest_files({"a": File(b"1", modified=1)}) == digest_files({"a": File(b"1")})


def test_content_cannot_pose_as_a_further_file() -> None:
    assert digest_files({"a": File(b"1b\x000\x001\x002")}) != digest_files({"a": File(b"1"), "b": File(b"2")})


def test_the_order_of_values_does_not_matter() -> None:
    assert digest_values({"a": 1, "b": [2]}) == digest_values({"b": [2], "a": 1}) != digest_values({"a": 1, "b": [3]})


@pytest.mark.parametrize("digest", [digest_files(FILES), digest_values({"a": 1}), digest_secrets({"A": "b"})])
def test_a_digest_is_short_and_fit_for_a_name(digest: str) -> None:
    assert len(digest) == 12 and set(digest) <= set("0123456789abcdef")


def test_a_secret_changes_the_digest_and_the_order_does_not() -> None:
    one = digest_secrets({"A": "1", "B": "2"})
    assert one == digest_secrets({"B": "2", "A": "1"})
    assert len({one, digest_secrets({"A": "2", "B": "1"}), digest_secrets({"A": "1"}), digest_secrets({})}) == 4


def test_guessing_a_secret_from_its_digest_is_slow() -> None:
    start = time.perf_counter()
    digest_secrets({"A": "1"})
    assert time.perf_counter() - start > 0.005
