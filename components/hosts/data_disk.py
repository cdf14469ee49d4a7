"""The disk of data of a VM on AWS: made once, and handed from one VM to the next when nobody writes there any more."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi

from portico.components import aws
from portico.components.aws.disk import list_folders, list_stored
from portico.components.aws.recorded_disk import RecordedDisk
from portico.components.docker.engine_client import Engine
from portico.components.docker.other_version import refuse_other_version
from portico.components.hosts.connection import Connection
from portico.components.hosts.mount import give_back, list_graces, mount, stop_users
from portico.components.partial_update import NONE, find_id
from portico.config.messages.vm_changes import announce_disk
from portico.config.render.cloud_init import DATA
from portico.config.settings import Settings


@dataclass(frozen=True, kw_only=True)
class DiskPlan:
    """What is known beforehand.

    `zone` is that of the VM, `before` the disk that is there, and `holder` the id of a VM that has to give it back
    first, "" for none. `lead` says how a VM is reached, and `resources` are those that the last update left.
    """

    settings: Settings
    zone: str
    before: RecordedDisk | None
    holder: str
    lead: Callable[[str], Connection]
    resources: Mapping[str, Any]


class VmDisk:
    """The disk of a VM. A DataDisk (components/docker/data_volumes.py).

    `vm` is the one that is to have it, and `ready` its id once it is ready for containers.
    """

    folder = DATA

    def __init__(self, plan: DiskPlan, disk: aws.Disk, vm: aws.Vm, ready: pulumi.Output[str]) -> None:
        self._plan, self._disk, self._vm, self._ready = plan, disk, vm, ready

    def prepare(self, images: Sequence[pulumi.Output[str]], folders: Sequence[str]) -> pulumi.Output[Any]:
        """See DataDisk. The order: images are there, the holder's containers stop, it unmounts; then the disk moves."""
        if pulumi.runtime.is_dry_run():
            self._disk.attach(self._vm.id, self._vm.instance)
            return pulumi.Output.from_input("")
        vm = self._vm.id
        if self._plan.holder:
            # Known only once the one that has it has let go of it.
            vm = pulumi.Output.all(self._ready, *images).apply(lambda known: self._take(known[0], known[1:], folders))
        attached = find_id(self._disk.attach(vm, self._vm.instance))

        async def look() -> str:
            if await attached.future() == NONE:
                raise pulumi.RunError("The disk of data was not attached to the VM; see the error above.")
            ready, volume = await self._ready.future(), await self._disk.volume.future()
            await mount(self._plan.lead(str(ready)), str(volume), folders)
            return DATA

        # For the engine it depends on nothing: else it would delete containers of the VM before, which maybe cannot be
        # asked any more, so as to remove the attachment.
        known: asyncio.Future[bool] = asyncio.get_event_loop().create_future()
        known.set_result(True)
        return pulumi.Output(set(), asyncio.ensure_future(look()), known)

    async def _take(self, vm: str, images: Sequence[str], folders: Sequence[str]) -> str:
        """The id of the VM, once the one before has let go of the disk. Raises pulumi.RunError."""
        import docker.errors

        holder = self._plan.holder
        if NONE in images:
            raise pulumi.RunError("The disk of data stays where it is, since an image is missing on the new VM.")
        connection = self._plan.lead(holder)
        engine, graces = Engine(connection.url, connection.options), list_graces(self._plan.resources)
        try:
            await asyncio.to_thread(stop_users, engine, folders, graces)
        except (docker.errors.DockerException, OSError) as error:
            raise pulumi.RunError(
                f"The containers that write data cannot be stopped on the VM {holder}, which has the disk: {error}"
            ) from error
        await give_back(connection)
        return vm


def make_disk(
    name: str, plan: DiskPlan, vm: aws.Vm, ready: pulumi.Output[str], opts: pulumi.ResourceOptions
) -> VmDisk | None:
    """The disk, None where no site has data and none ever had. What it does is announced in a preview."""
    settings, before = plan.settings, plan.before
    mine = settings.aws
    data = [(owner, one.name) for owner, one in settings.list_data()]
    if mine is None or not (data or before):
        return None
    if pulumi.runtime.is_dry_run():
        reported = announce_disk(
            moves=bool(plan.holder),
            before=before.size if before else None,
            after=mine.data_disk.gibibytes,
            sites=list(dict.fromkeys(site for site, _ in data)),
            served=any(one.url for site in settings.sites for one in site.data),
        )
        if reported:
            pulumi.log.info(reported)
    disk = aws.Disk(
        name,
        aws.DiskArgs(
            zone=plan.zone,
            region=mine.region,
            partition=mine.partition,
            size=mine.data_disk.gibibytes,
            snapshots=mine.data_snapshots,
            left=None if before is None or before.recorded else before,
            stored=list_stored(data, before.tags if before else {}),
            tags=mine.tags,
        ),
        opts,
    )
    return VmDisk(plan, disk, vm, ready)


def require_fit(left: RecordedDisk | None, settings: Settings, zone: str) -> None:
    """Refuse with pulumi.RunError what the disk that is there cannot follow: another `zone`, less disk space."""
    mine = settings.aws
    if left is None or mine is None:
        return
    refuse_other_version(settings, list_folders(left.tags), ())
    if left.zone != zone:
        key, there = ("zone", left.zone) if left.zone[:-1] == mine.region else ("region", left.zone[:-1])
        asked = zone if key == "zone" else mine.region
        raise pulumi.RunError(
            f"aws.{key}: {asked} is not where the disk of data is, {left.id}, and it does not leave its zone; nothing "
            f"was changed. Write {key}: {there}, or see docs/hosts/aws.md for a way by a snapshot."
        )
    if (asked_size := mine.data_disk.gibibytes) < left.size:
        raise pulumi.RunError(
            f"aws.dataDisk: {asked_size}G is less than the disk of data has, {left.size}G, and a disk only grows; "
            f"nothing was changed. Write {left.size}G."
        )
