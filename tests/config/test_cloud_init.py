"""The user data of a VM: what it says, how it is packed, what is kept out of it."""

import base64
import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from portico.config.render.cloud_init import READY, pack_user_data, render_user_data, unpack_user_data
from portico.config.settings import Mistakes
from tests.config.aws_sample import KEY, read_aws


@pytest.fixture(scope="module")
def text() -> str:
    return render_user_data(read_aws())


@pytest.fixture(scope="module")
def parsed(text: str) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(text)
    return found


def file(parsed: dict[str, Any], path: str) -> str:
    (found,) = [one for one in parsed["write_files"] if one["path"] == path]
    return str(found["content"])


def test_it_is_a_cloud_config_that_is_the_same_for_the_same_settings(text: str) -> None:
    assert text.startswith("#cloud-config\n")
    assert render_user_data(read_aws()) == text
    assert render_user_data(read_aws(region="eu-west-1", ami="ami-00000000")) == text


def test_one_user_may_log_in_by_key_alone_and_use_docker(parsed: dict[str, Any]) -> None:
    (user,) = parsed["users"]
    assert (user["name"], user["groups"], user["ssh_authorized_keys"]) == ("portico", ["docker"], [KEY])
    assert user["lock_passwd"] is True and "sudo" not in user
    assert parsed["disable_root"] is True and parsed["ssh_pwauth"] is False
    sshd = file(parsed, "/etc/ssh/sshd_config.d/10-portico.conf")
    assert {"AllowUsers portico", "PasswordAuthentication no", "PermitRootLogin no"} <= set(sshd.splitlines())


def test_a_session_without_a_key_is_no_way_to_root(parsed: dict[str, Any]) -> None:
    (sudoers,) = [one for one in parsed["write_files"] if one["path"].startswith("/etc/sudoers")]
    # AWS's agent writes the file only where it is not there (createSudoersFileIfNotPresent), with NOPASSWD:ALL.
    assert (sudoers["path"], sudoers["permissions"]) == ("/etc/sudoers.d/ssm-agent-users", "0440")
    assert all(line.startswith("#") for line in sudoers["content"].splitlines())


def test_docker_outlives_its_own_restart_and_bounds_its_logs(parsed: dict[str, Any]) -> None:
    daemon = json.loads(file(parsed, "/etc/docker/daemon.json"))
    assert daemon["live-restore"] is True
    assert daemon["log-driver"] == "json-file" and daemon["log-opts"] == {"max-size": "10m", "max-file": "3"}


def test_security_updates_come_by_themselves_and_never_reboot(parsed: dict[str, Any]) -> None:
    said = file(parsed, "/etc/apt/apt.conf.d/52portico")
    assert 'APT::Periodic::Unattended-Upgrade "1";' in said
    assert 'Unattended-Upgrade::Automatic-Reboot "false";' in said


def test_swap_is_as_large_as_the_settings_say(parsed: dict[str, Any]) -> None:
    assert "fallocate -l 1073741824 /swapfile" in file(parsed, "/usr/local/sbin/portico-prepare")
    assert "fallocate -l 3221225472 /swapfile" in render_user_data(read_aws(swap="3G"))


def test_the_marker_is_the_last_thing_of_all(parsed: dict[str, Any]) -> None:
    *_, last = file(parsed, "/usr/local/sbin/portico-prepare").strip().splitlines()
    assert last == 'touch "$home/ready"' and READY == "/var/lib/portico/ready"
    assert parsed["runcmd"] == [["/usr/local/sbin/portico-prepare"]]


def test_every_setting_has_its_reason(parsed: dict[str, Any]) -> None:
    for path in ("/etc/sysctl.d/60-portico.conf", "/etc/apt/apt.conf.d/52portico", "/etc/modules-load.d/portico.conf"):
        lines = file(parsed, path).strip().splitlines()
        assert lines[0].startswith(("#", "//"))


