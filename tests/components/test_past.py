"""What the last good update left."""

import pytest

from components.past import read_past
from tests.components.recorder import run


@pytest.mark.parametrize(
    "past", [{}, {"url": "http://localhost:8080", "history": {"hello": [{"replicas": 2, "id": "a"}]}}]
)
def test_the_outputs_of_the_update_before_are_read(past: dict[str, object]) -> None:
    seen: list[object] = []
    run(lambda: seen.append(read_past()), past=past)
    assert seen == [past]


def test_whole_numbers_stay_whole() -> None:
    seen: list[dict[str, object]] = []
    run(lambda: seen.append(read_past()), past={"replicas": 2, "share": 0.5})
    assert {key: type(value) for key, value in seen[0].items()} == {"replicas": int, "share": float}
