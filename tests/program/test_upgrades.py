"""A stack that an earlier version made is updated with no replacement: what that version made is kept in a file.

tests/docker/test_upgrade.py does the same on the real engine, where the checkout has the history for it.
"""

import json
from hashlib import sha256
from pathlib import Path
from typing import Final

import pytest

import portico
from tests.program.kept import keep

FILES: Final = sorted(keep.FOLDER.glob("*.json"))
# Where it cannot be avoided, CHANGELOG.md says what is replaced and what that costs, and the file is written again.
ADVICE: Final = "an update to this version would replace these; keep them, or see docs/upgrading.md"

# What no other container takes the place of beside it: visitors, or sites, get no answer meanwhile.
INTERRUPTING: Final = {"portico-port-holder-80": "f8d1fe19fc3f", "db-service-server": "ca37a173068a"}


@pytest.fixture(scope="module")
def present(tmp_path_factory: pytest.TempPathFactory) -> keep.Kept:
    root = tmp_path_factory.mktemp("root")
    return keep.summarize(keep.make(root), root)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_nothing_that_an_earlier_version_made_is_replaced(file: Path, present: keep.Kept) -> None:
    assert keep.list_replaced(json.loads(file.read_text()), present) == [], ADVICE


@pytest.mark.parametrize("name", INTERRUPTING)
def test_what_would_interrupt_is_what_it_was(present: keep.Kept, name: str) -> None:
    """Even a comment in hold.pl is part of it. The kept file is written again now and then, and this is not."""
    (inputs,) = (inputs for urn, inputs in present.items() if urn.endswith(f"::{name}"))
    assert sha256(json.dumps(inputs, sort_keys=True).encode()).hexdigest()[:12] == INTERRUPTING[name], ADVICE


def test_the_present_version_is_kept() -> None:
    assert portico.__version__ in [file.stem for file in FILES], f"keep it: see {keep.__name__}"


def test_a_replacement_is_noticed(present: keep.Kept) -> None:
    replica = next(urn for urn in present if urn.endswith("::shop-gunicorn-0"))
    volume = next(urn for urn in present if urn.endswith("::shop-data-media"))
    before = {urn: dict(inputs) for urn, inputs in present.items()}
    before[replica]["envs"] = "another one"
    before[replica]["gone"] = "was there before"
    before[volume.replace("Volume::", "Tome::")] = before.pop(volume)
    (first, second) = sorted(keep.list_replaced(before, present))
    assert first == f"{replica}: envs, gone" and second.endswith("Tome::shop-data-media: is gone")
    # A resource more is none that was replaced.
    assert keep.list_replaced({}, present) == []
