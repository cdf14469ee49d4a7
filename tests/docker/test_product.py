"""A whole product is released under load: nothing that it was reported, and nothing that it was to do, is lost.

Each release has a migration that adds a column. Meanwhile its workers do jobs, its schedule runs every minute, and
files are sent. The short form makes two releases, `make soak` ten.
"""

import time
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import pytest

from tests.docker.conftest import Deploy
from tests.docker.engine import Deployment
from tests.docker.figures import SOAK, Figures
from tests.docker.load import Load, Report
from tests.docker.product import (
    BEAT,
    MINUTE,
    NOTES,
    SITE,
    ask_database,
    clients,
    count_minutes,
    find_lost_files,
    find_overlaps,
    observe,
    write_release,
)
from tests.docker.traffic import RATE

pytestmark = [pytest.mark.docker, pytest.mark.soak, pytest.mark.timeout(2700 if SOAK else 500)]

RELEASES = 10 if SOAK else 2
STEADY = 30.0 if SOAK else 5.0  # seconds before the first release
MINUTES = 8 if SOAK else 1  # that the schedule must have run in, at least
LATE = 20.0  # seconds after the minute in which a run must have ended
DRAIN = 180.0  # seconds in which the workers must have done what is left in the queue


@dataclass(frozen=True, kw_only=True)
class Story:
    """What was seen. `since` and `until` are the load's, since 1970; `names` the releases, in order."""

    deployment: Deployment
    report: Report
    names: list[str]
    seconds: list[float]
    since: float
    until: float

    def promised(self, what: str) -> set[str]:
        """What clients were reported: the files that are kept, or the jobs that will be done."""
        return {value.partition(" ")[2] for value in self.report.seen if value.startswith(f"{what} ")}


