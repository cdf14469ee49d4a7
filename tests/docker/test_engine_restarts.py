"""The engine, or all of the machine, goes away and comes back: nobody has to do anything.

On a machine of the test's own (tests/docker/machine.py), and under load that comes from outside it.
"""

import random
import time
from collections.abc import Iterator

import pytest

from tests.docker.ask import ask
from tests.docker.conftest import TARGETS
from tests.docker.engine import Deployment
from tests.docker.faults import stretch
from tests.docker.figures import Figures
from tests.docker.load.failure import REFUSED
from tests.docker.machine import Machine
from tests.docker.traffic import light, standard

pytestmark = [pytest.mark.docker, pytest.mark.machine, pytest.mark.extended]

HOSTS = {"hello": "localhost", "other": "other.localhost"}
SERVING = ("port", "nginx", "gunicorn")


@pytest.fixture
def live_restore(machine: Machine, served: Deployment) -> Iterator[None]:
    """An engine whose containers stay when it goes."""
    await_service(served)
    machine.set_live_restore(True)
    yield
    machine.set_live_restore(False)


def test_an_engine_restart_is_over_in_ten_seconds(machine: Machine, served: Deployment, figures: Figures) -> None:
    before = runs(served)
    await_service(served)
    with machine.network(), light(served, *HOSTS.values()) as load:
        load.wait(2)
        known = len(machine.log())
        stopped, started = restart(machine)
        load.wait(10)
        whole = load.now()
        load.wait(2)
    report = load.report()
    gap = max(report.longest_gap(host) for host in HOSTS.values())
    print(f"\nengine stopped in {stopped:.1f} s, started in {started:.1f} s; gap {gap:.1f} s: {report.summary()}")
    print(machine.log()[known:][:10_000])  # which container was waited for, if one was
    assert all(failure.at < whole for failure in report.examples)
    assert report.failed, "nobody noticed"
    figures.record(
        "C5", "without live-restore: no answer for", target="<= 10 s", measured=f"{gap:.1f} s", met=gap <= stretch(10)
    )
    assert set(runs(served)) == set(before), "other containers than before"
    assert not set(runs(served).items()) & set(before.items()), "the engine did not stop them"


@pytest.mark.usefixtures("live_restore")
def test_with_live_restore_no_open_connection_notices(machine: Machine, served: Deployment, figures: Figures) -> None:
    before = runs(served)
    with machine.network(), standard(served, *TARGETS) as load:
        load.wait(2)
        began = load.now()
        restart(machine)
        ended = load.now()
        load.wait(2)
    report = load.report()
    print(f"\nrestart from +{began:.1f} s to +{ended:.1f} s: {report.details()}")
    assert runs(served) == before
    # The engine builds the rules of its published ports again: for a moment a new connection finds none.
    assert set(report.failures) <= {REFUSED}, report.details()
    # Whoever begins just then may be refused, also a client that keeps its connection; none that was open is closed.
    assert report.reopened == 0, report.details()
    gap = report.longest_gap()
    figures.record(
        "C5",
        f"with live-restore, {report.sent} requests: failed on open connections; refused new ones",
        target="0; few",
        measured=f"0; {report.failed}",
        met=gap <= stretch(2),
    )


@pytest.fixture
def firewall(machine: Machine, served: Deployment) -> Iterator[None]:
    """A host that drops, rather than refuses, what is sent to the port and comes to no container."""
    rule = ["INPUT", "-p", "tcp", "--dport", str(served.port), "-j", "DROP"]
    machine.run("iptables", "-I", *rule)
    yield
    machine.run("iptables", "-D", *rule)


