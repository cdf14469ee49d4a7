"""Two updates at once: the first one proceeds, the others change nothing and say who is at work."""

import os
import signal

import pytest

from tests.docker.figures import Figures
from tests.docker.killed import Running, tell_holder
from tests.docker.shared import Shared

pytestmark = pytest.mark.docker


@pytest.mark.extended
def test_one_proceeds_and_the_other_says_who_holds_the_lock(two_sites: Shared, figures: Figures) -> None:
    deployment = two_sites
    deployment.edit("hello", "# another release")
    first = Running(deployment, 1)
    first.await_line("hello-gunicorn-0 creating")
    # Kept while the other one tries: else it might be done before that has begun.
    os.killpg(first.process.pid, signal.SIGSTOP)
    pulumi = first.find_pulumi()
    holder = f"{os.uname().nodename} (process {pulumi}, since "

    said = deployment.up(fails=True, door="make").output
    own = deployment.up(fails=True).output
    refused = deployment.recover(fails=True).output

    print(f"\n{said}")
    assert "Another run is working on the stack" in said and holder in said and "Wait until" in said
    # Pulumi's own words, where its own command is asked.
    assert "is currently locked by 1 lock(s)" in own and f"(pid {pulumi})" in own
    # A run that lives is not to be recovered from: its containers are no orphans.
    assert "Another run is working on the stack" in refused and "Removing" not in refused

    os.killpg(first.process.pid, signal.SIGCONT)
    assert first.process.wait(120) == 0, first.log.read_text()
    assert deployment.present() == deployment.wanted()
    assert not tell_holder(deployment)
    deployment.accept()
    figures.record("C8", "the other one", target="says who holds the lock", measured="it does", met=holder in said)
