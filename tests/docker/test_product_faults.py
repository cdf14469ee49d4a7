"""What goes wrong while a product is released: what is said, and what state is left.

In each case the release before serves all requests, and the next good `up` puts everything in order.
"""

import itertools
import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import pytest

from tests.docker.command import Result
from tests.docker.conftest import Deploy
from tests.docker.engine import Deployment, execute
from tests.docker.figures import Figures
from tests.docker.killed import Running
from tests.docker.product import HOST, NOTES, SITE, ask_database, write_release
from tests.docker.traffic import light

pytestmark = [pytest.mark.docker, pytest.mark.soak, pytest.mark.timeout(1200)]
NUMBERS: Final = itertools.count(1)
# The release command of tests that look at what it does: it writes down when it begins and ends.
SLOW: Final = "sh -c 'echo begin >>/data/commands; sleep 15; flask db upgrade; echo end >>/data/commands'"


@pytest.fixture(scope="module")
def product(deploy: Deploy) -> Deployment:
    deployment = deploy(NOTES)
    deployment.up()
    return deployment


def write_next(deployment: Deployment) -> int:
    """The source of another release; its number, which its migration's follows from."""
    number = next(NUMBERS)
    write_release(deployment, number)
    return number


def break_migration(deployment: Deployment, number: int, line: str) -> None:
    """Let the migration of that release end with another line, after it has added its column."""
    file = deployment.source(SITE) / "migrations" / "versions" / f"{number + 1:04}_extra.py"
    file.write_text(f"{file.read_text()}    {line}\n")


def fix(deployment: Deployment, number: int) -> None:
    """Write that release as it should have been, bring it up, and see that everything is of it."""
    write_release(deployment, number)
    deployment.configure_site(SITE, **{key: NOTES[key] for key in ("release", "workers")})
    deployment.up()
    assert read_revision(deployment) == f"{number + 1:04}"
    live = deployment.outputs()["releases"][SITE]
    assert {release for _, release, _ in list_processes(deployment)} == {live}


def read_revision(deployment: Deployment) -> str:
    ((revision,),) = ask_database(deployment, "SELECT version_num FROM alembic_version")
    return str(revision)


def list_processes(deployment: Deployment) -> list[tuple[str, str, str]]:
    """The name, the release and the id of each container of a worker that runs."""
    running = [one for one in deployment.containers("worker") if one.status == "running"]
    return [(one.labels["portico.process"], one.labels["portico.release"], str(one.id)) for one in running]


@contextmanager
def unnoticed(deployment: Deployment, figures: Figures, what: str) -> Iterator[None]:
    """Whatever happens in this block, the release before it serves all requests."""
    before = deployment.outputs()["releases"][SITE]
    with light(deployment, HOST, most_seconds=900) as load:
        yield
        load.wait(1)
    report = load.report()
    print(f"\n{what}: {report.details()}")
    figures.record(
        "P2",
        f"{what}: requests lost",
        target="0",
        measured=f"{report.failed} of {report.sent}",
        met=report.lossless and set(report.seen) == {f"{SITE}/{before}"},
    )


def check_said(results: list[Result], *words: str) -> None:
    for result in results:
        missing = [one for one in words if one not in result.output]
        assert not missing, f"not said: {missing}\n{result.tail()}"
        assert "provider2.go" not in result.output


def test_a_migration_that_fails_leaves_the_database_as_it_was(product: Deployment, figures: Figures) -> None:
    revision, processes = read_revision(product), list_processes(product)
    number = write_next(product)
    break_migration(product, number, 'raise RuntimeError("no more columns today")')
    with unnoticed(product, figures, "the migration fails, twice"):
        # Unchanged, and tried again.
        failed = [product.up(fails=True, door="make") for _ in range(2)]
    check_said(failed, "no more columns today", "exit code 1", "flask db upgrade", "keeps serving")
    assert read_revision(product) == revision and list_processes(product) == processes
    columns = ask_database(product, f"SELECT name FROM pragma_table_info('notes') WHERE name = 'extra_{number}'")
    assert columns == []
    fix(product, number)


