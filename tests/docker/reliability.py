"""Writes docs/reliability.md from what a run of the tests measured."""

import os
import platform
import subprocess
from collections.abc import Sequence
from datetime import date
from importlib.metadata import version
from pathlib import Path

import docker
from portico.config.settings import Gunicorn, Settings
from tests.docker.command import environment
from tests.docker.figures import Figures
from tests.docker.rows import ROWS

_TEXT = """# What survives

Each row is a test on a real Docker engine with the real Pulumi: `make soak` runs them all, `make test-all` a short
form of most. Every request is sent once, never again, and counted; a request that is answered late, wrongly or not at
all is a failed one. Half of the clients keep their connections, some of them send only every two to three seconds, one
in ten posts a body that must come back as its hash, and one in twenty asks for what takes three seconds.

{rows}

## Measured

On {date} with `WRITE=docs/reliability.md make soak`, in {minutes:.0f} minutes: {counts}. {machine}.
{failed}
{table}
"""


def write(file: Path, figures: Figures, *, minutes: float, counts: str, load: float, failed: Sequence[str]) -> None:
    """Write the report; what people wrote below `## Notes` stays. `failed`: the names of tests that did not pass."""
    text = _TEXT.format(
        date=date.today(),
        minutes=minutes,
        counts=counts,
        machine=_describe_machine(load),
        rows="\n".join(["| row | what happens |", "|---|---|", *(f"| {row} | {what} |" for row, what in ROWS.items())]),
        failed="".join(["\n**Not passed:**\n\n", *(f"- `{name}`\n" for name in failed)]) if failed else "",
        table="\n".join(figures.table()),
    )
    before = file.read_text() if file.is_file() else ""
    file.write_text(text + "".join(before.partition("\n## Notes\n")[1:]))


def _describe_machine(load: float) -> str:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    pulumi = subprocess.run(["pulumi", "version"], capture_output=True, text=True, check=True, env=dict(environment()))
    versions = [
        f"Docker {docker.from_env().version()['Version']}",
        f"Pulumi {pulumi.stdout.strip().removeprefix('v')} with pulumi-docker {version('pulumi-docker')}",
        f"Python {platform.python_version()}",
        Settings.model_fields["nginx_image"].default.replace("nginx:", "NGINX "),
        f"Gunicorn {Gunicorn().version}",
    ]
    return (
        f"The machine: {os.cpu_count()} cores and {memory:.0f} GiB that the clients, NGINX, Gunicorn and Pulumi shared "
        f"(load when it began: {load:.1f}); {platform.system()}, {', '.join(versions)}"
    )
