"""What happens besides the books around disks: files that hold their blocks, and machines that get and lose them."""

from pathlib import Path

from tests.cloud.disk import close_loop, grow
from tests.cloud.plugin.cloud import Cloud, Thing
from tests.cloud.plugin.kinds import INSTANCE, VOLUME, VOLUME_ATTACHMENT
from tests.cloud.plugin.machines import Machines


class DiskEffects:
    """Done once the books are written; raises ValueError for what AWS refuses."""

    def __init__(self, cloud: Cloud, machines: Machines) -> None:
        self._cloud, self._machines = cloud, machines

    def create(self, thing: Thing) -> None:
        if thing.type == VOLUME:
            file = find_file(self._cloud, thing.id)
            file.parent.mkdir(exist_ok=True)
            file.touch()
            grow(file, thing.inputs["size"])
        elif thing.type == VOLUME_ATTACHMENT:
            self._attach(thing)

    def update(self, thing: Thing, changes: list[str]) -> None:
        if thing.type == VOLUME and "size" in changes:
            file = find_file(self._cloud, thing.id)
            if thing.inputs["size"] * 2**30 < file.stat().st_size:
                raise ValueError("InvalidParameterValue: New size cannot be smaller than existing size")
            grow(file, thing.inputs["size"])

    def delete(self, thing: Thing) -> None:
        if thing.type == VOLUME:
            if users := [one.inputs["instanceId"] for one in self._list_attachments(thing.id)]:
                raise ValueError(f"VolumeInUse: Volume {thing.id} is currently attached to {', '.join(users)}")
            close_loop(find_file(self._cloud, thing.id))
            find_file(self._cloud, thing.id).unlink(missing_ok=True)
        elif thing.type == VOLUME_ATTACHMENT:
            volume = str(thing.inputs["volumeId"])
            self._machines.unplug(str(thing.inputs["instanceId"]), volume, find_file(self._cloud, volume))
        elif thing.type == INSTANCE:
            self.forget(thing)

    def forget(self, instance: Thing) -> None:
        """An instance that is gone has no disks any more; those with a life of their own go on without it."""
        for one in self._cloud.things(VOLUME_ATTACHMENT):
            if one.inputs["instanceId"] == instance.id:
                close_loop(find_file(self._cloud, str(one.inputs["volumeId"])))
                self._cloud.remove(one)

    def _attach(self, thing: Thing) -> None:
        volume, instance = (self._cloud.find(str(thing.inputs[name])) for name in ("volumeId", "instanceId"))
        assert volume and instance  # the plugin takes no reference to what is not there
        zones = {one.outputs["availabilityZone"] for one in (volume, instance)}
        if len(zones) > 1:
            raise ValueError(f"InvalidVolume.ZoneMismatch: The volume is not in the zone of {instance.id}")
        if self._machines.find(instance.id) is None:
            raise ValueError(f"IncorrectState: Instance {instance.id} is not 'running'")
        for other in self._list_attachments(volume.id):
            if other.id != thing.id and self._machines.find(str(other.inputs["instanceId"])):
                raise ValueError(f"VolumeInUse: {volume.id} is already attached to {other.inputs['instanceId']}")
        self._machines.plug(instance.id, volume.id, find_file(self._cloud, volume.id))

    def _list_attachments(self, volume: str) -> list[Thing]:
        return [one for one in self._cloud.things(VOLUME_ATTACHMENT) if one.inputs["volumeId"] == volume]


def find_file(cloud: Cloud, volume: str) -> Path:
    """The file with the blocks of a disk."""
    return cloud.folder / "disks" / volume
