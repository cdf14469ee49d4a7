"""The program on AWS, from nothing to nothing: a page, a release, another image, a lost VM, data, and the end.

AWS is the double of the plugin (tests/cloud/plugin); the engine, the VM, its Docker and every request are real.
One deployment lives through all of it, so the tests run in this order.
"""

import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from itertools import pairwise

import docker
import pytest

from portico.components.docker.container_command import run_in
from tests.cloud.deployment import AwsDeployment
from tests.docker.applications import small, write_offline, write_small
from tests.docker.ask import ask, get
from tests.docker.by_hand import command, type_into_shell
from tests.docker.engine import HELLO
from tests.docker.figures import Figures
from tests.docker.load import Load, Target, json_is, json_values, standard_clients

pytestmark = [pytest.mark.docker, pytest.mark.machine, pytest.mark.timeout(2000)]

OTHER = "ami-0fedcba9876543210"
# A site with data beside one that has none, and goes on while the disk of data moves.
STORE = "/var/lib/keeper"
KEEPER = small("keeper", data=[{"name": "store", "path": STORE}])
RATE = 60.0  # requests a second, by 12 clients: the VM, its engine and the clients share two cores


@pytest.fixture(scope="module")
def prod(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AwsDeployment]:
    deployment = AwsDeployment(tmp_path_factory.mktemp("prod"), HELLO, KEEPER)
    write_small(deployment, "keeper")
    write_offline(deployment, "hello", "keeper")
    with deployment:
        yield deployment


def load(prod: AwsDeployment) -> Load:
    clients = standard_clients(12, [Target(host="localhost", expect=json_is(site="hello"))])
    observe = json_values("site", "release")
    return Load(prod.address, prod.port, clients, rate=RATE, observe=observe, most_seconds=1500)


def keep(prod: AwsDeployment, text: str) -> None:
    """Add a line to the data of the site that has some."""
    (replica,) = prod.containers("gunicorn", "keeper")
    code, said = run_in(replica, ["sh", "-c", f"echo {text} >>{STORE}/lines"])
    assert code == 0, said


def read_kept(prod: AwsDeployment) -> list[str]:
    """Its lines, as its replica reads them now."""
    (replica,) = prod.containers("gunicorn", "keeper")
    code, said = run_in(replica, ["cat", f"{STORE}/lines"])
    assert code == 0, said
    return said.decode().split()


class Pause:
    """Asks the site with data all the time; `seconds` is the longest time without a good answer, known at the end."""

    def __init__(self, prod: AwsDeployment) -> None:
        self._prod, self._ended = prod, threading.Event()
        self._good: list[float] = []
        self._thread = threading.Thread(target=self._ask)

    def __enter__(self) -> "Pause":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    @property
    def seconds(self) -> float:
        return max(after - before for before, after in pairwise(self._good))

    def _ask(self) -> None:
        address = self._prod.address
        while not self._ended.wait(0.1):
            with suppress(OSError):
                answer = ask(self._prod.port, "keeper.localhost", "/whoami", address=address)
                if answer and answer.status == 200:
                    self._good.append(time.monotonic())


def identify(prod: AwsDeployment) -> tuple[str, str]:
    """The instance and its machine."""
    engine = docker.from_env()
    machine = engine.containers.get(prod.instance.id)
    found = (prod.instance.id, f"{machine.id} since {machine.attrs['State']['StartedAt']}")
    engine.close()
    return found


def test_from_nothing_to_a_page(prod: AwsDeployment, figures: Figures) -> None:
    first = prod.up(door="make")
    page = get(prod.port, "localhost", "/whoami", address=prod.address)
    figures.record(
        "A1",
        "from nothing to a page, network, VM and all",
        target="a page",
        measured=f"{first.seconds:.0f} s",
        met=page.json()["release"] == prod.outputs()["releases"]["hello"],
    )
    assert prod.outputs()["address"] == prod.address
    assert prod.present() == prod.wanted()
    # The address leads there last, once the page is there.
    keep(prod, "first")
    # It lies on a disk of its own, not on the VM's.
    source = prod.vm.run("findmnt", "--noheadings", "--output", "SOURCE,FSTYPE,OPTIONS", "/var/lib/portico/data")
    assert source.split()[:2] == [f"/dev/{prod.disk.id}", "ext4"] and "nosuid" in source
    assert prod.vm.run("cat", f"/var/lib/portico/data/{prod.name_data('keeper', 'store')}/lines") == "first\n"
    *_, move, association = prod.cloud.journal()
    assert (move["what"], move["after"], move["answers"]) == ("move", prod.instance.id, [80])
    assert association["type"].endswith(":EipAssociation")


