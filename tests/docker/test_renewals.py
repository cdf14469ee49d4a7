"""Certificates that live for two minutes are renewed, dozens of them, while everything else goes on.

`make soak` makes fifty. PORTICO_RENEWALS says another number, and PORTICO_LIFE, in seconds, how long
each is good for: where others use the machine, an order takes longer.
"""

import os
import time
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import cycle
from pathlib import Path

import pytest

from tests.docker.applications import small, write_small
from tests.docker.engine import Deployment, free_port
from tests.docker.figures import Figures
from tests.docker.memory import MEBIBYTE, occupied
from tests.docker.pebble import Pebble
from tests.docker.trusting import Trusting, await_trust

pytestmark = [pytest.mark.docker, pytest.mark.soak, pytest.mark.timeout(2400)]

LIFE = int(
    os.environ.get("PORTICO_LIFE", "120")
)  # seconds that a certificate is good for; it is renewed when half of it is left
RENEWALS = int(os.environ.get("PORTICO_RENEWALS", "50"))
PAUSE = 0.2  # seconds between two handshakes of each client: most of two cores are left to what is tested
FLAT = 1.2  # memory at the end over that at the start
SITES = tuple(small(name, hosts=[f"{name}.example"]) for name in ("shop", "blog", "news", "wiki"))
OLDER = "nginx:1.26.3"
# What goes on meanwhile, in turn. Orders of four sites are under way most of the time.
CHORES = ("release", "rollback", "reload", "another NGINX")


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pebble]:
    with Pebble(tmp_path_factory.mktemp("pebble"), free_port(), LIFE) as found:
        yield found


@pytest.fixture(scope="module")
def renewing(authority: Pebble, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    folder: Path = tmp_path_factory.mktemp("renewals")
    port = free_port()
    tls = {"port": port, "acme": authority.acme}
    with Deployment(folder, *SITES, address="0.0.0.0", tls=tls, port=authority.http) as found:
        # The authority asks there.
        found.port = authority.http
        for site in SITES:
            write_small(found, site["name"])
        found.up()
        for site in SITES:
            await_trust(port, site["hosts"][0], authority.root)
        try:
            yield found
        finally:
            # pytest shows it where a test fails.
            print(found.container("acme").logs(timestamps=True, tail=200).decode(errors="replace"))


def weigh(deployment: Deployment) -> dict[str, float]:
    """MiB that the client and NGINX hold, once nothing of a release or of an order is left of them."""
    time.sleep(20)
    found = {
        "client": occupied(deployment.container("acme"), "python3"),
        "NGINX": occupied(deployment.container("nginx")),
    }
    return {name: size / MEBIBYTE for name, size in found.items()}


def test_dozens_of_renewals_lose_nothing(renewing: Deployment, authority: Pebble, figures: Figures) -> None:
    port, chores = int(renewing.settings["tls"]["port"]), dict.fromkeys(CHORES, 0)
    begun, client = time.monotonic(), renewing.container("acme").id
    with ExitStack() as stack:
        asked = [stack.enter_context(Trusting(port, one["hosts"][0], authority.root, PAUSE)) for one in SITES]
        for one in asked:
            # By then the client has done all that it does, and each of NGINX's workers has served.
            one.await_serials(2, most=LIFE)
        before = weigh(renewing)
        # Each site's first certificate is no renewal.
        names, sites, site = cycle(chores), cycle(SITES), ""
        while sum(len(one.serials) - 1 for one in asked) < RENEWALS:
            chore = next(names)
            chores[chore] += 1
            if chore == "release":
                site = next(sites)["name"]
                renewing.edit(site, f"# {chores[chore]}")
            elif chore == "rollback":
                renewing.rollback(site)
                renewing.resume(site)
            elif chore == "reload":
                renewing.configure(nginx={"keepalive": f"{66 + chores[chore]}s"})
            else:
                renewing.configure(nginxImage=None if renewing.settings.get("nginxImage") else OLDER)
            if chore != "rollback":
                renewing.up()
            assert all(one.failed == [] for one in asked), [one.failed for one in asked]
        if renewing.settings.pop("nginxImage", None):
            renewing.configure()
            renewing.up()
        after = weigh(renewing)
    sent, lost = sum(one.sent for one in asked), [line for one in asked for line in one.failed]
    renewals = sum(len(one.serials) - 1 for one in asked)
    spelled = ", ".join(f"{count} x {name}" for name, count in chores.items())
    print(
        f"\n{renewals} renewals in {time.monotonic() - begun:.0f} s, {spelled}; {sent} handshakes, {len(lost)} failed"
    )
    print(f"least time left at a handshake: {min(one.least for one in asked):.0f} s of {LIFE}; MiB {before} -> {after}")
    figures.record(
        "C16",
        f"handshakes that failed or met a certificate that is not trusted: {renewals} renewals, {spelled}",
        target="0",
        measured=f"{len(lost)} of {sent:,}; {min(one.least for one in asked):.0f} s were left at least",
        met=not lost and renewals >= RENEWALS,
    )
    assert renewing.container("acme").id == client
    for name, start in before.items():
        figures.record(
            "E1",
            f"{'The client that orders certificates' if name == 'client' else name} over {renewals} renewals",
            target=f"at the end <= {FLAT:g} x at the start",
            measured=f"{start:.1f} -> {after[name]:.1f} MiB (x {after[name] / start:.2f})",
            met=after[name] <= FLAT * start,
        )
