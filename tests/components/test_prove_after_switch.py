"""Replicas asked again after the switch: who is still well, and who is lost."""

import time

import pytest

from tests.components.judged import starts
from tests.components.switch_folder import QUICK, SwitchFolder, status

AGAIN = f"prove; list_refused; name_replicas; {QUICK} if prove_again; then echo well; else echo lost; fi"


def test_those_that_still_answer_are_well(here: SwitchFolder) -> None:
    found, other = here.add(), here.add("blog", answer=None, boots=starts(4))
    ran = here.prove(AGAIN)
    assert ran.said == ["blog-gunicorn-0: Gunicorn ended 3 times while it started", "well"]
    assert len(found.asked) >= 6 and other.server is None


def test_one_that_answers_no_more_after_the_switch_is_lost(here: SwitchFolder) -> None:
    here.add(index=0)
    found = here.add(index=1)
    assert found.server
    found.server.before = lambda times: setattr(found.server, "answer", status(200 if times < 5 else 500))
    ran = here.prove(AGAIN)
    assert ran.said == ["shop-gunicorn-1 stopped answering GET / just after NGINX was switched to it (500)", "lost"]
    assert ran.reported == [f"@refused shop 1 {found.id} it stopped answering just after the switch"]


@pytest.mark.parametrize("line", ["lost 8", "start NOW", "lost 99"])
def test_one_that_lost_a_worker_or_started_again_since_is_lost(here: SwitchFolder, line: str) -> None:
    found = here.add()
    assert found.server
    now = line.replace("NOW", str(int(time.time())))
    found.server.before = lambda times: found.note(now) if times == 5 else None
    assert here.prove(AGAIN).said[-1] == "lost"


def test_they_are_asked_at_the_name_that_nginx_uses(here: SwitchFolder) -> None:
    found = here.add()
    ran = here.prove("prove; list_refused; prove_again && echo well || echo lost")
    assert ran.said[-1] == "lost" and "(000)" in ran.said[0]
    found.known.symlink_to(found.own.name)
    assert here.prove("prove; list_refused; prove_again && echo well || echo lost").said == ["well"]
