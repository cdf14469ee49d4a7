"""Services that AWS runs beside a VM."""

from collections.abc import Mapping
from typing import Any

import pulumi

from portico.components.aws import ClosedSubnets, ClosedSubnetsArgs
from portico.components.aws.zones import choose_pair, list_known
from portico.components.managed.services import ManagedServices, ManagedServicesArgs
from portico.config.settings import Settings


class VmServices:
    """They outlive VMs, as the network does. Raises pulumi.RunError and Mistakes before anything is made.

    `name` begins the names of what belongs to the region, `resources` are those that the last update left.
    """

    def __init__(
        self, name: str, settings: Settings, resources: Mapping[str, Any], account: pulumi.ProviderResource
    ) -> None:
        assert settings.aws
        self._name, self._aws = f"{name}-closed", settings.aws
        self.managed = ManagedServices(
            ManagedServicesArgs(
                settings=settings,
                region=settings.aws.region,
                retention=settings.aws.retention,
                resources=resources,
                tags=settings.aws.tags,
            )
        )
        known = list_known(resources, settings.aws.region, self._name)
        self._zones = choose_pair(settings.aws.region, known, account) if self.managed.any else ()

    def start(self, vpc: pulumi.Input[str], opts: pulumi.ResourceOptions) -> list[pulumi.Output[str]]:
        """Make them in this network (id); the security groups (ids) whose members get to them."""
        if not self._zones:
            return []
        args = ClosedSubnetsArgs(vpc=vpc, range=self._aws.range, zones=self._zones, tags=self._aws.tags)
        self.managed.start(vpc, ClosedSubnets(self._name, args, opts).ids, opts)
        return self.managed.list_all_groups()
