"""A stack whose switch is run: its states, its replicas and who has which name."""

import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from portico.config.load import Stack
from tests.components.sample import BLOG, make_stack
from tests.components.switch_folder import Replica, SwitchFolder, status
from tests.config.sample import make_site

OTHER = BLOG | {"replicas": 2}


@dataclass
class Scene:
    """A stack's folders, and what lies there of each of its states."""

    here: SwitchFolder
    root: Path

    def make(self, *sites: dict[str, Any], **stack: Any) -> Stack:
        """A state of the stack, whose tree is laid out as check.sh does."""
        made = make_stack(self.root, *sites, **stack)
        self.here.lay_out(made.tree.digest, dict(made.tree.files))
        return made

    def start(self, stack: Stack, **answers: Any) -> list[Replica]:
        """Replicas of a stack, which the next switch asks; `answers` are bytes by site, None for the dead."""
        made = []
        for release in stack.releases:
            if release.site.maintenance:
                continue
            answer = answers.get(release.site.name, status(200))
            for index in range(release.replicas):
                made.append(self.add(release.site.name, index, release.id, answer))
        self.here.replicas = made
        return made

    def add(self, site: str, index: int, release: str, answer: bytes | None) -> Replica:
        """A replica; one that answers badly has started so often that it is given up at once."""
        boots = None if answer == status(200) else [f"start {int(time.time())}"] * 4
        return self.here.add(site, index, release=release, answer=answer, boots=boots)

    def begin(self, *sites: dict[str, Any], **stack: Any) -> tuple[Stack, list[Replica]]:
        """A stack that is live: its first switch went well."""
        first = self.make(*sites, **stack)
        self.here.serve(first.tree.digest)
        replicas = self.start(first)
        ran = self.here.switch(first.tree.digest)
        assert ran.code == 0, ran
        (self.here.folder / "reloads").unlink(missing_ok=True)
        return first, replicas

    def files(self, stack: Stack, site: str) -> str:
        return stack.tree.files[f"conf.d/{site}.conf"]


@pytest.fixture
def scene(here: SwitchFolder, root: Path) -> Scene:
    return Scene(here, root)


def sites(**environment: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Two sites, whose releases differ by their environment."""
    return tuple(  # type: ignore[return-value]
        one | {"environment": {"V": environment[str(one["name"])]}} if one["name"] in environment else one
        for one in (make_site(), OTHER)
    )


def named(replica: Replica) -> bool:
    return replica.known.is_symlink() and os.readlink(replica.known) == replica.own.name
