"""Checks what an AWS account has for a stack, piece by piece: for `portico doctor`. Nothing is changed.

A check that is not allowed is a note, not a failure: the deployer may have other permissions than this user.
"""

import re
from collections.abc import Callable, Iterator
from functools import partial
from typing import Final

from portico.cli import aws_client
from portico.cli.aws_needs import DATABASES, NODES, Needs
from portico.cli.finding import Finding
from portico.components.aws_command import AwsError
from portico.config.deploy_policy import LINKED, list_unnamed

_ROLE_NAMES: Final = {
    "ecs": "AWSServiceRoleForECS",
    "elasticloadbalancing": "AWSServiceRoleForElasticLoadBalancing",
    "ecs.application-autoscaling": "AWSServiceRoleForApplicationAutoScaling_ECSService",
    "rds": "AWSServiceRoleForRDS",
    "elasticache": "AWSServiceRoleForElastiCache",
}
_SERVICES: Final = (("rds", "L-7B6409FD", DATABASES), ("elasticache", "L-DFE45DF3", NODES))
# By what they limit: the service, the code of the quota, and which need it has to hold.
_QUOTAS: Final = {
    "aws": (
        ("ec2", "L-1216C47A", "vCPUs of VMs"),
        ("ec2", "L-0263D0A3", "addresses"),
        ("vpc", "L-F678F1CE", "networks"),
        *_SERVICES,
    ),
    "ecs": (("fargate", "L-3032A538", "vCPUs of tasks"), ("vpc", "L-F678F1CE", "networks"), *_SERVICES),
}
_PAGE: Final = 100  # actions that AWS judges at once


def examine_account(needs: Needs) -> Iterator[Finding]:
    """Look at everything that the stack needs of the account: its `needs`."""
    try:
        here = aws_client.ask("sts", "get_caller_identity", needs.region)
    except AwsError as error:
        yield Finding(
            "missing", "credentials", str(error), "aws sso login, or aws configure; AWS_PROFILE names another"
        )
        return
    number, arn = str(here["Account"]), str(here["Arn"])
    if needs.account and needs.account != number:
        reported = f"account {number}, and the stack is in {needs.account}"
        yield Finding("missing", "credentials", reported, "name the other account's profile in AWS_PROFILE")
        return
    yield Finding("ok", "credentials", f"account {number}, {arn}")
    for what, look in (
        ("region", _look_at_region),
        ("zones", _look_at_zones),
        ("hosted zone", _look_at_hosted_zone),
        ("quotas", _look_at_quotas),
        ("linked roles", _look_at_linked_roles),
        ("permissions", partial(_look_at_permissions, arn)),
    ):
        yield from _look(what, look, needs)


def _look(what: str, look: Callable[[Needs], Iterator[Finding]], needs: Needs) -> Iterator[Finding]:
    try:
        yield from look(needs)
    except AwsError as error:
        why = "these credentials may not read it" if error.denied else "it cannot be read"
        yield Finding("note", what, f"{why}: {str(error)[:300]}")


def _look_at_region(needs: Needs) -> Iterator[Finding]:
    found = aws_client.ask("ec2", "describe_regions", needs.region, AllRegions=True, RegionNames=[needs.region])
    status = found["Regions"][0].get("OptInStatus") if found.get("Regions") else "unknown"
    if status == "not-opted-in":
        remedy = f"aws account enable-region --region-name {needs.region}"
        yield Finding("missing", "region", f"{needs.region} is not enabled for this account", remedy)
        return
    yield Finding("ok", "region", needs.region)


def _look_at_zones(needs: Needs) -> Iterator[Finding]:
    if needs.kind:
        kind = [{"Name": "instance-type", "Values": [needs.kind]}]
        found = aws_client.ask(
            "ec2", "describe_instance_type_offerings", needs.region, LocationType="availability-zone", Filters=kind
        )
        there = sorted(str(one["Location"]) for one in found["InstanceTypeOfferings"])
        least, reported = 1, f"{needs.kind} in {', '.join(there) or 'no zone'}"
    else:
        only = [{"Name": "opt-in-status", "Values": ["opt-in-not-required"]}]
        found = aws_client.ask("ec2", "describe_availability_zones", needs.region, Filters=only)
        there = sorted(str(one["ZoneName"]) for one in found["AvailabilityZones"])
        least, reported = 2, ", ".join(there) or "none"
    absent = [zone for zone in needs.zones if zone not in there]
    if absent or len(there) < least:
        remedy = "leave the zone out of the settings" if absent else "another region, or another kind of VM"
        yield Finding("missing", "zones", f"{reported}; {', '.join(absent) or 'more'} is wanted", remedy)
        return
    yield Finding("ok", "zones", reported)


