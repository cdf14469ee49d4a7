"""The address that visitors use: it stays while VMs come and go."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import pulumi
import pulumi_aws as aws

from portico.components.aws.tags import make_tags
from portico.config.settings.aws import Dns


@dataclass(frozen=True, kw_only=True)
class AddressArgs:
    """`region` is the one it belongs to; `dns` is a name for it. `protect` keeps the address from being given back."""

    region: str
    dns: Dns | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    protect: bool = False


class Address(pulumi.ComponentResource):
    """A public IPv4 address of the stack's own, and its name.

    Outputs: `ip`.
    """

    ip: pulumi.Output[str]

    def __init__(self, name: str, args: AddressArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("portico:index:Address", name, None, opts)
        kept = pulumi.ResourceOptions(parent=self, protect=args.protect)
        # In another region it is another one; the name is the same, and leads there.
        self._name = f"{name}-{args.region}"
        self._address = aws.ec2.Eip(f"{self._name}-ip", domain="vpc", tags=make_tags("address", args.tags), opts=kept)
        self.ip = self._address.public_ip
        if args.dns:
            aws.route53.Record(
                f"{name}-name",
                zone_id=args.dns.zone,
                name=args.dns.name,
                type="A",
                ttl=60,
                records=[self.ip],
                opts=pulumi.ResourceOptions(parent=self),
            )
        self.register_outputs({"ip": self.ip})

    def lead_to(self, vm: pulumi.Input[str], live: pulumi.Input[str]) -> pulumi.Output[str]:
        """Associate the address with that VM, once `live` is known; then, the address.

        It moves in one step, so it always leads to a VM.
        """
        # As a dependency: what is live changes with every release, and moves nothing.
        agreed: pulumi.Output[list[pulumi.Resource]] = pulumi.Output.from_input(live).apply(lambda _: [])
        moved = aws.ec2.EipAssociation(
            f"{self._name}-lead",
            allocation_id=self._address.allocation_id,
            instance_id=vm,
            allow_reassociation=True,
            opts=pulumi.ResourceOptions(parent=self, depends_on=agreed, delete_before_replace=False),
        )
        return pulumi.Output.all(self.ip, moved.id).apply(lambda ready: str(ready[0]))
