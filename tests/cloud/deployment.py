"""A deployment on AWS, as far as there is AWS here: the real program, the real engine, and the double of the plugin."""

import subprocess
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Final

import docker

from tests.cloud.disk import close_loop
from tests.cloud.plugin.address import release
from tests.cloud.plugin.cloud import Cloud, Thing
from tests.cloud.plugin.disk_effects import find_file
from tests.cloud.plugin.kinds import EIP, INSTANCE, VOLUME
from tests.cloud.plugin.vms import Vms
from tests.cloud.stack import double_aws
from tests.cloud.vm import Vm
from tests.docker.command import Result
from tests.docker.commands import PROJECT, Door
from tests.docker.engine import Deployment

AMI: Final = "ami-0123456789abcdef0"
REGION: Final = "eu-central-1"


class AwsDeployment(Deployment):
    """The same with a cloud of its own. `aws` are settings of that section, besides those that it takes."""

    UP = 900.0  # a first boot is part of it, on a machine that may be busy

    def __init__(
        self, folder: Path, *sites: Mapping[str, Any], aws: Mapping[str, Any] | None = None, **more: Any
    ) -> None:
        self.cloud = Cloud(folder / "cloud")
        key = folder / "key"
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)
        section = {"region": REGION, "ami": AMI, "keys": [key.with_suffix(".pub").read_text().strip()], "key": str(key)}
        settings = {"target": "aws", "address": "0.0.0.0", "port": 80, "aws": {**section, **(aws or {})}, **more}
        super().__init__(folder, *sites, env=double_aws(self.cloud), **settings)
        self.port = 80

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self.engine.close()
            # Nothing is destroyed twice.
            done = self.destroy(fails=None) if self.cloud.things() else None
            # The disk of data outlives it.
            left = [thing.name for thing in self.cloud.things() if thing.type != VOLUME]
        finally:
            self._take_away()
        if error is None:
            assert not done or not done.code, done.tail()
            assert not left, f"destroy left {left}"

    def up(self, *options: str, fails: bool | None = False, door: Door | None = None) -> Result:
        """The same, after which `engine` is that of the VM, and `address` the public one."""
        result = super().up(*options, fails=fails, door=door)
        if not result.code:
            self.follow()
        return result

    def follow(self) -> None:
        """Look at the VM that the address leads to now."""
        (eip,) = self.cloud.things(EIP)
        self.address = eip.outputs["publicIp"]
        self.engine.close()
        self.engine = docker.DockerClient(base_url=self.vm.engine)

    @property
    def instance(self) -> Thing:
        """The only instance."""
        (found,) = self.cloud.things(INSTANCE)
        return found

    @property
    def disk(self) -> Thing:
        """The only disk of data."""
        (found,) = self.cloud.things(VOLUME)
        return found

    def name_data(self, site: str, data: str) -> str:
        """Docker's name of the volume of a site's data."""
        return f"{PROJECT}.{self.name}.{site}.{data}"

    @property
    def vm(self) -> Vm:
        """Its machine."""
        vm = Vm.find(self.instance.id)
        assert vm is not None, f"{self.instance.id} has no VM"
        return vm

    def change_aws(self, **settings: Any) -> None:
        """Write other settings of the section `aws` into the stack file."""
        self.configure(aws={**self.settings["aws"], **settings})

    def happened(self, since: int = 0) -> list[tuple[str, str]]:
        """What was done with which type in the cloud, in order, beginning with that line of the journal."""
        return [(line["what"], line["type"].rpartition(":")[2]) for line in self.cloud.journal()[since:]]

    def _take_away(self) -> None:
        vms = Vms(self.cloud)
        for line in self.cloud.journal():
            if line["type"] == INSTANCE:
                vms.remove(line["id"])
        for disk in self.cloud.things(VOLUME):
            close_loop(find_file(self.cloud, disk.id))
        for eip in self.cloud.things(EIP):
            release(eip.outputs["publicIp"])
