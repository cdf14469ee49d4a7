"""Rules over the planned graph of AWS resources: plain functions, run by the tests and by Pulumi as a policy pack.

Nothing here needs Pulumi, so the pack has an environment of its own: requirements-policies.lock.
"""

from typing import Final

from policies import groups, identity, instance, logs, network, tags, user_data
from policies.graph import Graph
from policies.rule import Rule, Violation

RULES: Final[tuple[Rule, ...]] = (
    instance.require_imdsv2,
    instance.encrypt_disks,
    instance.pin_image,
    instance.monitor_instances,
    instance.optimise_ebs,
    user_data.keep_secrets_out,
    user_data.bound_user_data,
    user_data.say_when_replaced,
    groups.close_admin_ports,
    groups.open_web_ports_only,
    groups.name_egress,
    groups.describe_rules,
    network.close_default_group,
    network.log_flows,
    network.refuse_automatic_addresses,
    network.require_elastic_ip,
    network.refuse_default_network,
    identity.grant_least,
    identity.attach_least,
    identity.name_who_assumes,
    identity.give_role,
    identity.manage_by_ssm,
    identity.refuse_keys,
    logs.retain_logs,
    logs.watch_instances,
    tags.tag_everything,
)


def check(graph: Graph) -> list[Violation]:
    """All that is wrong with a planned graph."""
    return [violation for rule in RULES for violation in rule(graph)]
