"""Which databases a task gets to: in one VPC, and where the security groups of both let it through."""

from collections.abc import Iterator, Mapping
from typing import Any

from tests.cloud.plugin.cloud import Cloud, Thing
from tests.cloud.plugin.databases.server import name_server
from tests.cloud.plugin.network import list_openings_between
from tests.cloud.plugin.service_kinds import DATABASE, DATABASE_SUBNETS


def list_ways(cloud: Cloud, network: Mapping[str, Any]) -> list[str]:
    """Docker's networks of the databases that a task in this network (ECS's configuration) gets to."""
    ours, own = network.get("securityGroups") or [], set(_list_vpcs(cloud, network["subnets"]))
    return [
        name_server(one.id)
        for one in cloud.things(DATABASE)
        if own & set(_list_vpcs(cloud, _list_subnets(cloud, one)))
        and int(one.inputs["port"]) in list_openings_between(cloud, ours, one.inputs["vpcSecurityGroupIds"])
    ]


def _list_subnets(cloud: Cloud, database: Thing) -> list[str]:
    group = cloud.find(str(database.inputs["dbSubnetGroupName"]), DATABASE_SUBNETS)
    return list(group.inputs["subnetIds"]) if group else []


def _list_vpcs(cloud: Cloud, subnets: list[str]) -> Iterator[str]:
    for id in subnets:
        if found := cloud.find(id):
            yield str(found.inputs["vpcId"])