def test_a_migration_that_hangs_is_ended_and_gives_its_lock_back(product: Deployment, figures: Figures) -> None:
    revision, processes = read_revision(product), list_processes(product)
    number = write_next(product)
    break_migration(product, number, "import time; time.sleep(3600)")
    product.configure_site(SITE, release={**NOTES["release"], "timeout": "8s"})
    with unnoticed(product, figures, "the migration hangs"):
        result = product.up(fails=True, door="make")
    check_said([result], "flask db upgrade", "8 s", "release.timeout", "keeps serving")
    assert read_revision(product) == revision and list_processes(product) == processes
    # Nobody holds the database: whoever writes is not kept waiting.
    began = time.monotonic()
    assert ask_database(product, "SELECT count(*) FROM notes") == [[0]]
    writes = "import sqlite3; sqlite3.connect('/data/notes.db', timeout=1).execute('BEGIN IMMEDIATE')"
    execute(product.containers("gunicorn", SITE)[0], "python3", "-c", writes)
    assert time.monotonic() - began < 10
    fix(product, number)


def read_commands(deployment: Deployment) -> list[str]:
    """What the release commands have written down."""
    return execute(deployment.containers("gunicorn", SITE)[0], "cat", "/data/commands").split()


def begin_slow(deployment: Deployment) -> tuple[Running, int, list[str]]:
    """An `up` whose release command has begun; the number of the release, and what was written down before."""
    execute(deployment.containers("gunicorn", SITE)[0], "touch", "/data/commands")
    before, number = read_commands(deployment), write_next(deployment)
    deployment.configure_site(SITE, release={"command": SLOW, "timeout": "2m"})
    running = Running(deployment, number)
    end = time.monotonic() + 200
    while read_commands(deployment) != [*before, "begin"]:
        assert running.process.poll() is None and time.monotonic() < end, running.log.read_text()
        time.sleep(0.2)
    return running, number, before


def test_an_up_that_is_killed_does_not_kill_its_migration(product: Deployment, figures: Figures) -> None:
    """Nor does the next one start another beside it."""
    with unnoticed(product, figures, "`up` is killed while its release command runs"):
        running, number, before = begin_slow(product)
        assert running.kill()
        # Stays: nothing but the old release was asked to go on.
        assert read_commands(product) == [*before, "begin"]
        while read_commands(product) == [*before, "begin"]:
            time.sleep(0.5)
        assert read_revision(product) == f"{number + 1:04}"
    result = product.recover()
    assert read_commands(product) == [*before, "begin", "end"], result.tail()
    fix(product, number)


def test_recover_finds_a_migration_that_still_runs_and_waits_for_it(product: Deployment) -> None:
    running, number, before = begin_slow(product)
    assert running.kill()
    result = product.recover()
    check_said([result], "release command", "still runs")
    assert read_commands(product) == [*before, "begin", "end"], result.tail()
    fix(product, number)


def test_of_two_at_once_the_second_one_starts_no_migration(product: Deployment) -> None:
    running, number, before = begin_slow(product)
    os.killpg(running.process.pid, signal.SIGSTOP)
    try:
        refused = product.up(fails=True, door="make")
    finally:
        os.killpg(running.process.pid, signal.SIGCONT)
    check_said([refused], "Another run is working on the stack")
    assert running.process.wait(200) == 0, running.log.read_text()
    assert read_commands(product) == [*before, "begin", "end"]
    fix(product, number)


def test_workers_that_crash_fail_the_release_and_the_old_ones_go_on(product: Deployment, figures: Figures) -> None:
    """The pages of the new release are live by then. Jobs are done anyway, by the old workers."""
    before, number = list_processes(product), write_next(product)
    workers: list[dict[str, Any]] = [{**one, "command": "python -m notes.nothing"} for one in NOTES["workers"]]
    product.configure_site(SITE, workers=workers)
    failed = [product.up(fails=True, door="make") for _ in range(2)]
    check_said(failed, "No module named notes.nothing", "queue", "beat", "does not keep running")
    old = [one for one in list_processes(product) if one in before and one[0] in ("queue", "beat")]
    figures.record(
        "P2",
        "workers crash at their start: old ones that go on",
        target="3",
        measured=str(len(old)),
        met=len(old) == 3,
    )
    ((order,),) = ask_database(product, "SELECT coalesce(max(id), 0) FROM jobs WHERE finished_at IS NOT NULL")
    end = time.monotonic() + 60
    # The beat goes on ordering, and the queue goes on doing.
    while ask_database(product, "SELECT max(id) FROM jobs WHERE finished_at IS NOT NULL") == [[order]]:
        assert time.monotonic() < end
        time.sleep(1)
    fix(product, number)
