"""The figures of the reliability tests: what is recorded is what the report says."""

from pathlib import Path
from typing import cast

import pytest

from tests.docker.engine import Deployment
from tests.docker.figures import Figures
from tests.docker.memory import MEBIBYTE, Memory
from tests.docker.reliability import write
from tests.docker.rows import ROWS

pytestmark = pytest.mark.extended


def some() -> Figures:
    figures = Figures()
    figures.record("R4", "an idle | up", target="<= 10 s", measured="3.1 s", met=True)
    with pytest.raises(AssertionError, match=r"R1 lost: 3 of 10 \(target 0\) NOT MET"):
        figures.record("R1", "lost", target="0", measured="3 of 10", met=False)
    return figures


def test_every_row_is_in_the_table_measured_or_not() -> None:
    lines = some().table()
    assert "| R1 | lost | 0 | 3 of 10 | **no** |" in lines
    assert "| R4 | an idle \\| up | <= 10 s | 3.1 s | yes |" in lines
    assert "| R2 | | | not measured | |" in lines
    assert len(lines) == len(ROWS) + 2


def test_an_unknown_row_is_a_mistake() -> None:
    with pytest.raises(KeyError):
        Figures().record("R99", "what", target="0", measured="0", met=True)


@pytest.mark.docker
def test_the_report_keeps_the_notes_and_names_what_failed(tmp_path: Path) -> None:
    file = tmp_path / "reliability.md"
    file.write_text("# Old\n\n## Notes\n\nBy hand.\n")
    write(file, some(), minutes=61.2, counts="7 tests passed, 1 did not", load=0.5, failed=["a.py::test_b"])
    text = file.read_text()
    assert "| R1 | lost | 0 | 3 of 10 | **no** |" in text
    assert "in 61 minutes: 7 tests passed, 1 did not. The machine: " in text
    assert "- `a.py::test_b`" in text
    assert text.endswith("\n## Notes\n\nBy hand.\n")
    assert "Old" not in text


def test_the_document_explains_every_row() -> None:
    text = (Path(__file__).parents[2] / "docs" / "reliability.md").read_text()
    assert [row for row, what in ROWS.items() if f"| {row} | {what} |" not in text] == []


def test_growth_compares_the_last_third_with_the_first() -> None:
    memory = Memory(cast(Deployment, None), "nginx")
    memory.samples["nginx"] = [MEBIBYTE * size for size in (10, 10, 90, 10, 50, 50, 50, 13, 13, 13, 13, 13)]
    assert memory.growth("nginx") == 1.3
    assert memory.describe("nginx") == "10.0 -> 13.0 MiB (x 1.30), at most 90.0, 12 samples"
    memory.samples["nginx"] = [MEBIBYTE] * 8
    with pytest.raises(ValueError, match="8 samples"):
        memory.growth("nginx")
