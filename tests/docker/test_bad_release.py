"""A release that never gets healthy: it says why, fails again when it is run again, and nobody notices.

One deployment whose five applications break at once, each in its own way, and are then fixed at once.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import pytest

from portico.cli.failure import count_rows
from tests.docker.applications import small, write_small
from tests.docker.command import Result
from tests.docker.commands import Door
from tests.docker.conftest import Deploy
from tests.docker.engine import HELLO, Deployment, Wanted
from tests.docker.figures import SOAK, Figures
from tests.docker.load import Report
from tests.docker.traffic import light

pytestmark = pytest.mark.docker

UNHEALTHY = """
@app.before_request
def fail():
    if request.path == "/healthz":
        app.logger.error("the shelf of apples is empty")
        return "no apples", 500
"""


@dataclass(frozen=True, kw_only=True)
class Break:
    """What is added to an application, and what must be said about it: the cause, and the signs of it."""

    text: str
    said: tuple[str, ...]
    unsaid: tuple[str, ...] = ()


ALL = {
    "hello": Break(
        text=UNHEALTHY,
        said=(
            "Likely cause: it answers its health path with 500",
            "GET /healthz with Host: localhost -> HTTP/1.1 500",
            "the shelf of apples is empty",
        ),
    ),
    "missing": Break(
        text="import requests",
        said=(
            "Likely cause: the package requests is missing: name it in the requirements of missing",
            "ModuleNotFoundError: No module named 'requests'",
        ),
    ),
    "crash": Break(
        text='raise RuntimeError("the cellar is flooded")',
        said=("Likely cause: ", "RuntimeError: the cellar is flooded"),
        unsaid=(".dockerignore", "FileNotFoundError"),
    ),
    "refusing": Break(
        text='app.config["TRUSTED_HOSTS"] = ["other.example"]',
        said=(
            "Likely cause: it refuses the host name",
            "GET /whoami with Host: refusing.localhost -> HTTP/1.1 400",
        ),
    ),
    "slow": Break(
        text='print("opening a large book", flush=True); import time; time.sleep(60)',
        said=("does not answer its health path in time", "opening a large book"),
    ),
}

# By which doors they are run while they are broken. A refresh, which `make up` asks for, forgets that a run failed.
RUNS: Final[tuple[Door, ...]] = ("make", "make", "pulumi") if SOAK else ("make", "make")
# Every cause has its test in test_causes.py; these stand for all: one answers wrongly, one not at all.
BREAKS = ALL if SOAK else {name: ALL[name] for name in ("hello", "slow")}


@dataclass(frozen=True, kw_only=True)
class Story:
    """What was seen: before, during the failed runs and after them."""

    releases: dict[str, str]
    failed: tuple[Result, ...]
    during: Report
    after: Report
    left: Wanted
    wanted: Wanted


@pytest.fixture(scope="module")
def story(deploy: Deploy) -> Iterator[Story]:
    sites = [HELLO, *(small(name) for name in BREAKS if name != "hello")]
    deployment: Deployment = deploy(*sites)
    modules = {name: deployment.source(name) / ("hello.py" if name == "hello" else "web.py") for name in BREAKS}
    for name in BREAKS:
        if name != "hello":
            write_small(deployment, name)
    deployment.up()
    releases = deployment.outputs()["releases"]
    good = {name: module.read_text() for name, module in modules.items()}

    hosts = [site["hosts"][0] for site in sites]
    with light(deployment, *hosts) as load:
        for name, module in modules.items():
            module.write_text(f"{good[name]}\n{BREAKS[name].text}\n")
        deployment.configure(healthTimeout=12)
        failed = tuple(deployment.up(fails=True, door=door) for door in RUNS)
        load.wait(1)
    during = load.report()

    with light(deployment, *hosts) as load:
        for name, module in modules.items():
            module.write_text(f"{good[name]}\n# fixed\n")
        deployment.configure(healthTimeout=None)
        deployment.up()
        load.wait(1)
    yield Story(
        releases=releases,
        failed=failed,
        during=during,
        after=load.report(),
        left=deployment.present(),
        wanted=deployment.wanted(),
    )


@pytest.mark.parametrize(
    "run", range(len(RUNS)), ids=["first run", "run again", "by Pulumi's own command"][: len(RUNS)]
)
@pytest.mark.parametrize("site", list(BREAKS))
def test_the_cause_is_said_in_plain_words(story: Story, site: str, run: int) -> None:
    result = story.failed[run]
    reported = find_report(result.engine, site)
    missing = [line for line in BREAKS[site].said if line not in reported]
    assert not missing, f"not said: {missing}\n{reported}"
    wrong = [line for line in BREAKS[site].unsaid if line in reported]
    assert not wrong, f"said, and not true: {wrong}\n{reported}"


def test_all_runs_fail_in_their_time(story: Story) -> None:
    seconds = [result.seconds for result in story.failed]
    print(f"\na release that never gets healthy fails within {seconds} s; {story.during.details()}")
    # It ends by itself: healthTimeout, what goes before, and a busy machine. `make up` refreshes and previews besides.
    limits = [90 if door == "make" else 60 for door in RUNS]
    assert all(took < limit for took, limit in zip(seconds, limits, strict=True)), seconds


def test_the_old_release_serves_and_no_request_is_lost(story: Story, figures: Figures) -> None:
    figures.record(
        "C7",
        f"{len(BREAKS)} releases that never get healthy, run {len(RUNS)} times, and fixed",
        target="0 failed",
        measured=f"{story.during.failed + story.after.failed} of {story.during.sent + story.after.sent} failed",
        met=story.during.lossless and story.after.lossless,
    )
    assert story.during.lossless, story.during.details()
    assert set(story.during.seen) == {f"{site}/{release}" for site, release in story.releases.items()}


def test_the_next_good_up_loses_nothing_and_leaves_what_is_wanted(story: Story) -> None:
    assert story.after.lossless, story.after.details()
    assert story.left == story.wanted
    fixed = {f"{site}/{release}" for role, site, release in story.wanted if role == "gunicorn"}
    assert set(story.after.seen) == fixed | set(story.during.seen)


@pytest.mark.parametrize("run", [run for run, door in enumerate(RUNS) if door == "make"])
def test_make_says_each_cause_once_on_one_screen(story: Story, run: int) -> None:
    output = story.failed[run].output
    for site, broken in BREAKS.items():
        assert output.count(f"error: {site}-gunicorn-0 did not become healthy.") == 1, output
        assert len(BREAKS) > 2 or broken.said[0] in output, output
    assert "provider2.go" not in output
    assert sum(count_rows(line, 80) for line in output.splitlines()) <= 30, output


def find_report(output: str, site: str) -> str:
    """What Pulumi's summary says about the first replica of a site that did not become healthy."""
    diagnostics = output.rpartition("\nDiagnostics:\n")[2]
    reported = re.findall(
        rf"error: {site}-gunicorn-\d did not become healthy\..*?(?=\n    error: |\n\n)", diagnostics, re.DOTALL
    )
    assert len(reported) == 1, f"{len(reported)} reports about {site}\n{diagnostics}"
    return str(reported[0])