def _look_at_hosted_zone(needs: Needs) -> Iterator[Finding]:
    if not needs.zone:
        yield Finding("note", "host names", f"no hosted zone is named: lead {', '.join(needs.names)} here yourself")
        return
    try:
        found = aws_client.ask("route53", "get_hosted_zone", Id=needs.zone)["HostedZone"]
    except AwsError as error:
        if error.code != "NoSuchHostedZone":
            raise
        yield Finding("missing", "hosted zone", f"{needs.zone} is not in this account", "aws route53 list-hosted-zones")
        return
    name = str(found["Name"]).rstrip(".")
    if (found.get("Config") or {}).get("PrivateZone"):
        yield Finding(
            "missing",
            "hosted zone",
            f"{name} is a private zone, which answers only inside VPCs",
            "the id of the public zone",
        )
        return
    yield Finding("ok", "hosted zone", name)
    for host in needs.names:
        if not f".{host.removeprefix('*.')}".endswith(f".{name}"):
            yield Finding("missing", "host name", f"{host} is not in {name}", f"one such as {name}")
        elif needs.up or not (taken := _find_record(needs.zone, host)):
            yield Finding("ok", "host name", host)
        else:
            yield Finding("missing", "host name", f"{host} has a record already ({taken})", "remove that record")


def _find_record(zone: str, host: str) -> str:
    """The kind of a record that leads the name elsewhere; "" where there is none."""
    found = aws_client.ask(
        "route53", "list_resource_record_sets", HostedZoneId=zone, StartRecordName=host, MaxItems="10"
    )["ResourceRecordSets"]
    names = {host, host.replace("*", r"\052")}
    kinds = [str(one["Type"]) for one in found if str(one["Name"]).rstrip(".") in names]
    return ", ".join(kind for kind in kinds if kind in ("A", "AAAA", "CNAME"))


def _look_at_quotas(needs: Needs) -> Iterator[Finding]:
    for service, code, what in (one for one in _QUOTAS[needs.target] if one[2] in needs.amounts):
        yield from _look(f"quota: {what}", partial(_look_at_quota, service, code, what), needs)
    if not needs.kind and needs.zone and len(needs.names) > 10:
        reported = f"the certificate is for {len(needs.names)} names, and a new account may have 10 in one"
        yield Finding("note", "quota: names", reported, "aws service-quotas list-service-quotas --service-code acm")


def _look_at_quota(service: str, code: str, what: str, needs: Needs) -> Iterator[Finding]:
    found = aws_client.ask("service-quotas", "get_service_quota", needs.region, ServiceCode=service, QuotaCode=code)
    value, least, most = float(found["Quota"]["Value"]), needs.amounts[what][0], needs.amounts[what][1]
    raised = f"aws service-quotas request-service-quota-increase --service-code {service} --quota-code {code}"
    raised += f" --desired-value {most:g} --region {needs.region}"
    if value < least:
        waits = "another VM beside this one needs" if needs.kind else "a release of this stack needs"
        reported = f"{value:g} for the account, and {waits} {least:g}: what is above it would not start"
        yield Finding("missing", f"quota: {what}", reported, raised)
    elif value < most:
        yield Finding("note", f"quota: {what}", f"{value:g}; {most:g} are needed where all scale out at once", raised)
    else:
        yield Finding(
            "ok", f"quota: {what}", f"{value:g} for the account, with all other stacks; {most:g} at most here"
        )


def _look_at_linked_roles(needs: Needs) -> Iterator[Finding]:
    for service in LINKED[needs.target]:
        used = {"rds": DATABASES, "elasticache": NODES}.get(service, "networks") in needs.amounts
        if (name := _ROLE_NAMES.get(service)) is None or not used:
            continue
        try:
            aws_client.ask("iam", "get_role", RoleName=name)
        except AwsError as error:
            if error.code != "NoSuchEntity":
                raise
            remedy = f"aws iam create-service-linked-role --aws-service-name {service}.amazonaws.com"
            reported = f"{name} is not there yet; AWS makes it, and the first update may fail for that once"
            yield Finding("note", "linked role", reported, remedy)
            continue
        yield Finding("ok", "linked role", name)


def _look_at_permissions(arn: str, needs: Needs) -> Iterator[Finding]:
    if arn.endswith(":root"):
        yield Finding(
            "note",
            "permissions",
            "this is the account's root user",
            "log in as a user or a role with fewer permissions",
        )
        return
    if assumed := re.fullmatch(r"arn:([^:]+):sts::(\d+):assumed-role/([^/]+)/.+", arn):
        arn = str(aws_client.ask("iam", "get_role", RoleName=assumed[3])["Role"]["Arn"])
    context = [
        {"ContextKeyName": "aws:RequestedRegion", "ContextKeyType": "string", "ContextKeyValues": [needs.region]}
    ]
    # Actions that AWS grants for all resources only: for the others it would need the resources' names.
    actions, denied = list_unnamed(needs.target), list[str]()
    for begin in range(0, len(actions), _PAGE):
        page = actions[begin : begin + _PAGE]
        found = aws_client.ask(
            "iam",
            "simulate_principal_policy",
            PolicySourceArn=arn,
            ActionNames=page,
            ContextEntries=context,
            MaxItems=1000,
        )["EvaluationResults"]
        denied += [str(one["EvalActionName"]) for one in found if one["EvalDecision"] != "allowed"]
    if denied:
        shown = ", ".join(denied[:8]) + (f" and {len(denied) - 8} others" if len(denied) > 8 else "")
        yield Finding("missing", "permissions", f"not allowed: {shown}", "docs/hosts/permissions.md has policies")
        return
    yield Finding("ok", "permissions", f"all {len(actions)} actions that could be checked are allowed")
