"""What is to be seen of a deployment after each step that is taken (doors.py), by the promises alone.

- What answers is the last good release or a newer good one, all the time, and no request is lost; but where somebody
  has removed or stopped the only replica of a site, requests to it may fail until an update has made another one.
- A command that updates ends with 0 exactly if all that is asked for is live then. One broken site keeps no other one
  from going live, and replicas that were removed, stopped or spoilt are made again.
- `make check` ends with 0 exactly if what runs is what was asked for and nothing was changed by hand.
- `make releases` calls live what answers, `make diff` finds a difference where there is one, and so does a preview.

Nothing here knows how they are kept.
"""

from dataclasses import dataclass, field
from typing import Final

from tests.docker.breakable import REPLICAS
from tests.docker.doors import Kind, Step

KEPT: Final = 5  # releases to go back to: keepReleases


@dataclass
class Site:
    """What the model knows of a site. Texts are numbers: see Breakable.

    `served` answers, `release` is what it was released as. `earlier` are those that can be gone back to, newest first;
    `killed` what an update that was killed may still bring live. `hurt` says what its live replicas suffer.
    """

    name: str
    source: int
    good: bool = True
    served: int = 0
    release: str = ""
    pinned: int = 0
    killed: int = 0
    earlier: list[int] = field(default_factory=list)
    hurt: set[str] = field(default_factory=set)

    @property
    def wanted(self) -> int:
        """The text that an update makes live; 0 where it must fail."""
        return self.pinned or (self.source if self.good else 0)

    @property
    def down(self) -> bool:
        """Whether nobody may be left to answer."""
        return REPLICAS[self.name] == 1 and bool(self.hurt & {"remove", "stop"})

    def find_before(self) -> int:
        """The text to go back to; 0 for none."""
        live = self.pinned or self.served
        older = self.earlier[self.earlier.index(live) + 1 :] if live in self.earlier else self.earlier
        return older[0] if older else 0


@dataclass
class Model:
    """What is known of the sites and of the last update: it succeeded, or it failed, and what was done since."""

    sites: dict[str, Site] = field(default_factory=dict)
    succeeded: bool = True
    failed: bool = False
    interrupted: bool = False
    unsure: bool = False  # whether a replica that was hurt by hand was made again

    @property
    def hurt(self) -> bool:
        """Whether a replica of what is live suffers something."""
        return any(site.hurt for site in self.sites.values())

    @property
    def pinned(self) -> bool:
        """Whether a site is pinned to an earlier release."""
        return any(site.pinned for site in self.sites.values())

    @property
    def live(self) -> bool:
        """Whether all that is asked for is live."""
        return all(site.wanted == site.served for site in self.sites.values())

    def foresee(self, step: Step, texts: int) -> bool:
        """What the sites are to be after this step; whether it does anything. `texts`: how many were written so far."""
        match step.kind:
            case Kind.UPDATE:
                self._foresee_update()
            case Kind.RECOVER:
                self.interrupted = False
                self._foresee_update()
                for one in self.sites.values():
                    one.killed = 0
            case Kind.PART:
                self.succeeded = False
                self.unsure = self.unsure or any(one.hurt for one in self.sites.values())
            case Kind.KILL:
                self.interrupted, self.succeeded, self.failed = True, False, False
                for one in self.sites.values():
                    one.killed = one.wanted
            case Kind.SOURCE | Kind.HAND | Kind.HOLD | Kind.FREE:
                return self._foresee_of(self.sites[step.site], step, texts)
        return True

    def _foresee_of(self, site: Site, step: Step, texts: int) -> bool:
        if step.kind is Kind.SOURCE:
            site.source, site.good = texts, "break" not in step.name
            self.succeeded = self.failed = False
        elif step.kind is Kind.HAND:
            site.hurt.add(step.hurt)
        else:
            pinned = site.find_before() if step.kind is Kind.HOLD else 0
            # Nothing to go back to, or nothing pinned: nothing is run.
            if bool(pinned) != (step.kind is Kind.HOLD) or pinned == site.pinned:
                return False
            site.pinned = pinned
            self._foresee_update()
        return True

    def _foresee_update(self) -> None:
        if self.interrupted:
            # It may be refused; what it says is compared with what answers.
            self.succeeded = self.failed = False
            return
        self.succeeded = all(site.wanted for site in self.sites.values())
        self.failed = not self.succeeded
        self.unsure = False
        for site in self.sites.values():
            if site.wanted:
                site.served = site.wanted
                site.hurt.clear()
            if self.succeeded and not site.pinned:
                site.earlier = [site.served, *(one for one in site.earlier if one != site.served)][:KEPT]
