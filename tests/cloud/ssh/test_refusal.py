"""Machines that cannot be used, for real: one plain sentence, nothing is changed, and what serves keeps serving."""

from collections.abc import Callable
from pathlib import Path

import pytest

from portico.components.hosts.connection import connect
from portico.components.hosts.preflight import find_obstacle
from portico.config.settings import Ssh
from tests.cloud.ssh.place import Place

pytestmark = [pytest.mark.docker, pytest.mark.timeout(600)]

Reach = Callable[..., str | None]


@pytest.fixture
def reach(place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Reach:
    """What stands in the way of reaching the machine with these settings, in a folder where it is not known yet."""
    monkeypatch.chdir(tmp_path)

    def ask(**changes: object) -> str | None:
        values = {key: value for key, value in {**place.deployment.settings["ssh"], **changes}.items() if value}
        return find_obstacle(connect(Ssh.model_validate(values), "test"))

    return ask


def list_keys(place: Place) -> list[str]:
    return place.vm.run("sh", "-c", "cat /etc/ssh/ssh_host_*_key.pub").splitlines()


def find_key(place: Place, kind: str = "ssh-ed25519") -> str:
    return next(line for line in list_keys(place) if line.startswith(kind))


def test_the_right_way_in(reach: Reach) -> None:
    assert reach() is None


def test_the_pinned_key_is_the_machines(place: Place, reach: Reach) -> None:
    assert reach(hostKey=find_key(place)) is None


def test_a_pinned_key_that_is_anothers(place: Place, key: Path, reach: Reach) -> None:
    other = key.with_suffix(".pub").read_text()
    said = f"{place.vm.address} shows another host key than ssh.hostKey; "
    assert str(reach(hostKey=other)).startswith(said)


def test_a_key_that_has_changed_since(place: Place, key: Path, reach: Reach) -> None:
    assert reach() is None
    known = Path(".portico/known_hosts/test")
    known.write_text(f"{place.vm.address} {key.with_suffix('.pub').read_text()}")
    said = f"{place.vm.address} shows another host key than the one in .portico/known_hosts/test; "
    # As the next run, when the connection of this one has ended.
    assert str(reach(port=22, user="guest")).startswith(said)


@pytest.mark.parametrize("way", ["jump", "command"])
def test_by_way_of_another_machine(place: Place, key: Path, reach: Reach, way: str) -> None:
    gate = f"guest@{place.vm.address}"
    options = f"-o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -i {key}"
    given = {"jump": gate} if way == "jump" else {"proxyCommand": f"ssh {options} -W %h:%p {gate}"}
    # The machine's own name for itself: nobody knows it out here.
    assert reach(host="localhost", **given) is None
    if way == "jump":
        assert Path(".portico/known_hosts/test.jump").read_text().startswith(f"{place.vm.address} ")


def test_a_key_that_is_not_let_in(place: Place, tmp_path: Path, reach: Reach) -> None:
    import subprocess

    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", tmp_path / "other"], check=True)
    said = f"{place.vm.address} does not let deploy in with {tmp_path}/other; "
    assert str(reach(key=str(tmp_path / "other"))).startswith(said)


def test_a_key_that_is_not_there(place: Place, reach: Reach) -> None:
    said = f"{place.vm.address} was not asked: there is no key keys/none; write the path of a private key at ssh.key"
    assert reach(key="keys/none") == said


def test_a_user_who_may_not_use_docker(place: Place, reach: Reach) -> None:
    said = f"{place.vm.address} does not let guest use Docker; run there: sudo usermod -aG docker guest"
    assert reach(user="guest") == said


def test_a_port_where_nobody_listens(place: Place, reach: Reach) -> None:
    assert str(reach(port=2222)).startswith(f"{place.vm.address} does not answer on port 2222: ")


def test_a_name_that_leads_nowhere(reach: Reach) -> None:
    assert reach(host="nobody.invalid") == "nobody.invalid is a name that DNS does not know; write another at ssh.host"


def test_up_ends_with_the_sentence_and_changes_nothing(place: Place) -> None:
    before, ids = place.release(), place.deployment.ids()
    right = place.deployment.settings["ssh"]
    try:
        place.deployment.configure(ssh=right | {"user": "guest"})
        place.deployment.edit("shop", "# refused")
        failed = place.deployment.up(fails=True)
    finally:
        place.deployment.configure(ssh=right)
    assert (
        "does not let guest use Docker; run there: sudo usermod -aG docker guest. Nothing was changed." in failed.output
    )
    assert "Traceback" not in failed.output
    assert (place.release(), place.deployment.ids()) == (before, ids)
