"""The steps that were tried: how long each took, and whether it did what it should."""

import time
from collections.abc import Iterator
from contextlib import contextmanager


class Wrong(Exception):
    """What a step did and should not have done."""


class Record:
    """`step` is one of them: it passes if nothing is raised. The next ones are tried anyway."""

    def __init__(self) -> None:
        self.passed = 0
        self.failed = 0

    @contextmanager
    def step(self, what: str) -> Iterator[None]:
        began = time.monotonic()
        print(f"-> {what}", flush=True)
        try:
            yield
        except Wrong as wrong:
            self.failed += 1
            print(*(f"   | {line}" for line in str(wrong).splitlines()), sep="\n")
            print(f"   FAILED after {time.monotonic() - began:.1f} s: {what}", flush=True)
        else:
            self.passed += 1
            print(f"   passed in {time.monotonic() - began:.1f} s", flush=True)

    def close(self) -> int:
        """Print the sum; the exit code."""
        print(f"{self.passed} passed, {self.failed} failed", flush=True)
        return 1 if self.failed else 0
