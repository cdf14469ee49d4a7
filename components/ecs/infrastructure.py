"""What all sites of a stack on ECS share."""

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi

from portico.components.ecs.files import Files


@dataclass(frozen=True, kw_only=True)
class Infrastructure:
    """What all sites of a stack share: the cluster, the network, the way in.

    `firewalls` are the security groups (ids) that tasks are in: all have one, and those of a site one for each service.
    `suffix` names the balancer in metrics. `files` is where data lies, None where no site has any.
    """

    cluster_arn: pulumi.Input[str]
    cluster_name: pulumi.Input[str]
    vpc: pulumi.Input[str]
    subnets: Sequence[pulumi.Input[str]]
    public: bool
    firewalls: Sequence[pulumi.Input[str]]
    listener: pulumi.Input[str]
    suffix: pulumi.Input[str]
    files: Files | None = None
