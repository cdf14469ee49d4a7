"""What a preview announces is what the update then does: by the ids of containers and images, and by the load."""

import re
import time
from dataclasses import dataclass
from typing import Any

import pytest

from tests.docker.applications import MODULE, small
from tests.docker.conftest import Deploy
from tests.docker.engine import Deployment, execute, free_port
from tests.docker.faults import stretch
from tests.docker.figures import SOAK, Figures
from tests.docker.load import Report
from tests.docker.traffic import light

pytestmark = pytest.mark.docker
SHOP = "shop.localhost"
Reported = set[tuple[str, str]]

# How a line of the preview begins, and what kind of change that says.
SAYS = {
    "first": r"added: ",
    "rebuild": r"a new release \(\w+ → \w+\): its image is built",
    "rolling": r"a new release \(\w+ → \w+\): its image is there already|replaced, since .* takes the port beside it",
    "removal": r"removed: ",
    "reload": r"reload \(",
    "update": r"its memory limit changes while it runs",
    "interruption": r"replaced, since .* without answers",
}


@dataclass(frozen=True)
class Sight:
    """What is on the engine: ids, of the port the one that holds it; `replicas` are {site: {(container, image)}}."""

    edge: str
    port: str
    tree: str
    memory: int
    replicas: dict[str, set[tuple[str, str]]]


def exchange(deployment: Deployment) -> float:
    """Seconds that the engine itself needs to put one container with a port in another's place, as busy as it is."""
    port, image = free_port(), deployment.settings["nginxImage"]
    seconds = 0.0
    old = None
    for _ in range(2):
        start = time.monotonic()
        if old is not None:
            old.remove(force=True)
        new = deployment.engine.containers.create(image, init=True, ports={"80/tcp": ("127.0.0.1", port)})
        try:
            new.start()
        finally:
            seconds, old = time.monotonic() - start, new
    assert old is not None
    old.remove(force=True)
    return seconds


def look(deployment: Deployment) -> Sight:
    edge = deployment.container("nginx")
    replicas: dict[str, set[tuple[str, str]]] = {}
    for found in deployment.containers("gunicorn"):
        replicas.setdefault(found.labels["portico.site"], set()).add((str(found.id), found.attrs["Image"]))
    return Sight(
        edge=str(edge.id),
        port=str((deployment.containers("port") or [edge])[0].id),
        tree=execute(edge, "curl", "-sf", "http://127.0.0.1:8081/tree").strip(),
        memory=edge.attrs["HostConfig"]["Memory"],
        replicas=replicas,
    )


def compare(before: Sight, after: Sight) -> Reported:
    """What an update has done."""
    reported: Reported = {("first", site) for site in after.replicas.keys() - before.replicas.keys()}
    reported |= {("removal", site) for site in before.replicas.keys() - after.replicas.keys()}
    for site in before.replicas.keys() & after.replicas.keys():
        old, new = before.replicas[site], after.replicas[site]
        if old != new:
            assert not old & new, f"some replicas of {site} stayed"
            reported.add(("rolling" if {image for _, image in old} == {image for _, image in new} else "rebuild", site))
    if before.port != after.port:
        reported.add(("interruption", "NGINX"))
    elif before.edge != after.edge:
        reported.add(("rolling", "NGINX"))
    elif before.memory != after.memory:
        reported.add(("update", "NGINX"))
    elif before.tree != after.tree and not reported:
        reported.add(("reload", "NGINX"))
    return reported


def read(output: str) -> Reported:
    """What a preview announces."""
    reported: Reported = set()
    for subject, text in re.findall(r"(\w+): ((?:added|removed|replaced|reload|a new release|its memory).*)", output):
        (kind,) = [kind for kind, said in SAYS.items() if re.match(said, text)]
        reported.add((kind, subject))
    return reported


@pytest.fixture(scope="module")
def deployment(deploy: Deploy) -> Deployment:
    made = deploy(*(small(name, replicas=2) for name in ("shop", "blog")), nginxImage="nginx:1.30.6")
    for name in ("shop", "blog"):
        made.write(name, "web.py", MODULE)
        made.write(name, "requirements.txt", "flask==3.1.3\n")
    first = made.preview()
    assert {line for line in ("shop", "blog") if f"{line}: added: " in first.output} == {"shop", "blog"}
    made.up()
    return made


def step(deployment: Deployment, host: str = SHOP) -> tuple[Reported, Reported, Report]:
    """Preview, then update under load: what was announced, what was seen, and what the clients saw."""
    announced = read(deployment.preview().output)
    before = look(deployment)
    with light(deployment, host) as load:
        load.wait(1)
        deployment.up()
        load.wait(1)
    return announced, compare(before, look(deployment)), load.report()


