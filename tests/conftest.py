"""How the tests run side by side (see side_by_side.py), and what is shown of what they measured."""

import gc
import os
import signal
import sys
import threading
import time
from collections.abc import Generator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from tests.docker import reliability
from tests.docker.figures import FIGURES, LEFT_OUT, SOAK, Figure
from tests.side_by_side import Turn, list_locks, place, rank

# Of a `make test` around this: commands are spelled as `portico` unless a test says otherwise.
os.environ.pop("PORTICO_MADE", None)

BEGUN, LOAD = time.monotonic(), os.getloadavg()[0]

# Bytecode is written here even where a user forbids it: each worker, and each command that a test starts, would compile
# everything again. That took two minutes of a processor.
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

# Each test makes thousands of objects and drops them again. Python would look through all that lives after each 700 new
# ones, and through all that lives for long after a few thousand: half of the processor's time of a test of AWS's mocks.
gc.set_threshold(50_000, 20, 100)

# What a property is tried with where it says nothing else: the same examples each time, however long each takes.
# Otherwise a change could fail by an example that nobody had tried before, or by a machine that was busy for 0.2 s.
settings.register_profile(
    "portico",
    derandomize=not SOAK,
    database=None,
    deadline=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)
settings.load_profile("portico")

# A shell starts what runs in its background deaf to Ctrl-C, and nohup to a terminal's end, with whatever that starts:
# tests send both to commands.
if threading.current_thread() is threading.main_thread():
    for number, handler in ((signal.SIGINT, signal.default_int_handler), (signal.SIGHUP, signal.SIG_DFL)):
        if signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, handler)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest first, and the small ones fill up what is left at the end."""
    if any(item.get_closest_marker("docker") for item in items):
        items.sort(key=rank)


def pytest_collection_finish() -> None:
    """Modules and tests are no garbage before the end: nobody has to look for it among them."""
    gc.collect()
    gc.freeze()


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Wait until this test may run; what it waits is not part of its time."""
    with Turn(item.config, alone=item.get_closest_marker("alone") is not None):
        return (yield)


@pytest.fixture(autouse=True)
def restore_environment() -> Generator[None]:
    """A command that is called in a test's own process sets variables and handlers: the next test inherits none."""
    known, folder = dict(os.environ), Path.cwd()
    handlers = {one: signal.getsignal(one) for one in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    yield
    for one, handler in handlers.items() if threading.current_thread() is threading.main_thread() else ():
        if signal.getsignal(one) is not handler:
            signal.signal(one, handler)
    if os.environ != known:
        os.environ.clear()
        os.environ.update(known)
    os.chdir(folder)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> Any:
    """Modules that share a deployment go to one worker."""
    return place(config, log)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """A worker hands over what its tests measured."""
    if (output := getattr(session.config, "workeroutput", None)) is not None:
        output["figures"] = [asdict(figure) for figure in FIGURES.recorded]
        output["left_out"] = LEFT_OUT
        # It has no test left to wait for.
        for lock in list_locks(session.config):
            lock.unlink(missing_ok=True)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Gather that; a worker that crashed has nothing to hand over."""
    output = getattr(node, "workeroutput", {})
    FIGURES.recorded += [Figure(**figure) for figure in output.get("figures", ())]
    LEFT_OUT[:] = dict.fromkeys([*LEFT_OUT, *output.get("left_out", ())])


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Show the figures; PORTICO_REPORT names the file that they are written to."""
    for reported in LEFT_OUT:
        terminalreporter.write_line(reported)
    if not FIGURES.recorded:
        return
    terminalreporter.section("figures")
    for figure in FIGURES.recorded:
        terminalreporter.write_line(str(figure))
    if file := os.environ.get("PORTICO_REPORT"):
        stats = terminalreporter.stats
        failed = [str(one.nodeid) for kind in ("failed", "error") for one in stats.get(kind, [])]
        minutes = (time.monotonic() - BEGUN) / 60
        counts = f"{len(stats.get('passed', []))} tests passed, {len(failed)} did not"
        reliability.write(Path(file), FIGURES, minutes=minutes, counts=counts, load=LOAD, failed=failed)
        terminalreporter.write_line(f"written: {file}")
