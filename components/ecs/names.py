"""The host names of all sites, which lead to the balancer."""

from collections.abc import Sequence

import pulumi
import pulumi_aws as aws

from portico.components.ecs.balancer import Balancer
from portico.config.settings.ecs import Ecs


def lead_names(
    name: str,
    settings: Ecs,
    hosts: Sequence[str],
    balancer: Balancer,
    live: pulumi.Output[list[str]],
    parent: pulumi.Resource,
) -> None:
    """Let all host names lead to the balancer, the first time only once the sites are `live`."""
    if not settings.dns:
        return
    # As a dependency: what is live changes with every release, and moves no name.
    agreed: pulumi.Output[list[pulumi.Resource]] = live.apply(lambda _: [])
    for host in hosts:
        aws.route53.Record(
            f"{name}-host-{host}",
            zone_id=settings.dns.zone,
            name=host,
            type="A",
            aliases=[
                aws.route53.RecordAliasArgs(name=balancer.name, zone_id=balancer.zone, evaluate_target_health=False)
            ],
            opts=pulumi.ResourceOptions(parent=parent, depends_on=agreed),
        )
