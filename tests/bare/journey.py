"""What the README says, step by step."""

import os
import time
from pathlib import Path

from tests.bare.clone import URL, Clone
from tests.bare.killed import be_killed
from tests.bare.machine import HOME, Machine
from tests.bare.record import Record, Wrong
from tests.bare.wheel import use_wheel

HELLO = "examples/hello/hello.py"

# Cold, on two cores, behind registries only. Where other programs take more than this part of the processor, the time
# says nothing.
LONGEST_SECONDS = 360
NEIGHBOURS = 0.15


def travel(machine: Machine, record: Record, *, strict: bool, kills: int, seed: int, tools: Path | None = None) -> None:
    """From a fresh clone to a page, and back to nothing. Before that set-up is killed so many times.

    `tools` gets what was built of Pulumi, once all else went well.
    """
    before = list_home(machine)
    with record.step("git clone"):
        clone = Clone(machine, strict=strict)
    be_killed(clone, record, kills, seed)
    with record.step("make up, after that" if kills else "make up, on a machine that has nothing yet"):
        # A neighbour can spoil a time: it counts where somebody has made the machine quiet.
        timed = os.environ.get("BARE_TIMED") == "yes" and not kills
        come_up(clone, limit=LONGEST_SECONDS if timed else None)
    # Without that the rest says nothing.
    if not record.failed:
        use(clone, record)
    with record.step("nothing is new below HOME"):
        if new := sorted(list_home(machine) - before):
            raise Wrong("\n".join([f"{len(new)} new below HOME, the first of them:", *new[:20]]))
    if tools and not record.failed:
        clone.copy_built(tools)
    with record.step("make clean: .tools and .venv are gone"):
        clone.succeed("clean")
        if left := clone.sh("find .tools .venv -mindepth 1 ! -name 'dockerd.*' 2>/dev/null || true"):
            raise Wrong(f"still there:\n{left[:1000]}")


def use(clone: Clone, record: Record) -> None:
    """What is done day by day."""
    with record.step("both pages"):
        clone.ask_for_pages()
    with record.step("make up again: quick, and nothing is changed"):
        repeat(clone)
    use_wheel(clone, record)
    clone.sh(f"sed -i '1i import nothere' {HELLO}")
    for which in ("first", "second"):
        with record.step(f"make up of a broken application, the {which} time: it fails, and both pages are served"):
            fail(clone)
    with record.step("make down: nothing is left on the engine"):
        clone.sh(f"git checkout --quiet {HELLO}")
        clone.succeed("down")
        if left := clone.sh("docker ps --all --quiet; docker volume ls --quiet"):
            raise Wrong(f"still there:\n{left}")


def come_up(clone: Clone, *, limit: float | None) -> None:
    machine = clone.machine
    began, own, all_ = time.monotonic(), machine.processor_seconds(), busy_seconds()
    said = clone.succeed("up")
    seconds, own, all_ = time.monotonic() - began, machine.processor_seconds() - own, busy_seconds() - all_
    cores = os.cpu_count() or 1
    others = (all_ - own) / seconds / cores
    print(
        f"   {own:.0f} s of the processor in {seconds:.0f} s on {cores} cores; others used {100 * others:.0f} % of it"
    )
    if said.splitlines()[-1].rstrip("/") != URL.rstrip("/"):
        raise Wrong("its last line is not the URL")
    if limit and seconds > limit and others < NEIGHBOURS:
        raise Wrong(f"it took {seconds:.0f} s, more than {limit:.0f} s")


def repeat(clone: Clone) -> None:
    containers = "docker ps --quiet --no-trunc | sort"
    before, began = clone.sh(containers), time.monotonic()
    said = clone.succeed("up")
    if (seconds := time.monotonic() - began) > 60:
        raise Wrong(f"it took {seconds:.0f} s")
    if "-> " in said:
        raise Wrong("set-up did something")
    if len(said.splitlines()) > 5:
        raise Wrong("that nothing changed is said in more than five lines")
    if clone.sh(containers) != before:
        raise Wrong("there are other containers than before")


def fail(clone: Clone) -> None:
    code, said = clone.make("up")
    if sum(-(-len(line) // 80) for line in said.splitlines()) > 30:
        raise Wrong("the failure takes more than 30 rows of a terminal")
    clone.ask_for_pages(times=20)
    if code == 0:
        raise Wrong("make up says that all went well")


def list_home(machine: Machine) -> set[str]:
    """All files below HOME, each with its size and the time of its last change; folders by name."""
    kinds = ["(", "-type", "d", "-printf", "%p/\\n", ")", "-o", "-printf", "%p %s %T@\\n"]
    return set(machine.run("find", HOME, "-mindepth", "1", *kinds).splitlines())


def busy_seconds() -> float:
    """What everything on this machine has used of the processor: all but its idle time."""
    with open("/proc/stat") as file:
        user, nice, system, _, _, irq, softirq, *_ = (int(word) for word in file.readline().split()[1:])
    return (user + nice + system + irq + softirq) / os.sysconf("SC_CLK_TCK")
