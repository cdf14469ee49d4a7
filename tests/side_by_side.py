"""Some workers run the tests side by side (`pytest -n 3`): most wait for the engine, and leave a core to another.

Tests that share a deployment stay together, so that it is made once. A test with a time limit, marked `alone`, has the
machine for itself: the others wait meanwhile.
"""

import fcntl
import os
import re
import tempfile
from contextlib import ExitStack
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

import pytest

ROOT = Path(__file__).parent.parent
# Groups of tests/docker by fixtures that live for the whole package: the modules that use one of them are one group.
_SHARED = {"tests/docker with a machine": ("served", "machine"), "tests/docker with secrets": ("vault",)}
# Their packages share one deployment, or what takes long to make and they only look at.
_ONE_EACH = ("tests/attacks", "tests/cloud/ssh", "tests/property", "tests/protocols", "tests/render")
_ON_AWS = ("tests/components/aws", "tests/components/ecs", "tests/program")
_TOGETHER = {**dict(zip(_ONE_EACH, _ONE_EACH, strict=True)), **dict.fromkeys(_ON_AWS, "Pulumi's AWS package")}
# Groups that take longest, in that order: whoever begins with them is not left alone with one of them at the end.
_LONGEST = (
    *("tests/docker with a machine", "tests/cloud/test_ecs.py", "tests/cloud/test_aws.py", "tests/cloud/ssh"),
    *("tests/docker/test_doors.py", "tests/docker/test_bad_release.py", "tests/docker/test_taken_port.py"),
)


def rank(item: pytest.Item) -> int:
    """Where a test stands: those of the real engine before the others, and of these the longest groups first."""
    if not item.get_closest_marker("docker"):
        return len(_LONGEST) + 1
    group = name_group(item.nodeid.partition("::")[0])
    return _LONGEST.index(group) if group in _LONGEST else len(_LONGEST)


@cache
def name_group(path: str) -> str:
    """The group of a module, given by its path from the root: modules of one group run on one worker."""
    folder = path.rpartition("/")[0]
    if folder in _TOGETHER:
        return _TOGETHER[folder]
    if folder == "tests/docker":
        source = (ROOT / path).read_text()
        for group, fixtures in _SHARED.items():
            if re.search(rf"def test_\w+\([^)]*\b({'|'.join(fixtures)})\b", source):
                return group
    return path


def place(config: pytest.Config, log: Any) -> Any:
    """A scheduler of xdist that gives each group to one worker."""
    from xdist.scheduler import LoadScopeScheduling

    class Groups(LoadScopeScheduling):  # type: ignore[misc]
        def _split_scope(self, nodeid: str) -> str:
            return name_group(nodeid.partition("::")[0])

    return Groups(config, log)


def list_locks(config: pytest.Config) -> list[Path]:
    """The gate and what is behind it, the same for all workers of a run; none where there are no workers."""
    run = getattr(config, "workerinput", {}).get("testrunuid")
    return [Path(tempfile.gettempdir(), f"portico-{run}.{name}") for name in ("gate", "run")] if run else []


class Turn:
    """In a `with` block a test runs; beside those of other workers, or `alone`.

    Who wants to be alone holds the gate until the others have ended: nobody new begins meanwhile. It has the disk for
    itself, too: what the others wrote is on it by then, so nothing that is timed waits for that.
    """

    def __init__(self, config: pytest.Config, *, alone: bool) -> None:
        self._files = list_locks(config)
        self._alone = alone
        self._locks = ExitStack()

    def __enter__(self) -> Self:
        if self._files:
            gate, run = self._files
            kind = fcntl.LOCK_EX if self._alone else fcntl.LOCK_SH
            with _lock(gate, kind):
                self._locks.enter_context(_lock(run, kind))
        if self._alone:
            os.sync()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._locks.close()


def _lock(path: Path, kind: int) -> IO[str]:
    # The lock goes with the file's closing, also when the process is killed.
    file = path.open("a")
    fcntl.flock(file, kind)
    return file
