"""What status says of the last runs of jobs."""

from typing import Any

import pytest

from portico.cli.schedule import tell_runs


def run(outcome: str, **more: Any) -> dict[str, Any]:
    return {"job": "nightly", "due": "2026-03-10T03:30:00Z", "outcome": outcome, "release": "abc"} | more


@pytest.mark.parametrize(
    ("one", "reported"),
    [
        (run("ended", code=0, seconds=1.5), "ended with exit code 0 after 1.5 s (release abc)"),
        (
            run("timeout", code=-15, seconds=60),
            "took too long and was ended, with exit code -15 after 60 s (release abc)",
        ),
        (run("running", start="2026-03-10T03:30:01Z"), "runs since 2026-03-10T03:30:01Z (release abc)"),
        (run("replaced", code=-9, seconds=2), "was ended by the next one, with exit code -9 after 2 s (release abc)"),
        (run("replaced"), "gave way to the next one"),
        (run("failed", why="flask: No such file or directory"), "could not be run: flask: No such file or directory"),
        (run("skipped"), "was skipped, since the run before it had not ended"),
        (run("missed", first="2026-03-09T03:30:00Z", count=2), "was missed with all since 2026-03-09T03:30:00Z (2)"),
        (run("lost"), "was cut short: its container ended first (release abc)"),
        (run("of another version"), "of another version"),
    ],
)
def test_each_outcome_is_a_sentence(one: dict[str, Any], reported: str) -> None:
    (line,) = tell_runs([one])
    assert line.startswith(f"  nightly of 2026-03-10T03:30:00Z: {reported}")


def test_the_last_runs_of_each_job_are_reported_newest_first() -> None:
    runs = [run("ended", due=str(number)) for number in range(9)] + [run("skipped", job="other")]
    assert [line.split(":")[0] for line in tell_runs(runs)] == [
        *("  nightly of 8", "  nightly of 7", "  nightly of 6"),
        "  other of 2026-03-10T03",
    ]
