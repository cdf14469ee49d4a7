"""What the last good update left."""

from typing import ClassVar

import pytest

from portico.components import previous_outputs
from portico.components.previous_outputs import read_previous
from tests.components.recorder import run


@pytest.mark.parametrize(
    "previous", [{}, {"url": "http://localhost:8080", "history": {"hello": [{"replicas": 2, "id": "a"}]}}]
)
def test_the_outputs_of_the_update_before_are_read(previous: dict[str, object]) -> None:
    seen: list[object] = []
    run(lambda: seen.append(read_previous()), previous=previous)
    assert seen == [previous]


def test_whole_numbers_stay_whole() -> None:
    seen: list[dict[str, object]] = []
    run(lambda: seen.append(read_previous()), previous={"replicas": 2, "share": 0.5})
    assert {key: type(value) for key, value in seen[0].items()} == {"replicas": int, "share": float}


def answer_after(monkeypatch: pytest.MonkeyPatch, failures: list[str]) -> list[dict[str, object]]:
    """Read while the engine refuses with these words first."""

    class Answer:
        value: ClassVar = {"outputs": {"url": "here"}}

    def invoke(*_: object) -> Answer:
        if failures:
            raise Exception(failures.pop(0))
        return Answer()

    monkeypatch.setattr(previous_outputs, "invoke", invoke)
    monkeypatch.setattr("time.sleep", lambda _: None)
    seen: list[dict[str, object]] = []
    run(lambda: seen.append(read_previous()))
    return seen


def test_a_state_that_is_just_being_saved_is_read_again(monkeypatch: pytest.MonkeyPatch) -> None:
    assert answer_after(monkeypatch, ["failed to load checkpoint: EOF"] * 3) == [{"url": "here"}]


@pytest.mark.parametrize("failures", [["failed to load checkpoint: EOF"] * 100, ["no such stack"]])
def test_what_does_not_pass_is_raised(monkeypatch: pytest.MonkeyPatch, failures: list[str]) -> None:
    with pytest.raises(Exception, match=failures[0]):
        answer_after(monkeypatch, failures)
