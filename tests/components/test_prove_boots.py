"""The file of a replica's starts, as the switch reads it: counted, half written, or no file."""

import os
import time

import pytest

from tests.components.switch_folder import SwitchFolder

BOOTS = {
    "no file": ([], "0 0 0"),
    "started": (["start NOW"], "0 1 1"),
    "one worker": (["start NOW", "worker 7"], "1 1 2"),
    "two workers": (["start NOW", "worker 7", "worker 8"], "2 1 3"),
    "the first is lost": (["start NOW", "worker 7", "worker 8", "worker 9", "lost 7"], "2 1 5"),
    "the middle one is lost": (["start NOW", "worker 7", "worker 8", "worker 9", "lost 8"], "2 1 5"),
    "the last is lost": (["start NOW", "worker 7", "worker 8", "worker 9", "lost 9"], "2 1 5"),
    "all are lost": (["start NOW", "worker 7", "worker 8", "lost 8", "lost 7"], "0 1 5"),
    "one is replaced": (["start NOW", "worker 7", "worker 8", "lost 7", "worker 9"], "2 1 5"),
    "one that never loaded is lost": (["start NOW", "worker 7", "lost 8"], "1 1 3"),
    "lost twice": (["start NOW", "worker 7", "worker 8", "lost 7", "lost 7"], "1 1 5"),
    "a number in another": (["start NOW", "worker 1", "worker 11", "worker 111", "lost 11", "lost 1"], "1 1 6"),
    "a number in another is lost": (["start NOW", "worker 11", "lost 1", "lost 111"], "1 1 4"),
    "lost before it came": (["start NOW", "lost 7", "worker 7"], "1 1 3"),
    "started again": (["start NOW", "worker 7", "worker 8", "start NOW"], "0 2 4"),
    "started again, and up": (["start NOW", "worker 7", "start NOW", "worker 9", "worker 10"], "2 2 5"),
    "one of the time before is lost": (["start NOW", "worker 7", "start NOW", "worker 9", "lost 7"], "1 2 5"),
    "started long ago": (["start 1000", "start 1000", "start NOW", "worker 7"], "1 1 4"),
    "an empty file": ([""], "0 0 1"),
}


@pytest.mark.parametrize(("lines", "read"), BOOTS.values(), ids=BOOTS.keys())
def test_boots_are_counted(here: SwitchFolder, lines: list[str], read: str) -> None:
    here.add(boots=[line.replace("NOW", str(int(time.time()))) for line in lines])
    ran = here.prove('replica 1; read_boots; echo "$up $started $lines"')
    assert (ran.said, ran.errors) == ([read], "")


def test_half_a_line_is_not_read(here: SwitchFolder) -> None:
    found = here.add(boots=["start 1000", "worker 7"])
    with found.boots.open("a") as file:
        file.write("worker 8")
    assert here.prove('replica 1; read_boots; echo "$up $lines"').said == ["1 2"]


@pytest.mark.parametrize("kind", ["pipe", "folder"])
def test_what_an_application_lays_there_instead_does_not_stop_the_switch(here: SwitchFolder, kind: str) -> None:
    found = here.add(boots=[])
    os.mkfifo(found.boots) if kind == "pipe" else found.boots.mkdir()
    assert here.prove('replica 1; read_boots; echo "$up $started $lines"').said == ["0 0 0"]
