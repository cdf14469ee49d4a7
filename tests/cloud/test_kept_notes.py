"""An application with a database, a cache and backups on a VM on AWS: what its user does, and a power cut.

AWS is the double of the plugin (tests/cloud/plugin); the VM, its engine, all servers and that of SFTP are real.
"""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import docker
import pytest

from portico.components.docker.dns_lookup import list_sources
from tests.cloud.deployment import AwsDeployment
from tests.cloud.kept_notes import KEPT_NOTES, SERVICES, cut_power, make_backups, prepare, walk
from tests.cloud.vm import IMAGE
from tests.docker.engine import free_port
from tests.docker.figures import Figures

pytestmark = [pytest.mark.docker, pytest.mark.machine, pytest.mark.soak, pytest.mark.timeout(2400)]
ACCESS: Final = "portico:backupAccess"
# sshd of the VM's image, with a user's key and one of the host.
_SERVE: Final = """
install -d -m 700 /root/.ssh /run/sshd && cp /given/user.pub /root/.ssh/authorized_keys && cp /given/host /host
chmod 600 /root/.ssh/authorized_keys /host && mkdir -p /srv/backups && exec /usr/sbin/sshd -D -e -h /host
"""


@contextmanager
def serve_sftp(folder: Path) -> Iterator[dict[str, str]]:
    """An SFTP server on this machine, as settings of `backups`. What it has is gone at its end.

    Its user's private key lies in the folder as `user`.
    """
    for name in ("user", "host"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", folder / name], check=True)
    # The gateway of a VM's own Docker is not this machine.
    (address, *_), port = [one for one in list_sources() if ":" not in one], free_port()
    engine = docker.from_env()
    given, ports = [f"{folder}:/given:ro"], {"22/tcp": port}
    server = engine.containers.run(IMAGE, ["sh", "-c", _SERVE], volumes=given, ports=ports, init=True, detach=True)
    try:
        key = (folder / "host.pub").read_text().strip()
        yield {"to": f"sftp://root@{address}:{port}/srv/backups", "hostKey": key}
    finally:
        server.remove(force=True)
        engine.close()


@pytest.fixture(scope="module")
def prod(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AwsDeployment]:
    folder, keys = tmp_path_factory.mktemp("prod"), tmp_path_factory.mktemp("keys")
    with serve_sftp(keys) as place:
        backups, images = make_backups(tmp_path_factory.mktemp("base"), **place)
        deployment = AwsDeployment(folder, KEPT_NOTES, services=SERVICES, backups=backups)
        (deployment.cloud.folder / "images").write_text("\n".join(images))
        with deployment:
            prepare(deployment)
            # As docs/backups.md says: from the file.
            words = deployment.spell_pulumi("config", "set", "--stack", deployment.name, "--secret", ACCESS)
            with (keys / "user").open() as key:
                subprocess.run(words, cwd=deployment.folder, env=deployment.environment, stdin=key, check=True)
            deployment.up()
            yield deployment


def test_backups_restore_dumps_and_a_rehearsal_work_there(prod: AwsDeployment, tmp_path: Path) -> None:
    walk(prod, tmp_path / "notes.dump")


def test_a_power_cut_loses_no_confirmed_row(prod: AwsDeployment, figures: Figures) -> None:
    confirmed, seconds = cut_power(prod, prod.vm)
    figures.record(
        "A2",
        f"the VM's power is cut while six write: no answer for; 0 of {confirmed} confirmed rows are lost",
        target="<= 180 s",
        measured=f"{seconds:.1f} s",
        met=seconds <= 180,
    )
    prod.vm.wait_ready()
    assert prod.up().changes == 0
