"""What somebody changed by hand is found, said in plain words, and fixed by the next update."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from docker.models.containers import Container
from tests.docker.by_hand import change_files
from tests.docker.engine import Deployment, execute
from tests.docker.figures import Figures
from tests.docker.traffic import light

pytestmark = pytest.mark.docker
FILE = "/etc/portico/live/conf.d/hello.conf"


@dataclass(frozen=True, kw_only=True)
class Drift:
    """One thing done by hand: `do`, what the check says of it, and whether clients may see it."""

    do: Callable[[Deployment], object]
    said: str
    seen: bool = False


def edit(deployment: Deployment) -> None:
    change_files(deployment, "sed", "-i", "$ a # by hand", FILE)


def edit_and_reload(deployment: Deployment) -> None:
    change_files(deployment, "sed", "-i", "s/X-Frame-Options/X-By-Hand/", FILE)
    deployment.container("nginx").kill("HUP")


def remove_file(deployment: Deployment) -> None:
    change_files(deployment, "rm", FILE)


def turn_link(deployment: Deployment) -> None:
    turn = "cd /etc/portico && cp -R live/. trees/by-hand && ln -s trees/by-hand .x && mv -T .x live"
    change_files(deployment, "sh", "-c", turn)


def remove_replica(deployment: Deployment) -> None:
    deployment.containers("gunicorn", "hello")[0].remove(force=True)


def stop_replica(deployment: Deployment) -> None:
    deployment.containers("gunicorn", "hello")[1].stop()


def replace_replica(deployment: Deployment) -> Container:
    replica = deployment.containers("gunicorn", "hello")[0]
    image, name = replica.image, str(replica.name)
    assert image is not None and image.id is not None
    replica.remove(force=True)
    return deployment.engine.containers.create(image.id, name=name)


def remove_edge(deployment: Deployment) -> None:
    deployment.container("nginx").remove(force=True)


DRIFTS = {
    "a file is edited": Drift(do=edit, said="NGINX's file conf.d/hello.conf is changed."),
    "a file is edited, and NGINX reloaded": Drift(
        do=edit_and_reload, said="NGINX's file conf.d/hello.conf is changed."
    ),
    "a file is removed": Drift(do=remove_file, said="NGINX's file conf.d/hello.conf is gone."),
    "the link leads elsewhere": Drift(do=turn_link, said="NGINX's link `live` leads to trees/by-hand"),
    "a replica is removed": Drift(do=remove_replica, said="is gone."),
    "a replica is stopped": Drift(do=stop_replica, said="is stopped (exited)."),
    "a replica is replaced by hand": Drift(do=replace_replica, said="was replaced by hand."),
    "NGINX is removed": Drift(do=remove_edge, said="is gone.", seen=True),
}


def read_files(deployment: Deployment) -> dict[str, Any]:
    """The live files by path, and where the link leads."""
    edge = deployment.container("nginx")
    names = execute(edge, "sh", "-c", "cd /etc/portico/live/ && find . -type f").split()
    link = execute(edge, "readlink", "/etc/portico/live")
    return {"link": link} | {name: execute(edge, "cat", f"/etc/portico/live/{name}") for name in names}


@pytest.mark.extended
def test_nothing_is_said_where_nothing_was_changed(two_sites: Deployment) -> None:
    assert two_sites.check().output == f"What runs is what the last update of {two_sites.name} left.\n"


# In each `make test-all`; every other one in the soak.
OFTEN = ("a file is edited, and NGINX reloaded", "a replica is removed")


@pytest.mark.parametrize(
    "name", [pytest.param(one, marks=pytest.mark.extended if one in OFTEN else pytest.mark.soak) for one in DRIFTS]
)
def test_what_was_changed_by_hand_is_found_and_fixed(two_sites: Deployment, figures: Figures, name: str) -> None:
    drift = DRIFTS[name]
    files, wanted = read_files(two_sites), two_sites.wanted()
    with light(two_sites, "localhost") as load:
        load.wait(0.5)
        foreign = drift.do(two_sites)
        said = two_sites.check(fails=True).output
        assert drift.said in said and f"\nmake up ENV={two_sites.name} fixes it.\n" in said, said
        preview = two_sites.preview("--refresh")
        assert preview.changes, preview.output
        two_sites.up(door="make")
        load.wait(0.5)
    report = load.report()
    if isinstance(foreign, Container):
        foreign.remove()
    two_sites.check()
    assert read_files(two_sites) == files and two_sites.present() == wanted
    figures.record(
        "C10",
        f"{name}: found, said, and fixed by `up`",
        target="no request lost" if not drift.seen else "fixed",
        measured=f"{report.failed} of {report.sent} requests failed",
        met=drift.seen or report.lossless,
    )
    assert two_sites.preview("--refresh").changes == 0
