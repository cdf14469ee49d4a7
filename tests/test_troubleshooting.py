"""docs/troubleshooting.md quotes messages that the program can print, and each of them once."""

import re
from pathlib import Path
from typing import Final

import pytest

from tests.messages import GAP, fold, list_templates

DOCUMENT: Final = (Path(__file__).parent.parent / "docs" / "troubleshooting.md").read_text()
QUOTED: Final = re.findall(r"^\| `([^`]+)` \|", DOCUMENT, re.MULTILINE)


@pytest.fixture(scope="module")
def templates() -> list[str]:
    """Read by the worker that needs them, not by each one while it looks for tests: that takes a second."""
    return [*list_templates()]


def is_printed(message: str, templates: list[str]) -> bool:
    """Whether a template holds it word by word; gaps at its ends are whatever stands there."""
    wanted = fold(message).strip(f"{GAP} ")
    return any(wanted in template for template in templates)


def test_there_are_enough() -> None:
    assert len(QUOTED) > 50
    assert len(set(QUOTED)) == len(QUOTED)


@pytest.mark.parametrize("message", QUOTED)
def test_a_message_is_one_that_is_printed(message: str, templates: list[str]) -> None:
    assert len(message.replace(GAP, "").split()) >= 3, "too short to be found"
    assert is_printed(message, templates), f"the program never prints: {message}"


def test_a_changed_message_is_noticed() -> None:
    templates = ["… could not be built; what served before keeps serving."]
    assert is_printed("… could not be built; what served before keeps serving.", templates)
    assert not is_printed("… could not be made; what served before keeps serving.", templates)


def test_every_row_says_what_to_do() -> None:
    rows = [line.split(" | ") for line in DOCUMENT.splitlines() if line.startswith("| `")]
    assert len(rows) == len(QUOTED)
    assert [row[0] for row in rows if len(row) != 3 or not all(one.strip(" |") for one in row)] == []
