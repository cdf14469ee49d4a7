"""After a release that failed, commands follow in every order: listed ones, and at random.

What must hold after each step is in model.py. PORTICO_SEED repeats a walk: its number is printed. `make test-all` takes
the same walk every time, so that a change fails by its own fault alone; the soak takes a new one.
"""

import os
import random
import re
from collections.abc import Callable, Iterator

import pytest

from tests.docker.breakable import make_sites, prepare
from tests.docker.command import ROOT
from tests.docker.conftest import Deploy
from tests.docker.doors import DOORS, EVENTS, Kind
from tests.docker.figures import SOAK, Figures
from tests.docker.walk import Walk, Wrong, chain

pytestmark = pytest.mark.docker

# Taken one after the other on the same sites, each from where the one before it has led; in short the first two.
LISTED = {
    "tried again, while the other site goes on": [
        *("break left (import)", "change right", "make up", "make up", "make check", "make releases"),
        *("pulumi refresh", "pulumi up --skip-preview"),
    ],
    "one good answer is not health": [
        *("break left (second worker)", "make up", "make check", "change left", "make up"),
    ],
    "looked at": [
        *("break left (import)", "make up", "make diff", "make preview", "pulumi preview", "make render"),
    ],
    "by Pulumi's own commands, and put in order": [
        *("pulumi up", "pulumi cancel", "pulumi up --refresh", "make recover"),
    ],
    "back and forward again": [
        *("change left", "make up", "break left (health)", "make up", "make rollback left"),
        *("make check", "make up", "make resume left", "make releases"),
    ],
    "by hand": [
        *("remove a replica of left", "make check", "make up", "pulumi up --target left", "change left"),
        *("spoil a replica of right", "make check", "make up", "make check", "pulumi preview"),
    ],
}
PARTS = list(LISTED.values())[: None if SOAK else 2]
# Targets of make that bring nothing live and tell nothing of what is.
OTHERS = {
    *("help", "setup", "doctor", "status", "down", "logs", "shell", "exec", "rules", "lint", "format", "lock", "docs"),
    *("bench", "bench-deploy", "soak", "stop-docker", "clean", "backup", "restore", "rehearse", "db"),
}
# Those that may leave something else behind than they found: each follows each of them.
CHANGING = [
    *("make up", "pulumi up --skip-preview", "pulumi up --refresh", "pulumi refresh", "make recover"),
    *("make rollback left", "make resume left", "pulumi up --target left"),
]
STEPS = 200 if SOAK else 20
SEED = 114105  # a walk with a killed update, a rollback and each way to break a site
WEIGHTS = {Kind.UPDATE: 4, Kind.HOLD: 2, Kind.FREE: 2, Kind.SOURCE: 2}


@pytest.fixture(scope="module")
def sites(deploy: Deploy) -> Walk:
    """Both sites, up; the walk that all tests here take together."""
    sites = prepare(deploy(*make_sites()))
    sites.deployment.up()
    walk = Walk(sites)
    walk.begin()
    return walk


@pytest.fixture
def walk(sites: Walk) -> Iterator[Walk]:
    """It, in order: a promise that was not kept in one test is no matter of the next."""
    if sites.taken:
        sites.recover()
    yield sites


def follow(walk: Walk, figures: Figures, what: str, way: Callable[[], None]) -> None:
    """Go that way, and record what came of it."""
    sent, lost, reported = walk.sent, walk.lost, "each step as it should be"
    try:
        way()
    except Wrong as wrong:
        print(wrong)
        reported = f"wrong at `{walk.taken[-1]}`: {str(wrong).splitlines()[0]}"
    pairs, triples = (len(walk.list_sequences(length)) for length in (2, 3))
    figures.record(
        "C14",
        f"{what}: {len(walk.taken)} steps, {pairs} different pairs, {triples} triples",
        target="0 requests lost, nothing broken live, exit codes that are true",
        measured=f"{walk.lost - lost} of {walk.sent - sent:,} lost; {reported}",
        met=reported.startswith("each"),
    )


def test_no_door_is_left_out() -> None:
    listed = {step for part in LISTED.values() for step in part}
    assert {door for door in {*DOORS} - listed if not door.endswith("right")} == set()
    targets = {*re.findall(r"^([a-z-]+):.*## ", (ROOT / "Makefile").read_text(), re.MULTILINE)}
    named = {words[1] for words in map(str.split, DOORS) if words[0] == "make"}
    assert {target for target in targets - named - OTHERS if not target.startswith("test")} == set()


@pytest.mark.soak
@pytest.mark.timeout(3600 if SOAK else 900)
def test_after_a_failed_release_each_door(walk: Walk, figures: Figures) -> None:
    follow(walk, figures, "listed", lambda: walk.take(step for part in PARTS for step in part))


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_after_a_failed_release_each_pair_of_doors(walk: Walk, figures: Figures) -> None:
    def go() -> None:
        walk.take(["change left", "make up", "change left", "make up", "break left (import)", "make up"])
        walk.take(chain(CHANGING))

    follow(walk, figures, "every pair", go)


@pytest.mark.extended
@pytest.mark.timeout(3600 if SOAK else 900)
def test_at_random(walk: Walk, figures: Figures) -> None:
    seed = int(os.environ.get("PORTICO_SEED") or (random.randrange(1_000_000) if SOAK else SEED))
    print(f"\nPORTICO_SEED={seed}")
    chance = walk.sites.chance = random.Random(seed)

    def go() -> None:
        for _ in range(STEPS):
            walk.take([choose(walk, chance)])

    follow(walk, figures, f"at random (seed {seed})", go)


def choose(walk: Walk, chance: random.Random) -> str:
    """The next step."""
    steps = [*DOORS.values(), *EVENTS.values()]
    if walk.model.interrupted:
        # Which release would be gone back to nobody knows then; and what is hurt is not made again.
        steps = [step for step in steps if step.kind not in (Kind.HOLD, Kind.FREE, Kind.KILL, Kind.HAND)]
        steps += [DOORS["make recover"]] * 4
    else:
        # By hand one replica at a time is hurt.
        steps = [step for step in steps if not (walk.model.hurt and step.kind is Kind.HAND)]
        # A site that nobody can answer for hides what else may go wrong with it.
        steps += [
            EVENTS[f"change {site.name}"] for site in walk.model.sites.values() if site.down and not site.wanted
        ] * 6
        steps += [DOORS["make up"]] * 6 * any(site.down and site.wanted for site in walk.model.sites.values())
    return chance.choices(steps, [WEIGHTS.get(step.kind, 1) for step in steps])[0].name
