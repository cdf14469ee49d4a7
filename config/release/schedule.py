"""The worker that runs the jobs of a site; Portico adds it by itself."""

import json
from functools import cache
from importlib.resources import files
from typing import Final

from portico.config.in_container import read_script
from portico.config.release.replica import SOCKETS
from portico.config.settings import Duration, Site, Size
from portico.config.settings.command import split_command
from portico.config.settings.processes import SCHEDULE
from portico.config.settings.worker import Worker

# Seconds between SIGTERM and SIGKILL of a job that takes too long, and until that is written down.
_BESIDES: Final = 20
_MODULES: Final = ("schedule_book", "scheduled_job", "schedule")
_OWN: Final = Size.parse("64M")


def list_workers(site: Site) -> tuple[Worker, ...]:
    """The workers that the settings name, and last the one that runs the jobs, where there are any."""
    return (*site.workers, _make_scheduler(site)) if site.schedule else site.workers


def is_scheduler(site: Site, worker: Worker) -> bool:
    """Whether it is the one that runs the jobs of `site`."""
    return bool(site.schedule) and worker.name == SCHEDULE


def write_words(site: Site) -> list[str]:
    """The words of its command: the script with its modules, the jobs, and where their record is."""
    jobs = [
        {
            "name": job.name,
            "expression": job.cron,
            "zone": job.time_zone,
            "words": split_command(job.command),
            "overlap": job.overlap,
            "timeout": job.timeout.seconds,
        }
        for job in site.schedule
    ]
    folder = f"{SOCKETS}/{site.name}/schedule"
    return ["python3", "-I", "-c", read_script("bundle.py"), _bundle(), json.dumps(jobs), folder]


def _make_scheduler(site: Site) -> Worker:
    longest = max(job.timeout.amount for job in site.schedule)
    # By construction: no settings say it, so none of their rules are about it.
    return Worker.model_construct(
        name=SCHEDULE,
        command=SCHEDULE,
        replicas=1,
        single=False,
        stop=Duration(longest + _BESIDES * 1000),
        memory=Size(_OWN.bytes + sum(job.memory.bytes for job in site.schedule)),
    )


@cache
def _bundle() -> str:
    """The script and its modules, by name, in the order in which they need one another."""
    # The installed package's own module.
    cronsim = (files("cronsim") / "cronsim.py").read_text(encoding="utf-8")
    own = [(f"portico.components.in_container.{name}", read_script(f"{name}.py")) for name in _MODULES]
    return json.dumps([("cronsim", cronsim), *own])
