"""A public port or address that is not free: refused before the old one is given up, by the setting's name."""

import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import pytest

from tests.docker.applications import MODULE, small
from tests.docker.ask import ask, get
from tests.docker.conftest import Deploy, make_folder
from tests.docker.engine import Deployment, Wanted, free_port
from tests.docker.faults import stretch
from tests.docker.figures import Figures
from tests.docker.load import Report
from tests.docker.traffic import light

pytestmark = pytest.mark.docker

HOST = "localhost"
SHOP = small("shop", hosts=[HOST])
SLOW = """

@app.get("/slow")
def slow():
    import time
    time.sleep(2)
    return "done"
"""
Take = Callable[[Deployment, str, int], AbstractContextManager[str]]


@contextmanager
def listen(_: Deployment, address: str, port: int, kind: int = socket.SOCK_STREAM) -> Iterator[str]:
    """Another program has the port; what it is called."""
    with socket.socket(type=kind) as other:
        other.bind((address, port))
        if kind == socket.SOCK_STREAM:
            other.listen()
        yield "(process "


@contextmanager
def receive(deployment: Deployment, address: str, port: int) -> Iterator[str]:
    """The same for datagrams."""
    with listen(deployment, address, port, socket.SOCK_DGRAM) as name:
        yield name


@contextmanager
def run_container(deployment: Deployment, address: str, port: int) -> Iterator[str]:
    """Another container has the port; what it is called."""
    image = deployment.settings.get("nginxImage", "nginx:1.30.6")
    other = deployment.engine.containers.run(image, detach=True, init=True, ports={"80/tcp": (address, port)})
    try:
        yield f"the container {other.name}"
    finally:
        other.remove(force=True)


def prepare(deployment: Deployment) -> Deployment:
    deployment.write("shop", "web.py", MODULE + SLOW)
    deployment.write("shop", "requirements.txt", "flask==3.1.3\n")
    return deployment


def refuse(deployment: Deployment, *said: str, often: bool = False, **settings: Any) -> list[Report]:
    """An update to these settings, under load, is refused with one sentence that has these words; it changes nothing.

    `often`: so are a preview and the same again, also with a refresh. The settings are taken back. What the load saw.
    """
    before, ids, reports = deployment.settings, deployment.ids(), []
    deployment.configure(**settings)
    try:
        more = [deployment.preview, deployment.up, lambda **how: deployment.up("--refresh", **how)]
        for command in [deployment.up, *(more if often else ())]:
            with light(deployment, HOST) as load:
                load.wait(0.5)
                refused = command(fails=True)
                load.wait(0.5)
            reports.append(load.report())
            text = " ".join(refused.output.split())
            assert "NGINX cannot be published where the settings say; nothing was changed." in text, refused.tail()
            for words in said:
                assert words in text, refused.tail()
            assert "Traceback" not in refused.output and len(re.findall(r"  portico:\S+: ", refused.output)) == 1, (
                refused.tail()
            )
            assert deployment.ids() == ids
            assert reports[-1].lossless, reports[-1].details()
    finally:
        deployment.settings = {}
        deployment.configure(**before)
    return reports


@pytest.mark.parametrize(
    ("take", "who", "setting", "settings"),
    [
        pytest.param(listen, "a program", "port: port", lambda port: {"port": port}, marks=pytest.mark.extended),
        pytest.param(
            *(run_container, "a container", "port: port", lambda port: {"port": port}), marks=pytest.mark.extended
        ),
        pytest.param(
            *(listen, "a program", "tls.port: port", lambda port: {"tls": {"port": port, "localAuthority": True}}),
            marks=pytest.mark.extended,
        ),
        pytest.param(
            *(receive, "a program", "tls.http3: UDP port"),
            lambda port: {"tls": {"port": port, "localAuthority": True, "http3": True}},
            marks=pytest.mark.extended,
        ),
    ],
    ids=["a program", "a container", "https", "http3"],
)
def test_a_port_that_somebody_else_has_is_refused_and_the_old_one_goes_on(
    two_sites: Deployment,
    figures: Figures,
    take: Take,
    who: str,
    setting: str,
    settings: Callable[[int], dict[str, Any]],
) -> None:
    port = free_port()
    often = take is listen and "tls" not in setting
    with take(two_sites, "127.0.0.1", port) as name:
        reported = f"portico:{setting} {port} of 127.0.0.1 is taken by "
        reports = refuse(two_sites, reported, name, "or write", often=often, **settings(port))
    lost, sent = sum(one.failed for one in reports), sum(one.sent for one in reports)
    figures.record(
        "C15",
        f"requests lost while portico:{setting.partition(':')[0]} is taken by {who}, {len(reports)} run(s)",
        target="0",
        measured=f"{lost} of {sent:,}",
        met=not lost and sent > 0,
    )


