"""The documents that are made from the program say what the program says."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from portico.config.reference import describe
from scripts.docs import WRITERS

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"


@pytest.mark.parametrize(("name", "write"), WRITERS.items())
def test_is_not_stale(name: str, write: Callable[[], str]) -> None:
    assert (DOCS / name).read_text() == write(), f"docs/{name} is stale; write it again with: make docs"


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


def test_what_aws_refuses_is_tried_by_tests_that_exist() -> None:
    rows = [line.split(" | ") for line in (DOCS / "hosts" / "refusals.md").read_text().splitlines()[8:]]
    tried = [re.findall(r"([\w/]+\.py)::(test_\w+)", row[-1]) for row in rows if len(row) == 3]
    # What costs is in no model of AWS's, and documented alone.
    assert len(tried) > 20 and tried.count([]) == 1
    for file, name in (one for found in tried for one in found):
        assert f"def {name}(" in (ROOT / "tests" / file).read_text(), f"{file}::{name}"


def test_every_setting_and_file_of_the_coverage_exists() -> None:
    for row in ROWS:
        for path in re.findall(r"`([a-z][\w.\[\]]*)`", row[1]):
            # Raises where there is none.
            assert describe(path)
        file = row[2].strip()
        assert not file or any((ROOT / folder / file).is_file() for folder in ("", "config/templates")), file


WRITTEN = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *DOCS.rglob("*.md")]


@pytest.mark.parametrize("file", WRITTEN, ids=[str(file.relative_to(ROOT)) for file in WRITTEN])
def test_what_a_document_points_to_is_there(file: Path) -> None:
    text = file.read_text()
    links = [target for target in re.findall(r"\]\(([^)\s]+)\)", text) if not re.match(r"\w+:", target)]
    for target in links:
        path, _, anchor = target.partition("#")
        other = (file.parent / path).resolve() if path else file
        assert other.exists(), f"{target} leads nowhere"
        if anchor:
            assert anchor in list_anchors(other), f"{target}: no such heading"
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    # In code alone: in a sentence, "make" may be a verb.
    code = re.findall(r"`([^`\n]+)`|^ {4}(.*)$", text, re.MULTILINE)
    named = {name for pair in code for name in re.findall(r"(?:^|; *)(?:[A-Z]+=\S+ )*make ([a-z-]+)", "".join(pair))}
    assert named <= targets, f"no such command: make {named - targets}"


def list_anchors(file: Path) -> set[str]:
    """The headings of a document, as GitHub spells them in a link."""
    headings = re.findall(r"^#+ (.*)$", file.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_the_settings_of_the_hosts_that_are_named_exist() -> None:
    named = set()
    for file in [*(DOCS / "hosts").glob("*.md"), DOCS / "outgrowing.md"]:
        named |= set(re.findall(r"`((?:aws|ssh|ecs)\.\w+)`", file.read_text()))
    assert len(named) >= 12 and {"aws.egress", "ecs.network", "ecs.requestsTarget"} <= named
    for path in named:
        # Raises where there is none.
        assert describe(path)


def test_secrets_are_read_as_the_document_says(tmp_path: Path) -> None:
    text = (DOCS / "secrets.md").read_text()
    (code,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    (short,) = re.findall(r"`(app\.config\.update\(.*?\))`", text)
    for name, value in (("SECRET_KEY", "one"), ("DATABASE_URL", "sqlite://")):
        (tmp_path / name).write_text(value)
    names: dict[str, Any] = {"__name__": "__main__"}
    exec(code.replace('"/run/secrets"', repr(str(tmp_path))), names)
    config = names["app"].config
    assert (config["SECRET_KEY"], config["SQLALCHEMY_DATABASE_URI"]) == ("one", "sqlite://")
    exec(short, names)
    assert config["DATABASE_URL"] == "sqlite://"
