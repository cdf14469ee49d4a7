"""The same settings are the same files: on any day, in any order of keys, in any process."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.property.pool import Tried, holds_for_stacks, list_stacks
from tests.property.rendered import render, spell

PROJECT = Path(__file__).parents[2]
_ELSEWHERE = """
import json, sys
from pathlib import Path
from tests.property.rendered import render, spell
print(json.dumps([spell(render(values, Path(sys.argv[1]))) for values in json.load(sys.stdin)]))
"""


def reorder(values: Any) -> Any:
    """The same values with the keys of every mapping the other way round."""
    if isinstance(values, dict):
        return {key: reorder(values[key]) for key in reversed(values)}
    return [reorder(one) for one in values] if isinstance(values, list) else values


@holds_for_stacks(every=3)
def test_the_order_of_keys_means_nothing(stack: Tried) -> None:
    assert spell(render(reorder(stack.values), stack.root, stack.layout)) == spell(stack.rendered)


def test_another_process_writes_the_same(root: Path) -> None:
    """Sets and hashes are ordered again in every process; what is written does not show it."""
    examples = [stack.values for stack in list_stacks(root)[::8]]
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
