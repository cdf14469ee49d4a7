"""A preview of many sites takes little: 100 are rendered in a second of processor time, and growth is linear."""

from pathlib import Path

import pytest

from bench.rendering import COUNTS, MOST_RATIO, MOST_SECONDS, measure
from tests.config.sample import SHOP, write_files


def test_growth_is_linear(tmp_path: Path) -> None:
    write_files(tmp_path / "shop", SHOP)
    seconds = measure(tmp_path, rounds=2)
    assert seconds[max(COUNTS)] / seconds[min(COUNTS)] < MOST_RATIO, seconds


@pytest.mark.soak
def test_a_hundred_sites_take_less_than_a_second(tmp_path: Path) -> None:
    """Beside other work a processor takes longer for the same: 0.5 to 1.1 s were measured on one machine."""
    write_files(tmp_path / "shop", SHOP)
    seconds = measure(tmp_path, rounds=2)
    assert seconds[100] < MOST_SECONDS, seconds
