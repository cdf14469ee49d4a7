"""How the tests of a product count: they must find what they look for."""

import pytest

from tests.docker.product import count_minutes, find_overlaps

pytestmark = pytest.mark.extended


@pytest.mark.parametrize(
    ("begun", "missing", "twice"),
    [
        ([600.4, 660.1, 720.9], [], []),
        ([600.4, 720.9], [11], []),
        ([600.4, 660.1, 661.0, 720.9], [], [11]),
        ([601.0, 602.0], [11, 12], [10]),
        ([], [10, 11, 12], []),
        # Runs of other minutes make up for nothing.
        ([540.0, 600.4, 660.1, 720.9, 780.0, 781.0], [], []),
    ],
)
def test_minutes_without_a_run_and_with_two(begun: list[float], missing: list[int], twice: list[int]) -> None:
    assert count_minutes(begun, since=590.0, until=725.0) == (missing, twice)


def test_a_minute_counts_if_it_begins_in_the_time() -> None:
    assert count_minutes([], since=600.0, until=660.0) == ([10, 11], [])
    assert count_minutes([], since=600.1, until=659.9) == ([], [])


def test_lives_that_follow_each_other_do_not_overlap() -> None:
    assert find_overlaps([("a", 0.0, 5.0, 5.1), ("b", 5.1, 9.0, 9.2), ("c", 10.0, 11.0, None)]) == []


@pytest.mark.parametrize("ended", [5.2, None])
def test_two_lives_at_once_are_found(ended: float | None) -> None:
    """Also where the first one was killed, which says no end."""
    assert find_overlaps([("a", 0.0, 5.2, ended), ("b", 5.0, 9.0, 9.2)]) == ["b began 0.200 s before the end of a"]
