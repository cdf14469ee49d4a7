"""Sizes and durations carry their unit and lose nothing on the way through text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic_core import PydanticCustomError

from portico.config.settings import Duration, Size

# The most that is taken: 1024G and 8760h.
BYTES, MILLISECONDS = 1024 * 1024**3, 8760 * 3_600_000
UNITS = {"k": 1024, "m": 1024**2, "g": 1024**3}
AMOUNTS = st.integers(min_value=1, max_value=MILLISECONDS)
SIZES = st.sampled_from(["k", "m", "g", "K", "M", "G"]).flatmap(
    lambda unit: st.tuples(st.integers(1, BYTES // UNITS[unit.lower()]), st.just(unit))
)


@given(SIZES)
def test_a_size_is_read_back_as_it_was_written(written: tuple[int, str]) -> None:
    number, unit = written
    size = Size.parse(f"{number}{unit}")
    assert size.bytes == number * UNITS[unit.lower()]
    assert Size.parse(str(size)) == size


@given(AMOUNTS)
def test_a_duration_is_read_back_as_it_was_written(amount: int) -> None:
    assert Duration.parse(str(Duration(amount))) == Duration(amount)


@pytest.mark.parametrize("text", ["1024G", "1024g", f"{BYTES // 1024}k"])
def test_the_largest_size_is_taken(text: str) -> None:
    assert Size.parse(text).bytes == BYTES


@pytest.mark.parametrize("text", ["1025G", f"{BYTES // 1024 + 1}k", f"{BYTES // 1024**2 + 1}M", "9" * 12 + "G"])
def test_a_larger_size_is_refused(text: str) -> None:
    with pytest.raises(PydanticCustomError, match=f'"{text}" is too much; write at most 1024G'):
        Size.parse(text)


@pytest.mark.parametrize("text", ["8760h", f"{MILLISECONDS}ms"])
def test_the_longest_duration_is_taken(text: str) -> None:
    assert Duration.parse(text).amount == MILLISECONDS


@pytest.mark.parametrize("text", ["8761h", f"{MILLISECONDS + 1}ms", f"{8760 * 60 + 1}m", "9" * 12 + "h"])
def test_a_longer_duration_is_refused(text: str) -> None:
    with pytest.raises(PydanticCustomError, match=f'"{text}" is too much; write at most 8760h'):
        Duration.parse(text)


@given(AMOUNTS, AMOUNTS)
def test_durations_are_ordered_by_length(one: int, other: int) -> None:
    assert (Duration(one) < Duration(other)) == (one < other)
    assert max(Duration(one), Duration(other)).amount == max(one, other)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("60s", "1m"),
        ("90s", "90s"),
        ("120m", "2h"),
        ("1500ms", "1500ms"),
        ("2000ms", "2s"),
        ("65S", "65s"),
    ],
)
def test_a_duration_is_spelled_in_its_largest_whole_unit(text: str, said: str) -> None:
    assert str(Duration.parse(text)) == said


@pytest.mark.parametrize(("text", "said"), [("1024k", "1m"), ("5M", "5m"), ("1536M", "1536m"), ("2048m", "2g")])
def test_a_size_is_spelled_in_its_largest_whole_unit(text: str, said: str) -> None:
    assert str(Size.parse(text)) == said


@pytest.mark.parametrize(("text", "seconds"), [("1ms", 1), ("1000ms", 1), ("1001ms", 2), ("30s", 30), ("2m", 120)])
def test_seconds_are_rounded_up(text: str, seconds: int) -> None:
    assert Duration.parse(text).seconds == seconds


@pytest.mark.parametrize(("text", "mebibytes"), [("1k", 1), ("1024k", 1), ("1025k", 2), ("512M", 512), ("1G", 1024)])
def test_mebibytes_are_rounded_up(text: str, mebibytes: int) -> None:
    assert Size.parse(text).mebibytes == mebibytes


@pytest.mark.parametrize(
    "text", ["", "5", "M", "5 M", "5MB", "5.5M", "-5M", "+5M", "5s", "\u0665M", "5M\n", 5, 5.5, None]
)
def test_what_is_no_size_is_refused(text: object) -> None:
    with pytest.raises(PydanticCustomError, match="is not a size; write a whole number and a unit"):
        Size.parse(text)


@pytest.mark.parametrize("text", ["", "30", "s", "30 s", "30sec", "2d", "30M ", "1.5s", 30, True])
def test_what_is_no_duration_is_refused(text: object) -> None:
    with pytest.raises(PydanticCustomError, match="is not a duration; write a whole number and a unit"):
        Duration.parse(text)
