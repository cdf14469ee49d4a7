"""VMs for instances. Each is named after its instance, so that any process finds it."""

from pathlib import Path

from tests.cloud.plugin.cloud import Cloud
from tests.cloud.vm import Vm


class Vms:
    """Boots the tests' VM (tests/cloud/vm.py). It has the base images, as no registry can be reached from it.

    Further ones stand in the file `images` of the cloud.
    """

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud

    def boot(self, id: str, user_data: str) -> str:
        # Read late: the double of `aws` only asks for addresses.
        from portico.config.settings import Settings

        defaults = Settings.model_fields
        more = self._cloud.folder / "images"
        images = (defaults["nginx_image"].default, defaults["python_image"].default)
        images += tuple(more.read_text().split()) if more.is_file() else ()
        vm = Vm(user_data, name=id, images=images)
        try:
            vm.__enter__()
            return vm.address
        except (AssertionError, RuntimeError) as error:
            raise ValueError(f"the VM of {id} does not start: {error}") from error
        finally:
            vm.leave()

    def find(self, id: str) -> str | None:
        if (vm := Vm.find(id)) is None:
            return None
        try:
            return vm.address or None
        finally:
            vm.leave()

    def restart(self, id: str) -> None:
        if vm := Vm.find(id):
            vm.restart()
            vm.leave()

    def plug(self, id: str, volume: str, file: Path) -> None:
        if vm := Vm.find(id):
            vm.plug(volume, file)
            vm.leave()

    def unplug(self, id: str, volume: str, file: Path) -> None:
        if vm := Vm.find(id):
            vm.unplug(volume, file)
            vm.leave()

    def remove(self, id: str) -> None:
        if vm := Vm.find(id):
            vm.stop()
            vm.remove()
        else:
            Vm.clear(id)
