"""A VM on AWS that Portico makes."""

import asyncio
from collections.abc import Mapping
from typing import Any

import pulumi
import pulumi_aws
import pulumi_docker

from portico.components import aws
from portico.components.aws.account import require_account
from portico.components.aws.disk import DATA, find_left
from portico.components.aws.enclosure import require_range
from portico.components.aws.hosted_zone import require_zone
from portico.components.aws.recorded_disk import RecordedDisk, find_disk
from portico.components.aws.recorded_vm import RecordedVm, announce_vm, find_recorded_vm, find_serving_vm
from portico.components.aws.short_names import ROLE, require_short
from portico.components.aws.tags import make_tags
from portico.components.aws.zones import choose_zone, list_known
from portico.components.docker import free_ports
from portico.components.docker.buildx_builder import name_builder
from portico.components.docker.data_volumes import DataDisk
from portico.components.docker.diagnosis import Diagnosis
from portico.components.docker.engine_client import Engine
from portico.components.hosts import preflight
from portico.components.hosts.connection import Connection
from portico.components.hosts.data_disk import DiskPlan, make_disk, require_fit
from portico.components.hosts.deferred_engine import LateEngine
from portico.components.hosts.readiness import wait_ready
from portico.components.hosts.vm_connection import find_again, lead_to, require_command
from portico.components.hosts.vm_services import VmServices
from portico.components.scope import name_scope
from portico.components.services.managed import Managed
from portico.config.messages.vm_changes import Machine
from portico.config.render.cloud_init import pack_user_data, render_user_data
from portico.config.settings import Settings

# Seconds that a VM has to answer which has served before: enough for a reboot.
_BACK = 180


