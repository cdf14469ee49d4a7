"""The same settings are the same files: on any day, in any order of keys, in any process."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from tests.property.profile import gather, holds_for
from tests.property.rendered import Rendered, render
from tests.property.settings import LAYOUTS, stacks

PROJECT = Path(__file__).parents[2]
_ELSEWHERE = """
import json, sys
from pathlib import Path
from tests.property.rendered import render
from tests.property.test_determinism import spell
print(json.dumps([spell(render(values, Path(sys.argv[1]))) for values in json.load(sys.stdin)]))
"""


def spell(rendered: Rendered) -> dict[str, Any]:
    """Everything that is written, by name."""
    tree = rendered.tree
    contexts = {
        f"{release.site.name} {release.id} {release.image} {path}": file.content.decode()
        for release in rendered.releases
        for path, file in release.context.items()
    }
    return {"tree": dict(tree.files), "links": dict(tree.links), "digest": tree.digest, "contexts": contexts}


def reorder(values: Any) -> Any:
    """The same values with the keys of every mapping the other way round."""
    if isinstance(values, dict):
        return {key: reorder(values[key]) for key in reversed(values)}
    return [reorder(one) for one in values] if isinstance(values, list) else values


@holds_for(values=stacks(), layout=st.sampled_from(LAYOUTS))
def test_the_order_of_keys_means_nothing(root: Path, values: dict[str, Any], layout: str) -> None:
    once = spell(render(values, root, layout))
    assert spell(render(values, root, layout)) == once
    assert spell(render(reorder(values), root, layout)) == once


def test_another_process_writes_the_same(root: Path) -> None:
    """Sets and hashes are ordered anew in every process; what is written does not show it."""
    examples: list[dict[str, Any]] = []

    @gather(10, values=stacks())
    def keep(values: dict[str, Any]) -> None:
        examples.append(values)

    keep()
    written = []
    for number in ("1", "2"):
        done = subprocess.run(
            [sys.executable, "-c", _ELSEWHERE, str(root)],
            input=json.dumps(examples),
            env={**os.environ, "PYTHONHASHSEED": number},
            cwd=PROJECT,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        assert done.returncode == 0, done.stderr
        written.append(json.loads(done.stdout))
    assert written[0] == written[1]
    assert written[0] == [spell(render(values, root)) for values in examples]