@pytest.fixture(scope="module")
def story(deploy: Deploy) -> Story:
    deployment: Deployment = deploy(NOTES)
    deployment.up(door="make")
    names, seconds = [deployment.outputs()["releases"][SITE]], []
    since = time.time()
    load = Load(deployment.address, deployment.port, clients(), rate=RATE, observe=observe, most_seconds=2100)
    with load:
        load.wait(STEADY)
        for number in range(1, RELEASES + 1):
            write_release(deployment, number)
            # Each other one as the README says.
            seconds.append(deployment.up(door="pulumi" if number % 2 else "make").seconds)
            names.append(deployment.outputs()["releases"][SITE])
        until = max(time.time(), (since // MINUTE + MINUTES) * MINUTE + LATE)
        load.wait(until - time.time())
        until = time.time()
    await_jobs(deployment, until)
    report = load.report()
    print(f"\n{len(seconds)} releases of {', '.join(f'{one:.1f}' for one in seconds)} s: {report.details()}")
    return Story(deployment=deployment, report=report, names=names, seconds=seconds, since=since, until=until)


def await_jobs(deployment: Deployment, until: float) -> None:
    """Until all that was ordered before `until` is done; the beat orders another job every few seconds."""
    end = time.monotonic() + DRAIN
    left = f"SELECT id FROM jobs WHERE finished_at IS NULL AND created_at < {until}"
    while ask_database(deployment, left) and time.monotonic() < end:
        time.sleep(1)


def test_no_request_is_lost(story: Story, figures: Figures) -> None:
    report = story.report
    figures.record(
        "P1",
        f"requests lost in {RELEASES} releases with a migration each, of {min(story.seconds):.0f} s and more",
        target="0",
        measured=f"{report.failed} of {report.sent:,}; longest gap {report.longest_gap():.2f} s",
        met=report.lossless,
    )
    assert len(set(story.names)) == RELEASES + 1
    assert [value for value in report.seen if value.startswith("release ")] == [f"release {one}" for one in story.names]


def test_every_migration_ran_once_and_in_its_turn(story: Story, figures: Figures) -> None:
    columns = ask_database(story.deployment, "SELECT name FROM pragma_table_info('notes') WHERE name LIKE 'extra%'")
    revision = ask_database(story.deployment, "SELECT version_num FROM alembic_version")
    figures.record(
        "P1",
        "columns that the migrations added",
        target=str(RELEASES),
        measured=f"{len(columns)}, at revision {revision[0][0]}",
        met=columns == [[f"extra_{number}"] for number in range(1, RELEASES + 1)]
        and revision == [[f"{RELEASES + 1:04}"]],
    )


def test_every_job_is_done_once(story: Story, figures: Figures) -> None:
    rows: list[list[Any]] = ask_database(
        story.deployment,
        f"SELECT id, kind, argument, attempts, finished_at, result FROM jobs WHERE created_at < {story.until}",
    )
    promised = story.promised("job")
    undone = promised - {str(row[0]) for row in rows if row[4] is not None}
    undone |= {str(row[0]) for row in rows if row[4] is None}
    again = [row for row in rows if row[3] > 1]
    failed = [row for row in rows if row[5] and row[5].startswith("failed")]
    print(f"\n{len(rows)} jobs, {len(promised)} of them ordered by clients")
    for what, found in (("lost", sorted(undone)), ("begun twice", again), ("failed", failed)):
        figures.record(
            "P1",
            f"jobs of 0.1 to 20 s {what}, of {len(rows)}",
            target="0",
            measured=f"{len(found)} {found[:3] or ''}".strip(),
            met=not found and {"0.1", "1.0", "5.0", "20.0"} <= {row[2] for row in rows},
        )


def test_every_file_is_kept_and_served(story: Story, figures: Figures) -> None:
    promised = story.promised("file")
    lost = find_lost_files(story.deployment, promised)
    figures.record(
        "P1",
        f"files of 2 and 100 kB lost, of {len(promised)} that were sent meanwhile",
        target="0",
        measured=f"{len(lost)} {lost[:3] or ''}".strip(),
        met=not lost and len(promised) > 20 * RELEASES,
    )


def test_there_are_never_two_beats(story: Story, figures: Figures) -> None:
    """Each release has a beat of its own, and each but the last one ended by itself."""
    lives = [
        (str(container), float(begun), float(seen), ended)
        for container, begun, seen, ended in ask_database(
            story.deployment, "SELECT container, begun_at, seen_at, ended_at FROM beats ORDER BY begun_at"
        )
    ]
    overlaps = find_overlaps(lives)
    gaps = [other[1] - one[3] for one, other in pairwise(lives) if one[3] is not None]
    figures.record(
        "P1",
        f"times that two beats were there, in {len(lives)} lives",
        target="0",
        measured=f"{len(overlaps)}; without one for at most {max(gaps, default=0.0):.1f} s",
        met=not overlaps,
    )
    assert len(lives) == RELEASES + 1, lives
    assert all(ended is not None for _, _, _, ended in lives[:-1]) and lives[-1][3] is None, lives
    assert len({container for container, *_ in lives}) == len(lives)


def test_every_scheduled_minute_ran_exactly_once(story: Story, figures: Figures) -> None:
    begun = [float(at) for (at,) in ask_database(story.deployment, "SELECT begun_at FROM purges ORDER BY begun_at")]
    missing, twice = count_minutes(begun, story.since, story.until - LATE)
    figures.record(
        "P1",
        f"scheduled minutes without a run and with two, of {len(begun)} runs",
        target="0 and 0",
        measured=f"{len(missing)} and {len(twice)}",
        met=not missing and not twice and len(begun) >= MINUTES,
    )


def test_what_runs_afterwards_is_of_the_last_release_alone(story: Story, figures: Figures) -> None:
    last = story.names[-1]
    found = sorted(
        (process, labels["portico.release"], status)
        for labels, status in story.deployment.briefly()
        if (process := labels.get("portico.process")) in ("queue", BEAT)
    )
    figures.record(
        "P1",
        "containers of workers afterwards",
        target="3 of the last release, which run",
        measured=f"{len(found)}, {sum(one[1:] == (last, 'running') for one in found)} of them so",
        met=found == [(BEAT, last, "running"), *[("queue", last, "running")] * 2],
    )