@pytest.mark.extended
def test_an_address_where_somebody_else_has_the_port_is_refused(two_sites: Deployment) -> None:
    with listen(two_sites, "127.0.0.2", two_sites.port) as name:
        reported = f"portico:address: port {two_sites.port} of 0.0.0.0 is taken by "
        refuse(two_sites, reported, name, "or write another address", address="0.0.0.0")


@pytest.mark.extended
def test_an_address_that_the_machine_has_not_is_refused(two_sites: Deployment) -> None:
    reported = "portico:address: 203.0.113.9 is not an address of this machine; write one that it has ("
    refuse(two_sites, reported, "127.0.0.1), or 0.0.0.0 for all of them", address="203.0.113.9")


@pytest.mark.extended
def test_the_address_changes_where_nobody_else_has_the_port(two_sites: Deployment) -> None:
    """The stack's own port is not in its own way."""
    two_sites.configure(address="0.0.0.0")
    two_sites.up()
    assert get(two_sites.port, HOST, "/whoami", address="127.0.0.2").status == 200
    assert two_sites.present() == two_sites.wanted()
    two_sites.configure(address=None)
    two_sites.up()
    assert get(two_sites.port, HOST, "/whoami").status == 200
    assert two_sites.up().changes == 0


@pytest.mark.extended
def test_a_new_stack_begins_nothing_at_a_port_that_somebody_else_has(deploy: Deploy) -> None:
    made = prepare(deploy(SHOP))
    with listen(made, "127.0.0.1", made.port):
        for _ in range(2):
            refused = made.up(fails=True)
            assert f"portico:port: port {made.port} of 127.0.0.1 is taken by " in " ".join(refused.output.split())
            assert not made.containers() and not made.images()
    made.up()
    assert get(made.port, HOST, "/whoami").status == 200
    assert made.present() == made.wanted()


def list_wanted(deployment: Deployment) -> Wanted:
    """What must be there; NGINX that publishes its port itself has no holder."""
    wanted = deployment.wanted()
    if not deployment.settings.get("nginx", {}).get("handover", True):
        del wanted["port", "", ""]
    return wanted


class Visitor(threading.Thread):
    """Asks again and again for a page of a port; what it got: None where nobody listened, and how long it took."""

    def __init__(self, port: int, path: str = "/whoami") -> None:
        super().__init__(daemon=True)
        self.seen: list[tuple[float, float, int | None]] = []
        self._port, self._path, self._end = port, path, threading.Event()
        self.start()

    def run(self) -> None:
        while not self._end.wait(0.02):
            begun = time.monotonic()
            try:
                answer = ask(self._port, HOST, self._path)
                status = answer.status if answer else 0
            except ConnectionRefusedError:
                status = None
            except ConnectionResetError:
                status = 0
            self.seen.append((begun, time.monotonic() - begun, status))

    def end(self) -> None:
        self._end.set()
        self.join()


@pytest.mark.extended
def test_a_new_port_is_open_before_the_old_one_closes(two_sites: Deployment, figures: Figures) -> None:
    """Once somebody else has ended: a run was refused before, and the next one is good."""
    port = free_port()
    with listen(two_sites, "127.0.0.1", port):
        refuse(two_sites, f"portico:port: port {port} of 127.0.0.1 is taken by ", port=port)
    move(two_sites, port, figures, "kept open for NGINX, requests of 2 s too")


