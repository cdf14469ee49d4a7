"""The documents that are made from the program say what the program says."""

from pathlib import Path

import pytest

from config.reference import write_reference
from scripts.docs import write_files

DOCS = Path(__file__).parent.parent / "docs"


@pytest.mark.parametrize(("name", "write"), [("settings.md", write_reference), ("files.md", write_files)])
def test_is_not_stale(name: str, write: object) -> None:
    assert callable(write)
    assert (DOCS / name).read_text() == write(), f"docs/{name} is stale; write it anew with: make docs"