class AwsHost(pulumi.ComponentResource):
    """A network, a VM in it with Docker, and an address that stays while VMs come and go. A Host.

    Each VM has a number, which grows: what lies on another VM is another thing. So a new one is made, ready and filled
    before the address leads to it, and what lay on the old one goes with it, whether that still answers or not.

    Outputs: `vm` (id), `ip`.
    """

    provider: pulumi_docker.Provider

    def __init__(
        self, name: str, settings: Settings, resources: Mapping[str, Any], opts: pulumi.ResourceOptions | None = None
    ) -> None:
        assert settings.aws
        require_command(settings.aws.access)
        require_short(name_scope(), [(f"{name}-{settings.aws.region}-disk-snapshots-role", ROLE)])
        super().__init__("portico:index:AwsHost", name, None, opts)
        self._settings = settings.aws
        region = self._settings.region
        account = pulumi_aws.Provider(f"{name}-{region}", region=region, opts=pulumi.ResourceOptions(parent=self))

        require_account(resources, f"{name}-", account)
        if dns := self._settings.dns:
            require_zone("aws.dns.zone", dns.zone, {"aws.dns.name": dns.name}, account)
        recorded, disk = find_recorded_vm(resources), find_disk(resources)
        if disk is None and settings.list_data():
            disk = find_left(make_tags(DATA, {}), account)
        before = recorded.machine if recorded else None
        vpc, kind, lies = f"{name}-{region}-vpc", before.kind if before else "", disk.zone if disk else ""
        require_range("aws.range", self._settings.range, resources, vpc)
        there = before.zone if before else next(iter(list_known(resources, region, vpc)), "")
        machine = Machine.of(self._settings, choose_zone(self._settings, kind, there, lies, account))
        require_fit(disk, settings, machine.zone)
        self._services = VmServices(f"{name}-{region}", settings, resources, account)
        self.managed: Managed | None = self._services.managed
        lost = recorded is not None and self._is_lost(recorded, account)
        stays = recorded is not None and not lost and recorded.machine == machine
        number = (recorded.number if recorded else 0) + (not stays)
        self._filled = bool(recorded and stays and recorded.filled)
        connection = self._lead_to(recorded.id) if recorded and self._filled else None
        self.engine: Engine | None = Engine(connection.url, connection.options) if connection else None
        self.serving: Engine | None = self._find_serving(find_serving_vm(resources), account)
        # Before the firewall is informed of the ports.
        free_ports.require_vacant(self.engine, settings)
        inside = pulumi.ResourceOptions(parent=self, providers=[account])
        holder = self._find_holder(disk, recorded.id if recorded and stays else "", account)
        announce_vm(recorded, machine, lost=lost)

        kept, tags = settings.protect, self._settings.tags
        self._address = aws.Address(
            f"{name}-address",
            aws.AddressArgs(region=region, dns=self._settings.dns, tags=tags, protect=kept),
            inside,
        )
        vm = self._make_vm(f"{name}-{region}", number, machine, settings, inside)
        self._vm = vm.id

        self._late = LateEngine()
        url: pulumi.Output[str] = self._vm.apply(lambda vm: self._prepare(vm))
        self.place = f"-vm-{number}"
        self.provider = pulumi_docker.Provider(
            f"{name}-docker-{number}",
            host=url,
            # They lead to any VM: which one, its id says.
            ssh_opts=list(self._lead_to("").options),
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.builder: pulumi.Input[str] | None = url.apply(
            lambda _: name_builder(self._late.engines[-1], pulumi.get_stack()) or ""
        )
        self.watch: Engine = self._late
        self.hooks = Diagnosis(self._late).hooks
        self.disk: DataDisk | None = make_disk(
            f"{name}-{region}-disk",
            DiskPlan(
                settings=settings,
                zone=machine.zone,
                before=disk,
                holder=holder,
                lead=self._lead_to,
                resources=resources,
            ),
            vm,
            pulumi.Output.all(vm.id, url).apply(lambda ready: str(ready[0])),
            inside,
        )
        # What lay on a VM is gone with it: it is not asked to remove what it may not be able to remove any more.
        self.options = pulumi.ResourceOptions(providers=[self.provider], deleted_with=self.provider)
        self.register_outputs({"vm": self._vm, "ip": self._address.ip})

    def _make_vm(
        self, name: str, number: int, machine: Machine, settings: Settings, inside: pulumi.ResourceOptions
    ) -> aws.Vm:
        mine, tags, tls = self._settings, self._settings.tags, settings.tls
        vpc = aws.Vpc(
            f"{name}-vpc",
            aws.VpcArgs(range=mine.range, zone=machine.zone, tags=tags, protect=settings.protect),
            inside,
        )
        aws.FlowLogs(f"{name}-flows", aws.FlowLogsArgs(vpc=vpc.id, retention=mine.retention, tags=tags), inside)
        firewall = aws.Firewall(
            f"{name}-firewall",
            aws.FirewallArgs(
                vpc=vpc.id,
                port=settings.port,
                tls_port=tls.port if tls else None,
                http3=bool(tls and tls.http3),
                ssh_from=mine.ssh_from,
                egress=mine.egress,
                tags=tags,
            ),
            inside,
        )
        role = aws.Role(f"{name}-role", aws.RoleArgs(partition=mine.partition, tags=tags), inside)
        vm = aws.Vm(
            f"{name}-vm-{number}",
            aws.VmArgs(
                machine=machine,
                user_data=pack_user_data(render_user_data(mine)),
                profile=role.profile,
                subnet=vpc.subnet,
                firewalls=[firewall.id, *self._services.start(vpc.id, inside)],
                guard=settings.protect,
                tags=tags,
            ),
            inside,
        )
        # Of each VM its own: the one that serves keeps them until it goes, also where the new one does not come up.
        aws.Alarms(
            f"{name}-vm-{number}-alarms",
            aws.AlarmsArgs(vm=vm.id, region=mine.region, partition=mine.partition, topic=mine.alarm_topic, tags=tags),
            inside,
        )
        return vm

    async def _prepare(self, vm: str) -> str:
        """The address of the VM's Docker, once it is ready for containers; a preview does not wait."""
        connection = self._lead_to(vm)
        if not pulumi.runtime.is_dry_run():
            await wait_ready(connection, _BACK if self._filled else self._settings.ready_timeout)
            if sentence := await asyncio.to_thread(preflight.find_obstacle, connection):
                raise pulumi.RunError(f"The VM {sentence}. What served before keeps serving.")
        self._late.engines.append(Engine(connection.url, connection.options))
        return connection.url

    def _find_holder(self, disk: RecordedDisk | None, stays: str, account: pulumi_aws.Provider) -> str:
        """The VM that has to give the disk back first; "" where none has, or the one that `stays`."""
        has = disk.vm if disk else ""
        return has if has and has != stays and self._exists(has, account) else ""

    def _find_serving(self, vm: str, account: pulumi_aws.Provider) -> Engine | None:
        """The engine of the VM that the address leads to, where another one takes its place."""
        try:
            if self._filled or not vm or not self._exists(vm, account):
                return None
        except pulumi.RunError:
            # It is stopped: there is nobody to ask.
            return None
        connection = self._lead_to(vm)
        return Engine(connection.url, connection.options)

    def _lead_to(self, vm: str) -> Connection:
        return lead_to(self._settings, vm)

    def _is_lost(self, recorded: RecordedVm, account: pulumi_aws.Provider) -> bool:
        """Whether the VM was deleted outside of Portico. A VM in another region is not looked for."""
        if recorded.machine is None:
            return True
        return recorded.machine.zone[:-1] == self._settings.region and not self._exists(recorded.id, account)

    def _exists(self, vm: str, account: pulumi_aws.Provider) -> bool:
        """Whether the VM is still there. Raises pulumi.RunError where somebody has stopped it."""
        for states in (["pending", "running"], ["stopping", "stopped"]):
            found = pulumi_aws.ec2.get_instances(
                instance_tags=make_tags("vm", {}),
                instance_state_names=states,
                opts=pulumi.InvokeOptions(provider=account),
            )
            if vm in found.ids:
                break
        else:
            return False
        if "stopped" in states:
            raise pulumi.RunError(
                f"The VM {vm} is stopped; nothing was changed. Start it, then run this again: "
                f"aws ec2 start-instances --region {self._settings.region} --instance-ids {vm}"
            )
        return True

    def publish(self, live: pulumi.Input[str]) -> pulumi.Output[str]:
        """Let the address lead to the VM, once `live` is known; the address.

        Where it moves, the VM can be reached again when this is known.
        """
        led = self._address.lead_to(self._vm, live)
        if self._filled or pulumi.runtime.is_dry_run():
            return led

        async def follow(recorded: list[str]) -> str:
            await find_again(self._lead_to(recorded[1]))
            return recorded[0]

        return pulumi.Output.all(led, self._vm).apply(follow)
