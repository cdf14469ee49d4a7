"""docs/questions.md: each answer lies two links from the README, and says what the table says."""

import re
from pathlib import Path
from typing import Final

import pytest

from tests.test_docs import list_anchors

DOCS: Final = Path(__file__).parent.parent / "docs"
README: Final = (DOCS.parent / "README.md").read_text()
ROWS: Final = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in (DOCS / "questions.md").read_text().splitlines()
    if line.startswith("| ") and "](" in line
]
# By the question: what the page that the way leads to says.
SAYS: Final = {
    "X-Forwarded-For": "X-Forwarded-For",
    "health check fails": "keeps serving",
    "add a setting": "config/settings/",
    "set a secret": "--secret",
    "its own file": "it writes to its own folder",
    "migration": "It runs once for each release",
    "version before": "make rollback",
    "uploads lie": "a volume of Docker, `<project>",
    "HTTPS": "acme",
    "large may an upload": "413",
    "deploy from GitHub": "portico ci init",
    "not do": "several servers behind one name",
}


def test_there_are_ten_and_more() -> None:
    assert len(ROWS) == len(SAYS) >= 10
    assert "docs/questions.md" in README


@pytest.mark.parametrize(("question", "way", "answer"), ROWS, ids=[row[0] for row in ROWS])
def test_an_answer_is_two_links_away(question: str, way: str, answer: str) -> None:
    link = re.search(r"\]\(([\w.-]+)(?:#([\w-]+))?\)", way)
    assert link and answer
    assert f"docs/{link[1]}" in README, "the README leads there"
    page = DOCS / link[1]
    assert not link[2] or link[2] in list_anchors(page)
    (said,) = [words for key, words in SAYS.items() if key in question]
    assert said.lower() in page.read_text().lower()
