"""Jobs: what can be said of them, what is refused, and what runs them."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import cronsim
import pytest

from portico.components.in_container.scheduled_job import Job
from portico.config.checks import check_settings
from portico.config.release.assemble import make_release
from portico.config.release.release import Release
from portico.config.release.replica import Place
from portico.config.release.schedule import list_workers, write_words
from portico.config.release.worker import describe_worker, digest_workers
from tests.config.sample import make_site, make_values, read_settings, refuse

HINT = "write minute, hour, day, month and weekday, such as 30 3 * * * for 3:30 each night"


def job(**changes: Any) -> dict[str, Any]:
    return {"name": "nightly", "cron": "30 3 * * *", "command": "flask tidy"} | changes


def release(root: Path, *jobs: dict[str, Any], **site: Any) -> Release:
    settings = read_settings(root, make_site(schedule=list(jobs), **site))
    return make_release(settings, settings.sites[0], root, {})


@pytest.mark.parametrize(
    ("change", "path", "reported"),
    [
        ({"cron": "each night"}, "cron", f'"each night" is not a cron expression; {HINT}'),
        ({"cron": "0 30 3 * * *"}, "cron", f'"0 30 3 * * *" is not a cron expression; {HINT}'),
        ({"cron": "60 3 * * *"}, "cron", f'"60 3 * * *" is not a cron expression (bad minute); {HINT}'),
        ({"cron": "0 3 31 2 *"}, "cron", f'"0 3 31 2 *" is not a cron expression (bad day-of-month); {HINT}'),
        ({"cron": "0 3 * * MO"}, "cron", f'"0 3 * * MO" is not a cron expression (bad day-of-week); {HINT}'),
        ({"cron": "L/ * * * *"}, "cron", f'"L/ * * * *" is not a cron expression (bad minute); {HINT}'),
        ({"timeZone": "Berlin"}, "timeZone", '"Berlin" is not a time zone; write one such as UTC or Europe/Berlin'),
        (
            {"timeZone": "../etc/passwd"},
            "timeZone",
            '"../etc/passwd" is not a time zone; write one such as UTC or Europe/Berlin',
        ),
        ({"command": ""}, "command", "the command is empty; write one such as flask db upgrade"),
        ({"overlap": "maybe"}, "overlap", "\"maybe\" does not fit; write 'forbid', 'allow' or 'replace'"),
        ({"timeout": "never"}, "timeout", '"never" is not a duration; write a whole number and a unit (ms, s, m or h)'),
    ],
)
def test_what_is_wrong_is_reported_by_its_place(root: Path, change: dict[str, Any], path: str, reported: str) -> None:
    (line,) = refuse(root, make_values(make_site(schedule=[job(**change)])))
    assert line.startswith(f"sites[0].schedule[0].{path}: {reported}")


def test_two_jobs_of_one_name_are_refused(root: Path) -> None:
    (line,) = refuse(root, make_values(make_site(schedule=[job(), job()])))
    assert line == 'sites[0].schedule: "nightly" names two jobs; write another name'


def test_a_worker_cannot_be_called_as_what_runs_the_jobs(root: Path) -> None:
    site = make_site(schedule=[job()], workers=[{"name": "schedule", "command": "x"}])
    (line,) = refuse(root, make_values(site))
    assert line == "sites[0].schedule: schedule is what runs the jobs; write another name for that worker"
    assert check_settings(make_values(site | {"schedule": []}), root).sites[0].workers[0].name == "schedule"


def test_one_more_worker_runs_the_jobs_and_stays_for_the_longest(root: Path) -> None:
    jobs = [job(timeout="2h", memory="256M"), job(name="b", cron="* * * * *", command="sh -c 'a b'")]
    made = release(root, *jobs, workers=[{"name": "queue", "command": "work"}])
    queue, scheduler = list_workers(made.site)
    assert (queue.name, scheduler.name, scheduler.replicas, scheduler.single) == ("queue", "schedule", 1, False)
    described = describe_worker(made, scheduler, Place())
    assert described["destroy_grace_seconds"] > 2 * 3600 + 10 and described["memory"] == 256 + 512 + 64
    reported = json.loads(described["command"][-2])
    assert reported[1] == {
        "name": "b",
        "expression": "* * * * *",
        "zone": "UTC",
        "words": ["sh", "-c", "a b"],
        "overlap": "forbid",
        "timeout": 3600,
    }
    assert described["command"][-1] == "/run/portico/shop/schedule"


def test_without_jobs_nothing_runs_any(root: Path) -> None:
    assert list_workers(release(root).site) == ()


def test_another_time_makes_another_container_and_no_other_release(root: Path) -> None:
    one, other = release(root, job()), release(root, job(cron="0 4 * * *"))
    assert one.id == other.id and digest_workers(one) != digest_workers(other)


@pytest.mark.parametrize(
    ("expression", "after", "expected"),
    [
        # The night in which summer time begins has no 02:30, and the one in which it ends has it twice.
        ("30 2 * * *", "2026-03-28T12:00+01:00", ["2026-03-29T01:00Z", "2026-03-30T00:30Z"]),
        ("30 2 * * *", "2026-10-24T12:00+02:00", ["2026-10-25T00:30Z", "2026-10-26T01:30Z"]),
        # In the hour that comes again, the job of the first one is over.
        ("30 2 * * *", "2026-10-25T02:10+01:00", ["2026-10-26T01:30Z"]),
        ("*/30 * * * *", "2026-10-25T01:59+02:00", ["2026-10-25T00:00Z", "2026-10-25T00:30Z", "2026-10-25T01:00Z"]),
    ],
)
def test_the_clocks_of_summer_time(expression: str, after: str, expected: list[str]) -> None:
    made = Job("a", expression, "UTC", ["a"], "forbid", 1)
    made.zone = ZoneInfo("Europe/Berlin")
    at, found = datetime.fromisoformat(after).timestamp(), []
    for _ in expected:
        at = made.find_next(at) or 0
        found.append(datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%MZ"))
    assert found == expected


def test_the_container_reads_expressions_by_the_package_that_checked_them(root: Path) -> None:
    sources = dict(json.loads(write_words(release(root, job()).site)[4]))
    assert sources["cronsim"] == Path(cronsim.__file__).with_name("cronsim.py").read_text()
