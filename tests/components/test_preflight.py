"""A machine that cannot be used: one sentence that says why and what to do, before anything is changed."""

import subprocess
from pathlib import Path

import pulumi
import pytest

from portico.components.hosts.connection import Connection
from portico.components.hosts.preflight import find_obstacle, require_ready
from tests.components.fake_ssh import FakeSsh

KNOWN = ("-o", "StrictHostKeyChecking=accept-new", "-o", "UserKnownHostsFile=.portico/known_hosts/staging")
WAY = Connection("deploy", "shop.example", 22, (*KNOWN, "-o", 'IdentityFile="~/.ssh/id"'))
AGENT = Connection("deploy", "shop.example", 2222, KNOWN)
PINNED = Connection("deploy", "shop.example", 22, ("-o", "StrictHostKeyChecking=yes"))

VERSION = "case $1 in version) echo %s ;; info) echo / ;; esac"
DISK = "echo Filesystem; echo /dev/root 9 8 %d 1%% /"
REFUSED = 'echo "%s" >&2; exit 1'


@pytest.fixture
def ssh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeSsh:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / ".ssh").mkdir()
    (tmp_path / ".ssh" / "id").touch()
    return FakeSsh(tmp_path / "bin", monkeypatch)


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        (
            "ssh: connect to host shop.example port 22: Connection refused",
            "shop.example does not answer on port 22: it is down, or a firewall blocks the way",
        ),
        (
            "ssh: connect to host shop.example port 22: Connection timed out",
            "shop.example does not answer on port 22: it is down, or a firewall blocks the way",
        ),
        (
            "Connection closed by UNKNOWN port 65535",
            "shop.example does not answer on port 22: it is down, or a firewall blocks the way",
        ),
        (
            "ssh: Could not resolve hostname shop.example: Name or service not known",
            "shop.example is a name that DNS does not know; write another at ssh.host",
        ),
        (
            "deploy@shop.example: Permission denied (publickey,password).",
            "shop.example does not let deploy in with ~/.ssh/id; put its public half into ~/.ssh/authorized_keys "
            "there, or write another at ssh.key",
        ),
        (
            "@ WARNING: UNPROTECTED PRIVATE KEY FILE! @\ndeploy@shop.example: Permission denied (publickey).",
            "shop.example was not asked: others may read the key ~/.ssh/id; run chmod 600 on it",
        ),
        (
            "@ WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED! @\nHost key verification failed.",
            "shop.example shows another host key than the one in .portico/known_hosts/staging; if it was set up "
            "again, remove its line from that file, and if not, another machine answers in its place",
        ),
        ("kex: something new", "shop.example cannot be reached; ssh says: kex: something new"),
        ("", "shop.example cannot be reached; ssh says: it ended without a message"),
    ],
)
def test_what_ssh_says_is_reported_in_a_sentence(ssh: FakeSsh, said: str, sentence: str) -> None:
    ssh.fail(said)
    assert find_obstacle(WAY) == sentence


@pytest.mark.parametrize("key", ["~/.ssh/none", "keys/100%%", "/nowhere/my key"])
def test_a_key_that_is_not_there(ssh: FakeSsh, key: str) -> None:
    way = Connection("deploy", "shop.example", 22, (*KNOWN, "-o", f'IdentityFile="{key}"'))
    assert str(find_obstacle(way)).startswith("shop.example was not asked: there is no key ")
    assert not ssh.calls()


def test_a_key_of_the_agent_is_called_so(ssh: FakeSsh) -> None:
    ssh.fail("deploy@shop.example: Permission denied (publickey).")
    assert str(find_obstacle(AGENT)).startswith("shop.example does not let deploy in with the keys of the agent; ")


def test_another_key_than_the_pinned_one_is_not_said_to_be_in_a_file(ssh: FakeSsh) -> None:
    ssh.fail("No ED25519 host key is known for shop.example\nHost key verification failed.")
    assert str(find_obstacle(PINNED)).startswith("shop.example shows another host key than ssh.hostKey; ")


@pytest.mark.parametrize(
    ("docker", "sentence"),
    [
        (
            REFUSED % "permission denied while trying to connect to the Docker daemon socket",
            "shop.example does not let deploy use Docker; run there: sudo usermod -aG docker deploy",
        ),
        (
            REFUSED % "Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is it running?",
            "shop.example has Docker, and it does not run; start it there: sudo systemctl start docker",
        ),
        (REFUSED % "no idea", "shop.example has a Docker that does not answer: no idea"),
        (
            VERSION % "19.03.15",
            "shop.example has Docker 19.03.15, which is too old; install 20.10 or newer there",
        ),
    ],
)
def test_a_docker_that_cannot_be_used(ssh: FakeSsh, docker: str, sentence: str) -> None:
    ssh.answer(docker=docker, df=DISK % 9_000_000)
    assert find_obstacle(WAY) == sentence


def test_no_docker(ssh: FakeSsh, monkeypatch: pytest.MonkeyPatch) -> None:
    # The same machine without the folders that may hold one.
    ssh.answer(command="exit 1")
    script = (ssh.folder / "ssh").read_text().replace(":/usr/bin:/bin", "").replace('exec "$@"', "exec /bin/sh -s")
    (ssh.folder / "ssh").write_text(script)
    assert find_obstacle(WAY) == (
        "shop.example has no Docker that deploy finds; install it there (on Debian: apt-get install docker.io)"
    )


@pytest.mark.parametrize("version", ["20.10.24+dfsg1", "24.0.7", "28.2.2", "100.1"])
def test_a_docker_that_is_new_enough(ssh: FakeSsh, version: str) -> None:
    ssh.answer(docker=VERSION % version, df=DISK % 600_000)
    assert find_obstacle(WAY) is None


def test_too_little_disk(ssh: FakeSsh) -> None:
    ssh.answer(docker=VERSION % "24.0.7", df=DISK % 400_000)
    assert find_obstacle(WAY) == (
        "shop.example has 390 MB left on the disk of its Docker, and a release takes 500; "
        "`docker system prune` there frees what nothing uses"
    )


def test_a_disk_that_nobody_can_look_at_is_no_obstacle(ssh: FakeSsh) -> None:
    ssh.answer(docker=VERSION % "24.0.7", df="exit 1")
    assert find_obstacle(WAY) is None


def test_a_machine_that_never_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    def wait(*_: object, **more: object) -> None:
        raise subprocess.TimeoutExpired("ssh", 60)

    monkeypatch.setattr("subprocess.run", wait)
    assert find_obstacle(AGENT) == "shop.example does not answer on port 2222: no data came for a minute"


def test_no_ssh_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert find_obstacle(AGENT) == "There is no ssh on this machine; install it (openssh-client)"


def test_it_ends_the_program_and_says_that_nothing_was_changed(ssh: FakeSsh) -> None:
    ssh.fail("ssh: connect to host shop.example port 22: Connection refused")
    with pytest.raises(pulumi.RunError, match=r"a firewall blocks the way\. Nothing was changed\.$"):
        require_ready(WAY)


def test_it_is_asked_once_and_with_the_arguments_of_the_way(ssh: FakeSsh) -> None:
    ssh.answer(docker=VERSION % "24.0.7", df=DISK % 900_000)
    require_ready(WAY)
    (call,) = ssh.calls()
    assert call[: len(WAY.options)] == list(WAY.options) and "ssh://deploy@shop.example:22" in call
