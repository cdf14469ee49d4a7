"""What the README says, tried on a bare machine: python3 -m tests.bare IMAGE. The environment says which variant.

BARE_GO: a folder with a Go toolchain that the machine has; without it the toolchain comes as a wheel.
BARE_REV: the commit that is tried, HEAD unless told.
"""

import os
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

from tests.bare.machine import HOME, SOURCE, Machine
from tests.bare.record import Record, Wrong

# A space is a thing that shells trip over.
CLONE = "/srv/my sites/portico"
URL = "http://localhost:8080/"
HELLO = "examples/hello/hello.py"

# In six minutes two cores have no more than this. Neighbours make a minute longer, not a second of the processor.
PROCESSOR_SECONDS = 720

_GET = """
import sys, urllib.request
request = urllib.request.Request(sys.argv[1], headers={"Host": sys.argv[2]})
answer = urllib.request.urlopen(request, timeout=20)
print(answer.status, len(answer.read()))
"""


class Journey:
    """The steps, on one machine."""

    def __init__(self, machine: Machine, record: Record) -> None:
        self.machine = machine
        self.step = record.step

    def make(self, target: str) -> tuple[int, str]:
        """Run `make` in the clone, and show what it says; the exit code, and what it said."""
        return self._show("make", target, folder=CLONE)

    def _show(self, *command: str, folder: str = "/") -> tuple[int, str]:
        calling = self.machine.spell(*command, folder=folder)
        process = subprocess.Popen(
            calling, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        said = ""
        assert process.stdout is not None
        for line in process.stdout:
            said += line
            print(f"   | {line}", end="", flush=True)
        return process.wait(), said

    def succeed(self, target: str) -> str:
        code, said = self.make(target)
        if code != 0:
            raise Wrong(f"make {target} ended with exit code {code}")
        return said

    def sh(self, text: str) -> str:
        """What a shell on the machine prints, begun in the clone."""
        try:
            return self.machine.run("sh", "-c", f"cd {shlex.quote(CLONE)} && {text}")
        except RuntimeError as error:
            raise Wrong(str(error)) from None

    def get(self, host: str, *, times: int = 1) -> None:
        """Ask for a page, as often as told; every answer must be 200."""
        for _ in range(times):
            try:
                said = self.machine.run("python3", "-c", _GET, URL, host)
            except RuntimeError as error:
                raise Wrong(f"{host}: {str(error).splitlines()[-1]}") from None
            status, length = said.split()
            if status != "200" or length == "0":
                raise Wrong(f"{host}: {said}")

    def list_home(self) -> set[str]:
        """All files below HOME, each with its size and the time of its last change; folders by name."""
        listed = self.machine.run(
            "find", HOME, "-mindepth", "1", "(", "-type", "d", "-printf", "%p/\\n", ")", "-o", "-printf", "%p %s %T@\\n"
        )
        return set(listed.splitlines())

    def processor_seconds(self) -> float:
        """What everything on the machine has used of the processor."""
        for file, scale in (("cpuacct/cpuacct.usage", 1e9), ("cpu.stat", 1e6)):
            try:
                text = self.machine.run("cat", f"/sys/fs/cgroup/{file}")
            except RuntimeError:
                continue
            return float(text.removeprefix("usage_usec ").split()[0]) / scale
        raise RuntimeError("no control group counts the processor's time")

    # --- the steps

    def travel(self) -> None:
        before = self.list_home()
        with self.step("git clone"):
            self.machine.run("git", "clone", "--quiet", SOURCE, CLONE)
        self.come_up()
        self.ask_for_pages("both pages")
        with self.step("make up again: quick, and nothing is changed"):
            self.repeat()
        self.break_it()
        with self.step("make down: nothing is left on the engine"):
            self.sh(f"git checkout --quiet {HELLO}")
            self.succeed("down")
            if left := self.sh("docker ps --all --quiet; docker volume ls --quiet"):
                raise Wrong(f"still there:\n{left}")
        with self.step("nothing is new below HOME"):
            if new := sorted(self.list_home() - before):
                raise Wrong("\n".join([f"{len(new)} new below HOME, the first of them:", *new[:20]]))
        with self.step("make clean: .tools and .venv are gone"):
            self.succeed("clean")
            if left := self.sh("find .tools .venv -mindepth 1 ! -name 'dockerd.*' 2>/dev/null || true"):
                raise Wrong(f"still there:\n{left[:1000]}")

    def come_up(self) -> None:
        with self.step("make up, on a machine that has nothing yet"):
            before, began = self.processor_seconds(), time.monotonic()
            said = self.succeed("up")
            used = self.processor_seconds() - before
            print(f"   {used:.0f} s of the processor in {time.monotonic() - began:.0f} s, on {os.cpu_count()} cores")
            if said.splitlines()[-1].rstrip("/") != URL.rstrip("/"):
                raise Wrong("its last line is not the URL")
            if used > PROCESSOR_SECONDS:
                raise Wrong(f"more than {PROCESSOR_SECONDS} s of the processor: not six minutes on two cores")

    def ask_for_pages(self, what: str) -> None:
        with self.step(what):
            self.get("localhost:8080")
            self.get("httpbin.localhost:8080")

    def repeat(self) -> None:
        before = self.sh("docker ps --quiet --no-trunc | sort")
        began = time.monotonic()
        said = self.succeed("up")
        if (seconds := time.monotonic() - began) > 60:
            raise Wrong(f"it took {seconds:.0f} s")
        if "->" in said:
            raise Wrong("set-up did something")
        if self.sh("docker ps --quiet --no-trunc | sort") != before:
            raise Wrong("there are other containers than before")

    def break_it(self) -> None:
        self.sh(f"sed -i '1i import nothere' {HELLO}")
        for time_ in ("first", "second"):
            with self.step(
                f"make up with a broken application, for the {time_} time: it fails, and the page is served"
            ):
                code, _ = self.make("up")
                self.get("localhost:8080", times=20)
                self.get("httpbin.localhost:8080", times=20)
                if code == 0:
                    raise Wrong("make up says that all went well")


def interrupt(number: int, frame: object) -> None:
    sys.exit(128 + number)


def main(image: str) -> int:
    signal.signal(signal.SIGTERM, interrupt)
    go = os.environ.get("BARE_GO")
    record = Record()
    with Machine(image, os.environ.get("BARE_REV") or "HEAD", Path(go) if go else None) as machine:
        Journey(machine, record).travel()
    return record.close()


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
