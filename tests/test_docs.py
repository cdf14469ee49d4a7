"""The documents that are made from the program say what the program says."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from config.reference import describe
from scripts.docs import WRITERS

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"


@pytest.mark.parametrize(("name", "write"), WRITERS.items())
def test_is_not_stale(name: str, write: Callable[[], str]) -> None:
    assert (DOCS / name).read_text() == write(), f"docs/{name} is stale; write it anew with: make docs"


COVERAGE = (DOCS / "coverage.md").read_text()
ROWS = [line.split(" | ") for line in COVERAGE.splitlines() if re.match(r"\| .*\.(py|j2)", line)]


def test_every_row_of_the_coverage_names_a_test() -> None:
    listed = [line for line in COVERAGE.splitlines() if re.match(r"\| (?!---)", line)]
    # Three tables, each with a head.
    assert len(ROWS) == len(listed) - 3 > 60
    assert [row[0] for row in ROWS if not re.search(r"test_\w+\.py::test_\w+", row[-1])] == []


def test_every_test_of_the_coverage_exists() -> None:
    named = {(file, name) for row in ROWS for file, name in re.findall(r"([\w/]+\.py)::(test_\w+)", row[-1])}
    texts = {
        file: (ROOT / "tests" / file).read_text() if (ROOT / "tests" / file).is_file() else "" for file, _ in named
    }
    assert [f"{file}::{name}" for file, name in sorted(named) if f"def {name}(" not in texts[file]] == []


def test_every_setting_and_file_of_the_coverage_exists() -> None:
    for row in ROWS:
        for path in re.findall(r"`([a-z][\w.\[\]]*)`", row[1]):
            # Raises where there is none.
            assert describe(path)
        file = row[2].strip()
        assert not file or any((ROOT / folder / file).is_file() for folder in ("", "config/templates")), file