@pytest.mark.extended
def test_a_new_port_is_open_before_the_old_one_where_nginx_publishes_it(deploy: Deploy, figures: Figures) -> None:
    made = prepare(deploy(SHOP, nginx={"handover": False}))
    made.up()
    move(made, free_port(), figures, "published by NGINX itself")


def move(made: Deployment, port: int, figures: Figures, how: str) -> None:
    """Give it another port while clients ask at both."""
    kept_open = made.settings.get("nginx", {}).get("handover", True)
    made.configure(port=port)
    said = made.preview().output
    assert "replaced, since its port changes: the new port is open before the old one closes." in said
    # Of two requests that begin one after the other, one at least is far from its end when the port closes.
    slow_visitors = [Visitor(made.port, "/slow?seconds=2")]
    time.sleep(1)
    slow_visitors.append(Visitor(made.port, "/slow?seconds=2"))
    visitors = [Visitor(made.port), Visitor(port), *slow_visitors]
    made.up()
    time.sleep(1)
    for one in visitors:
        one.end()
    old, new, *both = ([seen for seen in one.seen if seen[2] is not None] for one in visitors)
    slow = [seen for one in both for seen in one]
    # From then on the old port is closed. A helper of Docker opens connections there, and closes them at once.
    last = max(at for at, _, status in old if status == 200)
    cut = [status for at, _, status in (*old, *(slow if kept_open else ())) if at <= last and status != 200]
    # Docker opens a port just before whoever listens at it is there.
    begun = min(at for at, _, status in new if status == 200)
    answers = [(took, status) for at, took, status in new if at >= begun]
    waited = max(took for took, _ in answers)
    assert {status for _, status in answers} == {200}, new
    assert any(status == 200 and took > 1 for _, took, status in slow) or not kept_open
    figures.record(
        "C15",
        f"another port, {how}: requests lost at the old one until it closes",
        target="0, and the new one is open before",
        measured=f"{len(cut)} of {len(old) + len(slow)}; open {last - begun:.1f} s before",
        met=begun < last and not cut and waited < stretch(3),
    )
    made.port = port
    assert made.present() == list_wanted(made)
    assert made.up().changes == 0


BLIND = """
def require_vacant(engine, settings):
    pass
"""


@pytest.mark.parametrize(
    "handover", [True, pytest.param(False, marks=pytest.mark.soak)], ids=["kept open", "published"]
)
@pytest.mark.extended
def test_a_port_that_is_taken_in_the_last_moment_leaves_the_old_one(
    tmp_path_factory: pytest.TempPathFactory, handover: bool
) -> None:
    """Whoever looked before has not seen it: Docker refuses, again and again, and the old port answers."""
    folder = make_folder(tmp_path_factory)
    nginx = {"handover": handover}
    with Deployment(folder, SHOP, nginx=nginx) as made:
        prepare(made)
        made.up()
        (made.folder / "components" / "docker" / "free_ports.py").write_text(BLIND)
        first, port = made.port, free_port()
        serving = made.ids_of("port", "gunicorn")
        with listen(made, "127.0.0.1", port):
            made.configure(port=port)
            for options in ((), ("--refresh",)):
                with light(made, HOST) as load:
                    load.wait(0.5)
                    refused = made.up(*options, fails=True)
                    load.wait(0.5)
                assert load.report().lossless, load.report().details()
                reported = f"portico:port: Docker could not open port {port} of 127.0.0.1: address already in use."
                assert reported in " ".join(refused.output.split()), refused.tail()
                assert serving <= made.ids_of("port", "gunicorn")
            # Back to the port that answers all the while.
            made.configure(port=first)
            with light(made, HOST) as load:
                load.wait(0.5)
                made.up("--refresh")
                load.wait(0.5)
            assert load.report().lossless, load.report().details()
            assert made.present() == list_wanted(made)
            made.configure(port=port)
            made.up(fails=True)
        made.up("--refresh")
        made.port = port
        assert get(port, HOST, "/whoami").status == 200
        assert made.present() == list_wanted(made)
