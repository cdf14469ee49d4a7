"""Portico as a wheel, beside an application from PyPI: a project of its own, a release under load, and its end."""

import time
from pathlib import PurePosixPath

from tests.bare.clone import BUILT, PLACE, Clone
from tests.bare.machine import Machine
from tests.bare.record import Record, Wrong

# Nothing of it is ours, and its archive is what its repository holds.
APPLICATION = "httpbin==0.10.2"
HOME = PurePosixPath("/srv/a user")
PORT = 8090
# What pip keeps is its user's own matter, and HOME is looked at afterwards. Its children know it by this variable.
_CACHE = f'PIP_CACHE_DIR="{HOME}/pip"'

# Asks ten times a second until a file says that it is enough; prints how many were sent, and what was wrong.
_LOAD = """
import pathlib, sys, time, urllib.request
url, end = sys.argv[1], pathlib.Path(sys.argv[2])
sent, wrong = 0, []
while not end.exists():
    sent += 1
    try:
        if urllib.request.urlopen(url, timeout=20).status != 200:
            wrong.append("not 200")
    except Exception as error:
        wrong.append(repr(error))
    time.sleep(0.1)
print(sent, len(wrong), wrong[:1])
"""


def use_wheel(clone: Clone, record: Record) -> None:
    """What the README says of the package, from the wheel to `portico down`."""
    machine = clone.machine
    with record.step("a wheel in an empty environment"):
        machine.run("mkdir", "-p", str(HOME))
        clone.sh(f'{_CACHE} .venv/bin/python -m pip wheel --quiet --no-deps --wheel-dir "{HOME}" .')
        _run(machine, f"python3 -m venv venv && {_CACHE} venv/bin/python -m pip install --quiet portico-*.whl")
    with record.step(f"{APPLICATION} from PyPI, portico init and up: its page, no line of YAML by hand"):
        get = f"{_CACHE} venv/bin/python -m pip download --quiet --no-deps --no-binary :all:"
        _run(machine, f"{get} {APPLICATION} && tar -xzf httpbin-*.tar.gz && mv httpbin-*[0-9] shop")
        _run(machine, f"cd shop && ../venv/bin/portico init --name shop --port {PORT}")
        # The clone has built them from the same sources; without that it would take five minutes again.
        _run(machine, "mkdir shop/deploy/.tools")
        for part in BUILT:
            place = f"{PLACE}/.tools/{part}"
            _run(machine, f'cd shop/deploy/.tools && if [ -e "{place}" ]; then cp -a "{place}" .; fi')
        # What it needs is there. Where it looked in the wrong place, it would install something else.
        if "-> " in (said := _portico(machine, "setup")):
            raise Wrong(f"portico setup did something:\n{said}")
        said = _portico(machine, "up")
        if said.splitlines()[-1] != f"http://localhost:{PORT}":
            raise Wrong(f"its last line is not the URL:\n{said}")
    with record.step("a release of it under load: no request fails"):
        _release(machine)
    with record.step("portico down"):
        _portico(machine, "down --yes")
        if left := machine.run("docker", "ps", "--all", "--quiet", "--filter", "label=portico.site=shop"):
            raise Wrong(f"still there:\n{left}")


def _release(machine: Machine) -> None:
    end = HOME / "end"
    load = f"nohup python3 -c '{_LOAD}' http://localhost:{PORT}/get \"{end}\" >load.txt 2>&1 </dev/null &"
    _run(machine, load)
    time.sleep(2)
    _run(machine, "echo '# another release' >>shop/httpbin/core.py")
    try:
        said = _portico(machine, "up")
    finally:
        time.sleep(2)
        machine.run("touch", str(end))
    time.sleep(2)
    sent, wrong, what = machine.run("cat", str(HOME / "load.txt")).split(maxsplit=2)
    print(f"   {sent} requests, {wrong} failed")
    if "shop: new release" not in said:
        raise Wrong(f"no new release:\n{said}")
    if int(sent) < 50 or wrong != "0":
        raise Wrong(f"{wrong} of {sent} requests failed: {what}")


def _portico(machine: Machine, words: str) -> str:
    said = _run(machine, f"cd shop/deploy && ../../venv/bin/portico {words}")
    print("".join(f"   | {line}\n" for line in said.splitlines()), end="", flush=True)
    return said


def _run(machine: Machine, text: str) -> str:
    """Run a shell command in the user's folder, which must succeed; what it printed."""
    try:
        return machine.run("bash", "-c", f'cd "{HOME}" && {text}')
    except RuntimeError as error:
        raise Wrong(str(error)) from None
