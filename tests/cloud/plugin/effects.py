"""What happens besides the books when something is made, changed or deleted: machines boot, addresses move."""

import socket
from contextlib import suppress
from dataclasses import replace

from tests.cloud.plugin.address import point, release
from tests.cloud.plugin.cloud import Cloud, Thing
from tests.cloud.plugin.disk_effects import DiskEffects
from tests.cloud.plugin.fleet_effects import FleetEffects
from tests.cloud.plugin.kinds import ASSOCIATION, EIP, INGRESS, INSTANCE, VOLUME_ATTACHMENT
from tests.cloud.plugin.machines import make_machines, read_user_data
from tests.cloud.plugin.network import list_openings, note_move

_RESTARTING = {"instanceType", "userData", "userDataBase64"}


class Effects:
    """Done once the books are written; raises ValueError for what AWS refuses."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self.machines = make_machines(cloud)
        self._fleet = FleetEffects(cloud)
        self._disks = DiskEffects(cloud, self.machines)

    def exists(self, thing: Thing) -> bool:
        """Whether it is still there: a machine may be gone that nobody deleted, and its address with it."""
        if thing.type == INSTANCE:
            return self.machines.find(thing.id) is not None
        if thing.type == ASSOCIATION:
            return self.machines.find(str(thing.inputs.get("instanceId"))) is not None and self._is_current(thing)
        if thing.type == VOLUME_ATTACHMENT:
            return self.machines.find(str(thing.inputs.get("instanceId"))) is not None
        return True

    def create(self, thing: Thing, timeout: float) -> Thing:
        """What it is then. `timeout`: seconds that the program gives it, 0 where it says nothing."""
        if thing.type == INSTANCE:
            address = self.machines.boot(thing.id, read_user_data(thing.inputs))
            return replace(thing, outputs={**thing.outputs, "privateIp": address})
        if thing.type == ASSOCIATION:
            return self._associate(thing)
        if thing.type == INGRESS:
            self._open()
        self._disks.create(thing)
        return self._fleet.create(thing, timeout)

    def update(self, thing: Thing, changes: list[str], timeout: float) -> None:
        if thing.type == INSTANCE and _RESTARTING & set(changes):
            self.machines.restart(thing.id)
        self._open()
        self._disks.update(thing, changes)
        self._fleet.update(thing, changes, timeout)

    def delete(self, thing: Thing) -> None:
        if thing.type == INSTANCE:
            if thing.inputs.get("disableApiTermination") and not thing.inputs.get("forceDestroy"):
                raise ValueError(f"OperationNotPermitted: disableApiTermination keeps {thing.id} from being terminated")
            self.machines.remove(thing.id)
            self._open()
        elif thing.type == ASSOCIATION and self._is_current(thing):
            eip = self._eip(thing)
            self._cloud.put(replace(eip, outputs={**eip.outputs, "instance": "", "associationId": ""}))
            release(eip.outputs["publicIp"])
        elif thing.type == INGRESS:
            self._open(but=thing.id)
        self._disks.delete(thing)
        self._fleet.delete(thing)

    def _associate(self, thing: Thing) -> Thing:
        """Let the address lead to another machine, at once and whole."""
        eip, instance = self._eip(thing), self._cloud.find(str(thing.inputs.get("instanceId")))
        if instance is None or (target := self.machines.find(instance.id)) is None:
            raise ValueError("InvalidInstanceID: The pending instance is not in a valid state for this operation")
        if (before := eip.outputs.get("instance")) and thing.inputs.get("allowReassociation") is False:
            raise ValueError(f"Resource.AlreadyAssociated: {eip.id} is associated with {before}")
        openings = list_openings(self._cloud, instance)
        answers = [port for port in openings if _answers(target, port)]
        led = {"instance": instance.id, "associationId": thing.id, "privateIp": target}
        self._cloud.put(replace(eip, outputs={**eip.outputs, **led}))
        point(self._cloud.folder, eip.outputs["publicIp"], target, openings)
        note_move(self._cloud, instance.id)
        self._cloud.note("move", eip, before=before or None, after=instance.id, answers=answers)
        return replace(thing, outputs={**thing.outputs, "publicIp": eip.outputs["publicIp"]})

    def _open(self, but: str = "") -> None:
        """Let every address follow the rules and the machines that there are now."""
        for eip in self._cloud.things(EIP):
            instance = self._cloud.find(str(eip.outputs.get("instance")))
            if instance and (target := self.machines.find(instance.id)):
                openings = list_openings(self._cloud, instance, but=but)
                point(self._cloud.folder, eip.outputs["publicIp"], target, openings)
            elif eip.outputs.get("instance"):
                release(eip.outputs["publicIp"])

    def _is_current(self, association: Thing) -> bool:
        """An association that another one has taken over is gone, whatever Pulumi still knows of it."""
        return bool(self._eip(association).outputs.get("associationId") == association.id)

    def _eip(self, association: Thing) -> Thing:
        found = self._cloud.find(str(association.inputs.get("allocationId")))
        if found is None:
            raise ValueError("InvalidAllocationID.NotFound: an association needs the allocationId of an address")
        return found


def _answers(target: str, port: int) -> bool:
    with suppress(OSError), socket.create_connection((target, port), timeout=2):
        return True
    return False
