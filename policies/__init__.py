"""Rules over the planned graph of AWS resources: plain functions, run by the tests and by Pulumi as a policy pack.

Nothing here needs Pulumi, so the pack has an environment of its own: requirements-policies.lock.
"""

from typing import Final

from portico.policies import (
    balancer,
    bucket,
    container,
    disk,
    groups,
    identity,
    instance,
    listener,
    logs,
    network,
    reach,
    registry,
    service,
    tags,
    task,
    user_data,
    vault,
)
from portico.policies.graph import Graph
from portico.policies.rule import Rule, Violation

RULES: Final[tuple[Rule, ...]] = (
    instance.require_imdsv2,
    instance.encrypt_disks,
    instance.pin_image,
    instance.monitor_instances,
    instance.optimise_ebs,
    disk.snapshot_disks,
    disk.detach_in_peace,
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
    container.refuse_privileges,
    container.lock_filesystems,
    container.name_users,
    container.keep_environment_clean,
    container.hand_over_secrets,
    container.pin_images,
    container.bound_memory,
    container.log_containers,
    task.isolate_tasks,
    task.run_on_fargate,
    task.separate_roles,
    task.keep_task_logs,
    service.roll_back,
    service.keep_all_serving,
    service.wait_for_tasks,
    service.pin_platform,
    service.spread_zones,
    service.refuse_shells,
    reach.shield_tasks,
    listener.redirect_to_https,
    listener.require_modern_tls,
    listener.refuse_other_hosts,
    balancer.drop_bad_requests,
    balancer.log_requests,
    balancer.protect_balancer,
    balancer.let_requests_end,
    registry.keep_image_names,
    registry.scan_images,
    registry.encrypt_images,
    registry.forget_images,
    vault.hide_values,
    vault.keep_removed_secrets,
    bucket.close_buckets,
    bucket.forget_objects,
)


def check(graph: Graph) -> list[Violation]:
    """All that is wrong with a planned graph."""
    return [violation for rule in RULES for violation in rule(graph)]