def add_site(deployment: Deployment) -> None:
    (deployment.folder / "sites" / "docs").mkdir()
    deployment.write("docs", "web.py", MODULE)
    deployment.write("docs", "requirements.txt", "flask==3.1.3\n")
    deployment.write("docs", "deployment.txt", deployment.name)
    deployment.configure(sites=[*deployment.settings["sites"], small("docs")])


def remove_site(deployment: Deployment) -> None:
    deployment.configure(sites=[site for site in deployment.settings["sites"] if site["name"] != "docs"])


STEPS: list[tuple[str, Any, Reported]] = [
    ("a setting of NGINX", lambda one: one.configure(nginx={"keepalive": "33s"}), {("reload", "NGINX")}),
    ("code", lambda one: one.edit("shop", "# another release"), {("rebuild", "shop")}),
    ("scale", lambda one: one.configure_site("blog", replicas=1), {("rolling", "blog")}),
    ("a secret", lambda one: one.set_secret("shop", "KEY", "rosebud"), {("rolling", "shop")}),
    (
        "the time limit of a site",
        lambda one: one.configure_site("shop", gunicorn={"timeout": "70s"}),
        {("rebuild", "shop")},
    ),
    ("a new site", add_site, {("first", "docs")}),
    ("one site less", remove_site, {("removal", "docs")}),
    (
        "NGINX's memory",
        lambda one: one.configure(nginx={"keepalive": "33s", "memory": "300M"}),
        {("update", "NGINX")},
    ),
    ("nothing", lambda one: None, set()),
]


SHORT = {"a setting of NGINX", "NGINX's memory"}


@pytest.mark.soak
def test_every_announcement_is_what_happens_and_no_request_waits(deployment: Deployment) -> None:
    take(deployment, STEPS)


def test_what_is_announced_is_what_happens_and_no_request_waits(two_sites: Deployment) -> None:
    take(two_sites, [found for found in STEPS if found[0] in SHORT], "localhost")


def take(deployment: Deployment, steps: list[tuple[str, Any, Reported]], host: str = SHOP) -> None:
    """Every step is announced as it happens, loses nothing, and leaves NGINX's container where it is."""
    edge = look(deployment).edge
    for name, change, expected in steps:
        change(deployment)
        announced, seen, report = step(deployment, host)
        print(f"{name}: {sorted(seen)}; {report.summary()}")
        assert announced == seen == expected, name
        assert report.lossless, f"{name}: {report.details()}"
    assert look(deployment).edge == edge


@pytest.mark.extended
def test_another_image_of_nginx_takes_the_port_beside_the_old_one(deployment: Deployment) -> None:
    image = "nginx:1.26.3"
    deployment.configure(nginxImage=image)
    announced, seen, report = step(deployment)
    print(f"{image}: {report.summary()}")
    assert announced == seen == {("rolling", "NGINX")}
    assert "nginx/1.26.3" in execute(deployment.container("nginx"), "sh", "-c", "nginx -v 2>&1")
    assert report.lossless, report.details()


@pytest.mark.extended
def test_where_the_port_changes_hands_it_is_an_interruption_and_said_to_be(
    deployment: Deployment, figures: Figures
) -> None:
    """To an NGINX that holds the port itself, as one without Perl must, and back."""
    image = str(deployment.settings["nginxImage"])
    nginx = dict(deployment.settings.get("nginx", {}))
    steps: list[tuple[str, dict[str, Any]]] = [
        ("NGINX holds the port itself from now on", {"nginx": {**nginx, "handover": False}}),
        ("another image of such an NGINX", {"nginxImage": "nginx:1.22.1"}),
        ("and back", {"nginxImage": image}),
        ("it is kept open for NGINX again", {"nginx": nginx}),
    ]
    for name, settings in steps if SOAK else (steps[0], steps[-1]):
        deployment.configure(**settings)
        announced, seen, report = step(deployment)
        print(f"{name}: {report.summary()}")
        assert announced == seen == {("interruption", "NGINX")}
        assert report.failed
        own = exchange(deployment)
        figures.record(
            "R6",
            f"{name}, announced in the preview",
            target="no answer for about 1.5 s, as announced; the aim is 1 s",
            measured=f"{report.longest_gap():.2f} s, of which Docker needs {own:.2f} s to exchange any container",
            met=report.longest_gap() <= max(stretch(2), 3 * own),
        )
    assert deployment.present() == deployment.wanted()
