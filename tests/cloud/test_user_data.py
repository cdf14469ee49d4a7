"""The user data of a VM on AWS: read by cloud-init's own schema, and booted on a real kernel."""

import platform
import shutil
import subprocess
from pathlib import Path

import pytest

from portico.config.render.cloud_init import READY, USER, render_user_data
from portico.config.settings import Aws
from tests.cloud.deployment import AMI, REGION
from tests.cloud.kernel import KernelVm
from tests.cloud.vm import IMAGE

pytestmark = [pytest.mark.docker, pytest.mark.machine]


@pytest.fixture
def key(tmp_path: Path) -> Path:
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", tmp_path / "key"], check=True)
    return tmp_path / "key"


def render(*keys: Path, **settings: object) -> str:
    texts = tuple(key.with_suffix(".pub").read_text().strip() for key in keys)
    return render_user_data(Aws.model_validate({"region": REGION, "ami": AMI, "keys": texts, **settings}))


def judge(user_data: str) -> subprocess.CompletedProcess[str]:
    """What `cloud-init schema` of the VM's own release says."""
    command = "cat >/user-data && cloud-init schema --config-file /user-data"
    return subprocess.run(
        ["docker", "run", "--rm", "--interactive", "--network", "none", IMAGE, "sh", "-c", command],
        input=user_data,
        capture_output=True,
        text=True,
    )


def test_cloud_init_takes_the_user_data(tmp_path: Path, key: Path) -> None:
    (tmp_path / "more").mkdir()
    other = tmp_path / "more" / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "rsa", "-N", "", "-C", "ann@home", "-f", other], check=True)
    for user_data in (render(key), render(key, other, swap="3G")):
        done = judge(user_data)
        assert done.returncode == 0, done.stdout + done.stderr
        assert "Valid" in done.stdout


def test_cloud_init_refuses_what_is_wrong_in_it(key: Path) -> None:
    done = judge(render(key).replace("lock_passwd: true", "lock_passwd: [1]"))
    assert done.returncode == 1
    assert "lock_passwd" in done.stdout + done.stderr


@pytest.mark.soak
@pytest.mark.timeout(900)
def test_the_user_data_boots_on_a_real_kernel(key: Path) -> None:
    assert platform.machine() == "x86_64", "the disk for QEMU is made for x86_64 (scripts/setup/qemu.sh)"
    assert shutil.which("qemu-system-x86_64")
    with KernelVm(render(key, swap="256M"), user=USER, key=key) as vm:
        reached = vm.wait("true", seconds=400)
        ready = reached + vm.wait("test", "-e", READY, seconds=400)
        print(f"\nreal kernel: {reached:.0f} s to SSH, {ready:.0f} s until ready")
        assert vm.run("cloud-init", "status", "--wait").strip().endswith("done")
        # By SSH the words are joined: no space in one of them.
        asked = vm.run("docker", "info", "--format", "{{.LiveRestoreEnabled}}/{{.LoggingDriver}}")
        assert asked.strip() == "true/json-file"
        assert "/swapfile" in vm.run("cat", "/proc/swaps")
        assert vm.run("cat", "/proc/sys/net/netfilter/nf_conntrack_max").strip() == "262144"
        assert vm.run("cat", "/proc/sys/vm/swappiness").strip() == "10"
        with pytest.raises(AssertionError):
            vm.run("sudo", "-n", "true")