@pytest.fixture
def prepare(parsed: dict[str, Any], tmp_path: Path) -> Path:
    """The script of the first boot, with its folders below one of the test's."""
    text = file(parsed, "/usr/local/sbin/portico-prepare")
    script = tmp_path / "prepare"
    script.write_text(text.replace("/var/lib/portico", f"{tmp_path}/home").replace("/swapfile", f"{tmp_path}/swapfile"))
    for name in (
        "modprobe",
        "sysctl",
        "fallocate",
        "mkswap",
        "swapon",
        "systemctl",
        "docker",
        "apt-get",
        "sleep",
        "chown",
    ):
        say(tmp_path, name, 'echo "$0 $*" >&2')
    say(tmp_path, "dpkg-query", "echo install ok installed")
    return script


def say(folder: Path, name: str, body: str) -> None:
    (folder / "bin").mkdir(exist_ok=True)
    (folder / "bin" / name).write_text(f"#!/bin/sh\n{body}\n")
    (folder / "bin" / name).chmod(0o755)


def run(script: Path) -> subprocess.CompletedProcess[str]:
    path = f"{script.parent}/bin:/usr/bin:/bin"
    return subprocess.run(["sh", script], env={"PATH": path}, capture_output=True, text=True, timeout=120)


def test_where_docker_is_there_already_nothing_is_installed(prepare: Path) -> None:
    # chmod of a swap file that no fallocate has made fails: there is no swap then, and that is all.
    done = run(prepare)
    home = prepare.parent / "home"
    assert done.returncode == 0, done.stderr
    assert (home / "ready").exists() and not (home / "failed").exists()
    assert "apt-get" not in done.stderr and "there is no swap" in done.stdout


def test_a_mirror_that_never_answers_ends_with_what_was_missing(prepare: Path) -> None:
    say(prepare.parent, "dpkg-query", "exit 1")
    say(prepare.parent, "apt-get", 'echo "apt-get $*" >&2; exit 100')
    done = run(prepare)
    home = prepare.parent / "home"
    assert done.returncode == 1 and done.stderr.count("update") == 5
    assert (home / "failed").read_text() == "installing Docker and automatic updates\n"
    assert not (home / "ready").exists()


def test_a_docker_that_does_not_start_is_reported(prepare: Path) -> None:
    say(prepare.parent, "docker", "exit 1")
    assert run(prepare).returncode == 1
    assert (prepare.parent / "home" / "failed").read_text() == "starting Docker\n"
    assert not (prepare.parent / "home" / "ready").exists()


def test_it_is_packed_and_the_same_when_unpacked(text: str) -> None:
    packed = pack_user_data(text)
    raw = base64.b64decode(packed)
    # gzip, and the time of packing, which would make it another one tomorrow, left out.
    assert raw.startswith(b"\x1f\x8b") and raw[4:8] == bytes(4)
    assert unpack_user_data(packed) == text and pack_user_data(text) == packed
    assert len(raw) < 5 * 1024


@pytest.mark.parametrize(
    ("size", "fits"), [pytest.param(14 * 1024, True, id="14 KB"), pytest.param(14 * 1024 + 1, False, id="one more")]
)
def test_it_is_refused_above_14_kb(monkeypatch: pytest.MonkeyPatch, size: int, fits: bool) -> None:
    monkeypatch.setattr("portico.config.render.cloud_init.gzip.compress", lambda *_, **__: b"a" * size)
    if fits:
        assert pack_user_data("a")
        return
    with pytest.raises(Mistakes) as caught:
        pack_user_data("a")
    assert "aws.keys: make the VM's user data 15 KB long; AWS takes 14: write fewer" in str(caught.value)


@pytest.mark.parametrize("secret", ["-----BEGIN OPENSSH PRIVATE KEY-----", "AKIAIOSFODNN7EXAMPLE"])
def test_a_secret_is_never_packed(text: str, secret: str) -> None:
    with pytest.raises(Mistakes) as caught:
        pack_user_data(f"{text}# {secret}\n")
    assert "aws.keys: holds a secret" in str(caught.value) and secret not in str(caught.value)
