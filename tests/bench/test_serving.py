"""The report of `make bench` says what was reached, and of what was not, why; the measuring itself is `make bench`."""

import subprocess
import sys
from dataclasses import replace
from subprocess import PIPE

import pytest

from bench.serving.report import report
from bench.serving.shot import Contender, Shot, Use, used

pytestmark = pytest.mark.extended

DYNAMIC = ("article", "default", "tcp", "caddy", "gunicorn")
STATIC = ("article", "default", "fly", "caddy")


def make(name: str, rate: float, edge: float, gunicorn: float) -> Contender:
    """Three rounds, one of them slow."""
    shot = Shot(rate, 4.0, 20.0, Use(edge / 4, edge * 3 / 4, 1.5), Use(gunicorn, 0.0, 2.0), 25.0, 0.01)
    return Contender(name, 1, None, 1, "/", [shot, replace(shot, rate=rate / 2), replace(shot, rate=rate)])


def write(rate: float, edge: float) -> str:
    """The report where everybody else makes 1,000 requests a second."""
    dynamic = {key: make(key, 1000.0, 0.0, 350.0) for key in DYNAMIC} | {"default": make("default", rate, edge, 370.0)}
    static = {key: make(key, 1000.0, 30.0, 0.0) for key in STATIC}
    return "\n".join(report(dynamic, static, {}))


def test_a_ratio_that_is_not_reached_is_explained() -> None:
    text = write(860.0, 60.0)
    assert "| dynamic: NGINX and Gunicorn >= 0.95 x Gunicorn alone | **no** | 0.86 | 0.86, 0.86 |" in text
    assert "costs 455 µs of processor time through NGINX and 375 µs without it" in text
    # 375 / 0.95 = 395 for all, of which wrk takes 25 and Gunicorn 370.
    assert "NGINX takes 60 µs of a request, 75% of it in the kernel" in text
    assert "Gunicorn takes +20 µs against Gunicorn alone. For 0.95 NGINX would have to take less than nothing." in text
    assert "| default | 15 | 45 | 1.5 | 370 | 0 | 2.0 | 25 | 1% |" in text


def test_one_that_is_reached_is_not() -> None:
    text = write(960.0, 60.0)
    assert "Gunicorn alone | yes | 0.96 |" in text and "is not reached" not in text


# The process counts for itself too: how often the kernel lets it wait depends on what else the machine does.
WORK = """
import resource, sys, time
while time.process_time() < 0.3:
    pass
for _ in range(20):
    time.sleep(0.001)
print(resource.getrusage(resource.RUSAGE_SELF).ru_nvcsw, flush=True)
sys.stdin.read()
"""


def test_processor_time_and_waits_are_counted() -> None:
    with subprocess.Popen([sys.executable, "-c", WORK], stdin=PIPE, stdout=PIPE, text=True) as process:
        assert process.stdin and process.stdout
        waits = int(process.stdout.readline())
        use = used(process.pid).since(Use(), 1)
        process.stdin.close()
    assert use.time > 200_000 and 0 < waits <= use.waits <= waits + 5
