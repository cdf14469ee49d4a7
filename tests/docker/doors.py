"""The doors by which somebody changes or looks at what is deployed, and what may happen between two of them.

Each is one step for a walk (walk.py): what is done, and what kind of step it is. A sequence is a list of their names.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

from docker.models.containers import Container
from tests.docker.breakable import BREAKS, REPLICAS, Breakable
from tests.docker.command import Result
from tests.docker.faults import await_until, is_unhealthy
from tests.docker.killed import Running


class Kind(Enum):
    """What a step may do."""

    UPDATE = auto()  # makes everything that is asked for live, as far as it can
    PART = auto()  # the same for one resource: nothing is asked to be live
    HOLD = auto()  # sets a site back to an earlier release, and then an update
    FREE = auto()  # deploys its source again, and then an update
    STATE = auto()  # changes Pulumi's state alone
    LOOK = auto()  # changes nothing
    SOURCE = auto()  # another source; nothing is run
    HAND = auto()  # something is done to a container by hand
    KILL = auto()  # an update is killed in the middle
    RECOVER = auto()  # puts in order what a killed update has left, and then an update


# They bring all that is asked for live, or say that they could not.
UPDATES: Final = (Kind.UPDATE, Kind.RECOVER, Kind.HOLD, Kind.FREE)


@dataclass(frozen=True, kw_only=True)
class Step:
    """`do` returns what the command said, None where none was run. `site`: the one that it is about."""

    name: str
    kind: Kind
    do: Callable[[Breakable], Result | None]
    site: str = ""
    hurt: str = ""  # what a replica of it suffers


def _commands() -> list[Step]:
    """Every command of make and of Pulumi that leads to an update, changes the state or tells something."""

    def pulumi(*words: str) -> Callable[[Breakable], Result]:
        command, *options = words
        return lambda sites: sites.deployment.pulumi(command, "--stack", sites.deployment.name, *options, fails=None)

    def make(target: str, **variables: str) -> Callable[[Breakable], Result]:
        return lambda sites: sites.deployment.make(target, fails=None, **variables)

    return [
        Step(name="make up", kind=Kind.UPDATE, do=make("up")),
        Step(name="pulumi up", kind=Kind.UPDATE, do=pulumi("up", "--yes")),
        Step(name="pulumi up --skip-preview", kind=Kind.UPDATE, do=pulumi("up", "--yes", "--skip-preview")),
        Step(name="pulumi up --refresh", kind=Kind.UPDATE, do=pulumi("up", "--yes", "--skip-preview", "--refresh")),
        Step(name="make recover", kind=Kind.RECOVER, do=make("recover")),
        Step(name="pulumi refresh", kind=Kind.STATE, do=pulumi("refresh", "--yes", "--skip-preview")),
        Step(name="pulumi cancel", kind=Kind.STATE, do=lambda sites: sites.deployment.cancel()),
        Step(name="make preview", kind=Kind.LOOK, do=make("preview")),
        Step(name="pulumi preview", kind=Kind.LOOK, do=pulumi("preview")),
        Step(name="make check", kind=Kind.LOOK, do=make("check")),
        Step(name="make releases", kind=Kind.LOOK, do=make("releases")),
        Step(name="make diff", kind=Kind.LOOK, do=make("diff")),
        Step(name="make render", kind=Kind.LOOK, do=make("render", OUT="rendered")),
        *(
            step
            for site in REPLICAS
            for step in (
                Step(name=f"make rollback {site}", kind=Kind.HOLD, do=make("rollback", SITE=site), site=site),
                Step(name=f"make resume {site}", kind=Kind.FREE, do=make("resume", SITE=site), site=site),
                Step(
                    name=f"pulumi up --target {site}",
                    kind=Kind.PART,
                    do=pulumi("up", "--yes", "--skip-preview", "--target", f"**::{site}-gunicorn-0"),
                    site=site,
                ),
            )
        ),
    ]


def _events() -> list[Step]:
    """What happens between two commands."""

    def write(site: str, broken: str = "") -> Callable[[Breakable], None]:
        def act(sites: Breakable) -> None:
            sites.write(site, broken)

        return act

    steps = [Step(name="kill make up", kind=Kind.KILL, do=kill)]
    for site, count in REPLICAS.items():
        steps.append(Step(name=f"change {site}", kind=Kind.SOURCE, do=write(site), site=site))
        for broken in BREAKS:
            # Whose second worker is to fall has two of them.
            if count > 1 or broken != "second worker":
                name = f"break {site} ({broken})"
                steps.append(Step(name=name, kind=Kind.SOURCE, do=write(site, broken), site=site))
        for what, do in HANDS.items():
            name = f"{what} a replica of {site}"
            steps.append(Step(name=name, kind=Kind.HAND, do=_lay_hand(site, do), site=site, hurt=what))
    return steps


def remove(replica: Container) -> None:
    replica.remove(force=True)


def stop(replica: Container) -> None:
    replica.stop(timeout=10)


def spoil(replica: Container) -> None:
    """Make it unwell, and wait until Docker says so."""
    Breakable.make_unwell(replica)
    await_until(lambda: is_unhealthy(replica), 60)


HANDS: Final[Mapping[str, Callable[[Container], None]]] = {"remove": remove, "stop": stop, "spoil": spoil}


def _lay_hand(site: str, do: Callable[[Container], None]) -> Callable[[Breakable], None]:
    def act(sites: Breakable) -> None:
        # One that serves, where there is one: what was hurt before is hurt no more than once.
        if found := sites.list_serving(site):
            do(found[0])

    return act


def kill(sites: Breakable) -> None:
    """Kill an update at some moment, with all that it has started."""
    running = Running(sites.deployment, next(sites.numbers))
    time.sleep(sites.chance.uniform(1, 14))
    running.kill()


DOORS: Final = {step.name: step for step in _commands()}
EVENTS: Final = {step.name: step for step in _events()}
STEPS: Final = {**DOORS, **EVENTS}