@pytest.mark.usefixtures("live_restore", "firewall")
def test_with_live_restore_and_a_firewall_nobody_notices(
    machine: Machine, served: Deployment, figures: Figures
) -> None:
    """A client's own system asks again after a second where nothing answered, and not where it was refused."""
    before = runs(served)
    with machine.outside(), standard(served, *TARGETS) as load:
        load.wait(2)
        restart(machine)
        load.wait(3)
    report = load.report()
    print(f"\n{report.details()}")
    assert runs(served) == before
    figures.record(
        "C5",
        "with live-restore and a firewall that drops: requests failed",
        target="0",
        measured=f"{report.failed} of {report.sent:,}; longest gap {report.longest_gap():.2f} s",
        met=report.lossless,
    )


def test_after_a_power_cut_everything_is_back_by_itself(machine: Machine, served: Deployment, figures: Figures) -> None:
    before = runs(served)
    machine.cut_power()
    began = time.monotonic()
    machine.start()
    await_service(served)
    seconds = time.monotonic() - began
    figures.record(
        "C6",
        "full service after a power cut",
        target="<= 30 s",
        measured=f"{seconds:.1f} s",
        met=seconds <= stretch(30),
    )
    assert set(runs(served)) == set(before), "other containers than before"
    assert served.up().changes == 0


@pytest.mark.parametrize("count", [2, pytest.param(20, marks=pytest.mark.soak)])
def test_any_order_of_starts_is_good(served: Deployment, figures: Figures, count: int) -> None:
    seed = random.randrange(1_000_000)
    draw = random.Random(seed)
    for number in range(count):
        late = draw.choice(list(HOSTS))
        (there,) = set(HOSTS) - {late}
        found = [one for one in served.containers() if one.labels["portico.role"] in SERVING]
        for one in found:
            one.stop(timeout=2)
        here = [one for one in found if one.labels.get("portico.site") != late]
        draw.shuffle(here)
        if number == 0:
            # NGINX before any application.
            here.sort(key=lambda one: one.labels["portico.role"] != "nginx")
        order = ", ".join(str(one.name) for one in here)
        print(f"\nseed {seed}: {order}; later {late}")
        for one in here:
            one.start()
        await_service(served, there)
        assert status(served, late) == 502
        edge = served.container("nginx").attrs["State"]
        for one in found:
            if one not in here:
                one.start()
        await_service(served)
        after = served.container("nginx").attrs["State"]
        assert after["Running"] and after["StartedAt"] == edge["StartedAt"], "NGINX had to start again"
    figures.record(
        "C6", "random orders, one application late", target="full service", measured=f"{count} good", met=True
    )


def restart(machine: Machine) -> tuple[float, float]:
    """Stop the engine and start it, as a service manager does; how long each took."""
    return machine.stop_engine(), machine.start_engine()


def runs(deployment: Deployment) -> dict[str, str]:
    """The containers that serve, and since when each runs."""
    found = [one for one in deployment.containers() if one.labels["portico.role"] in SERVING]
    return {str(one.id): str(one.attrs["State"]["StartedAt"]) for one in found}


def status(deployment: Deployment, site: str) -> int | None:
    """What this site answers; None if nothing does."""
    assert deployment.machine is not None
    with deployment.machine.network():
        try:
            answer = ask(deployment.port, HOSTS[site], "/whoami")
        except OSError:
            return None
    return answer.status if answer else None


def await_service(deployment: Deployment, *sites: str) -> None:
    """Wait until these sites, or all, answer, and every container of theirs that has a check passes it."""
    wanted = sites or tuple(HOSTS)
    until = time.monotonic() + 60
    seen: list[object] = []
    while time.monotonic() < until:
        checked = [
            one.attrs["State"].get("Health", {}).get("Status")
            for one in deployment.containers()
            if one.labels["portico.role"] in SERVING
            and "Health" in one.attrs["State"]
            and one.labels.get("portico.site", wanted[0]) in wanted
        ]
        seen = [*(status(deployment, site) for site in wanted), *checked]
        if set(seen) == {200, "healthy"}:
            return
        time.sleep(0.2)
    raise AssertionError(f"no full service after 60 s: {seen}")
