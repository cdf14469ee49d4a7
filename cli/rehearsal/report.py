"""What a rehearsal has found, for people and for scripts."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from portico.cli.rehearsal.locks import Lock
from portico.cli.rehearsal.replica import Answers

_SHOWN = 5  # locks


@dataclass
class Report:
    """One rehearsal: of which releases, on which backup, and what happened.

    `seconds` are those of the release command, None where the site has none; `code` is its exit code, None where it
    took too long. `before` are the old release's answers on the copy as it was, `old` and `new` those on the migrated
    one. `most` is the longest time, in seconds, that a lock may be kept.
    """

    site: str
    backup: str
    live: str
    following: str
    most: float
    command: str = ""
    seconds: float | None = None
    code: int | None = 0
    said: list[str] = field(default_factory=list)
    locks: list[Lock] = field(default_factory=list)
    before: Answers = field(default_factory=lambda: Answers({}))
    old: Answers = field(default_factory=lambda: Answers({}))
    new: Answers | None = None

    def list_faults(self) -> Iterator[str]:
        """What speaks against the release, a sentence each without the dot."""
        if self.code != 0:
            how = f"failed with exit code {self.code}" if self.code is not None else "did not finish"
            yield f"`{self.command}` {how} after {self.seconds or 0:.1f} s"
        for lock in self.locks:
            if lock.seconds > self.most:
                yield f"a lock is kept longer than {self.most:g} s: {lock}"
        for path in self.before.list_bad():
            said = self.before.by_path[path]
            yield f"the live release answers {path} with {said} on the copy before anything is changed"
        known = {*self.before.list_bad()}
        for path in self.old.list_bad():
            if path not in known:
                yield f"the live release answers {path} with {self.old.by_path[path]} once the command has run"
        for path in self.new.list_bad() if self.new else ():
            yield f"the new release answers {path} with {self.new.by_path[path] if self.new else ''}"

    def tell(self) -> Iterator[str]:
        """In lines."""
        yield f"Rehearsal of {self.site}, release {self.following} after {self.live}, on backup {self.backup}:"
        if self.command and self.seconds is not None:
            yield f"  `{self.command}` ended with {self.code} after {self.seconds:.1f} s"
            yield from (f"    {line}" for line in (self.said if self.code != 0 else ()))
            kept = "; ".join(map(str, self.locks[:_SHOWN])) or "none that was seen"
            yield f"  locks that others wait for: {kept}"
        yield f"  the live release before it: {self.before}"
        if self.old.by_path:
            yield f"  the live release after it: {self.old}"
        if self.new:
            yield f"  the new release: {self.new}"
        faults = [*self.list_faults()]
        yield from (f"failed: {one}." for one in faults)
        if not faults:
            yield "Passed. Nothing of production was touched, and nothing of the copy is left."

    def spell(self) -> dict[str, Any]:
        """As JSON."""
        return {
            **{"site": self.site, "backup": self.backup, "live": self.live, "next": self.following},
            "command": {"command": self.command, "seconds": self.seconds, "code": self.code} if self.command else None,
            "locks": [{"table": one.table, "blocks": one.blocks, "seconds": one.seconds} for one in self.locks],
            "before": dict(self.before.by_path),
            "old": dict(self.old.by_path),
            "new": dict(self.new.by_path) if self.new else None,
            "faults": [*self.list_faults()],
        }