def test_nothing_to_do_changes_nothing(prod: AwsDeployment) -> None:
    known = prod.cloud.journal()
    again = prod.up()
    print(f"\naws: {again.seconds:.0f} s for nothing to do")
    assert again.changes == 0, again.tail()
    assert prod.cloud.journal() == known


@pytest.mark.extended
def test_a_refresh_changes_nothing(prod: AwsDeployment) -> None:
    if not prod.cloud.things():
        prod.up()
    known, before = prod.cloud.journal(), identify(prod)
    again = prod.up("--refresh")
    assert again.changes == 0, again.tail()
    assert prod.cloud.journal() == known and identify(prod) == before


@pytest.mark.extended
def test_a_site_of_a_protected_stack_is_renamed(prod: AwsDeployment) -> None:
    if not prod.cloud.things():
        prod.up()
    known, before, sites = prod.cloud.journal(), identify(prod), prod.settings["sites"]
    (hello,) = [one for one in sites if one["name"] == "hello"]
    keeper = [one for one in sites if one["name"] == "keeper"]
    try:
        prod.configure(protect=True)
        prod.up()
        prod.configure(sites=[{**hello, "name": "visitor"}, *keeper])
        prod.up("--refresh")
        assert prod.outputs()["releases"].keys() == {"visitor", "keeper"} and prod.present() == prod.wanted()
        assert get(prod.port, "localhost", "/whoami", address=prod.address).json()["site"] == "visitor"
        # Pulumi's own destroy would leave what is protected and take the rest.
        prod.destroy(fails=True, door="make")
        assert identify(prod) == before
    finally:
        prod.configure(protect=None, sites=sites)
        prod.up()
    assert prod.present() == prod.wanted() and identify(prod) == before
    # What is protected is of the VM's, and a site is none of it.
    assert {line["what"] for line in prod.cloud.journal()[len(known) :]} <= {"update"}


@pytest.mark.parametrize("releases", [1, pytest.param(5, marks=pytest.mark.soak)])
def test_releases_lose_no_request_and_never_touch_the_vm(prod: AwsDeployment, figures: Figures, releases: int) -> None:
    if not prod.cloud.things():
        prod.up()
    before, known, seconds = identify(prod), prod.cloud.journal(), []
    with load(prod) as load_:
        load_.wait(3)
        for number in range(releases):
            prod.edit("hello", f"# release {number} of {releases}")
            seconds.append(prod.up().seconds)
            assert prod.present() == prod.wanted()
        load_.wait(3)
    report = load_.report()
    print(f"\n{report.details()}")
    figures.record(
        "A1",
        f"requests lost in {releases} releases of {min(seconds):.0f}-{max(seconds):.0f} s",
        target="0",
        measured=f"{report.failed} of {report.sent:,}",
        met=report.lossless and len(report.seen) == releases + 1,
    )
    assert identify(prod) == before
    assert prod.cloud.journal() == known


def test_the_commands_of_make_find_the_vm(prod: AwsDeployment) -> None:
    if not prod.cloud.things():
        prod.up()
    names = {str(one.name) for role in ("nginx", "gunicorn") for one in prod.containers(role)}
    assert names <= {line.partition(" | ")[0] for line in prod.logs().output.splitlines()}
    assert command(prod, 'echo "$PORTICO_SITE on $(uname -s)"; exit 3', site="hello", code=3) == "hello on Linux\n"
    assert prod.present() == prod.wanted()


@pytest.mark.extended
def test_the_other_commands_of_make_find_the_vm(prod: AwsDeployment) -> None:
    if not prod.cloud.things():
        prod.up()
    shell = type_into_shell(prod, "hostname\n", SITE="hello")
    assert shell.stdout.strip() in [str(one.id)[:12] for one in prod.containers("gunicorn")], shell
    assert "is what the last update" in prod.check().output
    assert "Nothing differs" in prod.make("diff").output
    assert prod.present() == prod.wanted()


