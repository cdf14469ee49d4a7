"""The computers of the double's cloud: the VM of the tests, booted with the instance's own user data."""

import base64
import binascii
import gzip
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, Protocol

from tests.cloud.plugin.address import make_address
from tests.cloud.plugin.cloud import Cloud

LARGEST: Final = 16 * 2**10  # bytes of user data, before base64: AWS takes no more
PAPER: Final = "PORTICO_TEST_PAPER_MACHINES"  # the variable that asks for instances without a VM


class Machines(Protocol):
    """Boots, finds and removes the machine of an instance, given by the instance's id."""

    def boot(self, id: str, user_data: str) -> str:
        """Boot a machine; the address that leads to it from here. Raises ValueError where it does not."""

    def find(self, id: str) -> str | None:
        """The address of a machine that runs; None where there is none."""

    def restart(self, id: str) -> None:
        """Switch it off and on again, as a change of its type does."""

    def plug(self, id: str, volume: str, file: Path) -> None:
        """Give a running machine the disk that this file is, as an NVMe device with the volume's id."""

    def unplug(self, id: str, volume: str, file: Path) -> None:
        """Remove it again. Raises ValueError as long as it is mounted there: AWS would go on waiting."""

    def remove(self, id: str) -> None:
        """Shut it down, so that what runs there can end, and remove it; nothing where there is none."""


def make_machines(cloud: Cloud) -> Machines:
    """Real VMs, or none at all where the environment says so."""
    if os.environ.get(PAPER):
        return PaperMachines(cloud)
    from tests.cloud.plugin.vms import Vms

    return Vms(cloud)


class PaperMachines:
    """Instances that exist in the books alone, for tests of the double itself."""

    def __init__(self, cloud: Cloud) -> None:
        self._folder = cloud.folder / "paper"
        self._folder.mkdir(exist_ok=True)

    def boot(self, id: str, user_data: str) -> str:
        (self._folder / id).write_text(user_data)
        return str(self.find(id))

    def find(self, id: str) -> str | None:
        """An address of this machine alone, on which a test may answer."""
        return make_address(id) if (self._folder / id).exists() else None

    def restart(self, id: str) -> None:
        pass

    def plug(self, id: str, volume: str, file: Path) -> None:
        pass

    def unplug(self, id: str, volume: str, file: Path) -> None:
        pass

    def remove(self, id: str) -> None:
        (self._folder / id).unlink(missing_ok=True)


def read_user_data(inputs: Mapping[str, Any]) -> str:
    """The user data as cloud-init reads it. Raises ValueError for what AWS refuses."""
    raw = str(inputs.get("userData") or "").encode()
    if encoded := inputs.get("userDataBase64"):
        try:
            raw = base64.b64decode(str(encoded), validate=True)
        except binascii.Error as error:
            raise ValueError(f"userDataBase64 is not base64: {error}") from error
    if len(raw) > LARGEST:
        raise ValueError(f"InvalidParameterValue: User data is limited to {LARGEST} bytes, and this has {len(raw)}")
    return (gzip.decompress(raw) if raw.startswith(b"\x1f\x8b") else raw).decode()
