"""The VM."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pulumi
import pulumi_aws as aws

from portico.components.aws.tags import make_tags
from portico.config.instance_kind import has_own_line
from portico.config.messages.vm_changes import Machine


@dataclass(frozen=True, kw_only=True)
class VmArgs:
    """`machine` is what it is made of, `user_data` the packed form of its user data.

    `profile`, `subnet` and `firewalls` (security groups) are names and ids. `guard` refuses to end it by hand.
    """

    machine: Machine
    user_data: str
    profile: pulumi.Input[str]
    subnet: pulumi.Input[str]
    firewalls: Sequence[pulumi.Input[str]]
    guard: bool = False
    tags: Mapping[str, str] = field(default_factory=dict)


class Vm(pulumi.ComponentResource):
    """One VM. Another machine has another name: so it is made beside the one that serves, and that one goes last.

    Outputs: `id`.
    """

    id: pulumi.Output[str]
    instance: aws.ec2.Instance

    def __init__(self, name: str, args: VmArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("portico:index:Vm", name, None, opts)
        machine = args.machine
        self.instance = aws.ec2.Instance(
            f"{name}-instance",
            ami=machine.ami,
            instance_type=machine.kind,
            subnet_id=args.subnet,
            vpc_security_group_ids=list(args.firewalls),
            # Its way out until the address leads to it: it finds packages, and is found, before anybody is sent there.
            associate_public_ip_address=True,
            iam_instance_profile=args.profile,
            user_data_base64=args.user_data,
            user_data_replace_on_change=True,
            # The role's credentials: asked with a token, and not by a container, which is one hop further away.
            metadata_options=aws.ec2.InstanceMetadataOptionsArgs(
                http_endpoint="enabled",
                http_tokens="required",
                http_put_response_hop_limit=1,
                instance_metadata_tags="disabled",
            ),
            root_block_device=aws.ec2.InstanceRootBlockDeviceArgs(
                volume_type="gp3",
                volume_size=machine.disk,
                encrypted=True,
                delete_on_termination=True,
                tags=make_tags("vm", args.tags),
            ),
            monitoring=True,
            ebs_optimized=has_own_line(machine.kind),
            maintenance_options=aws.ec2.InstanceMaintenanceOptionsArgs(auto_recovery="default"),
            disable_api_termination=args.guard,
            # The protection is against manual termination. Portico removes it where another VM has taken over.
            force_destroy=True,
            tags=make_tags("vm", args.tags, UserData=machine.user_data),
            opts=pulumi.ResourceOptions(
                parent=self,
                # All other changes that need another VM have changed its name. These differences do not count: gzip is
                # not the same everywhere, and the address takes the place of the first public one.
                ignore_changes=["userDataBase64", "associatePublicIpAddress"],
            ),
        )
        self.id = self.instance.id
        self.register_outputs({"id": self.id})