@pytest.mark.soak
def test_a_failed_release_stays_out_however_it_is_run_again(prod: AwsDeployment, figures: Figures) -> None:
    if not prod.cloud.things():
        prod.up()
    live = prod.outputs()["releases"]["hello"]
    module = prod.source("hello") / "hello.py"
    good = module.read_text()
    module.write_text(f"import nothere\n{good}")
    try:
        with load(prod) as load_:
            load_.wait(1)
            failed = [prod.up(fails=True, door="make") for _ in range(2)]
            prod.check(fails=True)
            load_.wait(1)
    finally:
        module.write_text(good)
    report = load_.report()
    print(f"\n{report.details()}")
    assert all("the package nothere is missing" in one.output for one in failed)
    assert list(report.seen) == [f"hello/{live}"]
    figures.record(
        "C14",
        f"on a VM on AWS, run twice within {max(one.seconds for one in failed):.0f} s each",
        target="0 failed",
        measured=f"{report.failed} of {report.sent:,} failed",
        met=report.lossless,
    )
    prod.up()
    prod.check()
    assert prod.outputs()["releases"]["hello"] == live and prod.present() == prod.wanted()


@pytest.mark.extended
def test_another_image_is_announced_and_its_vm_is_filled_before_the_address_moves(
    prod: AwsDeployment, figures: Figures
) -> None:
    before, known = prod.instance, len(prod.cloud.journal())
    prod.change_aws(ami=OTHER)
    reported = prod.preview().output
    assert OTHER in reported and "nobody can read or write the data" in reported
    keep(prod, "before")
    disk = prod.disk.id
    with load(prod) as load_, Pause(prod) as pause:
        load_.wait(3)
        changed = prod.up()
        moved = [line for line in prod.cloud.journal()[known:] if line["what"] == "move"]
        load_.wait(3)
    report = load_.report()
    print(f"\n{report.details()}")
    assert prod.instance.inputs["ami"] == OTHER
    (move,) = moved
    assert (move["before"], move["after"], move["answers"]) == (before.id, prod.instance.id, [80])
    happened = prod.happened(known)
    made, led, gone = (happened.index(one) for one in (("create", "Instance"), ("move", "Eip"), ("delete", "Instance")))
    assert made < led < gone
    # The disk leaves the old VM once all is ready on the new one, and comes with what was written last.
    taken, given = (happened.index((verb, "VolumeAttachment")) for verb in ("delete", "create"))
    assert made < taken < given < led and prod.disk.id == disk
    assert read_kept(prod)[-1] == "before"
    figures.record(
        "A2",
        "seconds without answers of a site with data, while its disk moved (AWS itself takes longer)",
        target="< 60 s",
        measured=f"{pause.seconds:.0f} s",
        met=pause.seconds < 60,
    )
    figures.record(
        "A2",
        f"requests lost while another image's VM took over, in {changed.seconds:.0f} s",
        target="0",
        measured=f"{report.failed} of {report.sent:,}",
        met=report.lossless,
    )
    assert prod.present() == prod.wanted()
    assert prod.up().changes == 0


@pytest.mark.extended
def test_a_lost_vm_is_healed_by_one_up(prod: AwsDeployment, figures: Figures) -> None:
    before, address = prod.instance, prod.address
    keep(prod, "lost")
    kept = read_kept(prod)
    docker.from_env().containers.get(before.id).remove(force=True)
    began = time.monotonic()
    healed = prod.up()
    page = get(prod.port, "localhost", "/whoami", address=prod.address)
    figures.record(
        "A2",
        "a page again after the VM was lost, by one `pulumi up`",
        target="a page",
        measured=f"{time.monotonic() - began:.0f} s",
        met=page.json()["release"] == prod.outputs()["releases"]["hello"],
    )
    assert prod.address == address
    assert prod.instance.id != before.id
    assert healed.changes > 0
    assert read_kept(prod) == kept
    assert prod.present() == prod.wanted()
    assert prod.up().changes == 0


def test_down_leaves_the_disk_of_data_and_nothing_else_until_it_is_meant(prod: AwsDeployment) -> None:
    vm, address, disk = prod.instance.id, prod.address, prod.disk.id
    prod.destroy()
    assert [one.id for one in prod.cloud.things()] == [disk]
    assert f"Deleted: keeper: data store, volume {disk}" in prod.make("down", DATA="keeper").output
    assert prod.cloud.things() == []
    engine = docker.from_env()
    containers = engine.containers.list(all=True, ignore_removed=True)
    names = [*(one.name for one in containers), *(one.name for one in engine.volumes.list())]
    engine.close()
    assert vm not in names
    with pytest.raises(ConnectionRefusedError):
        get(prod.port, "localhost", address=address)
