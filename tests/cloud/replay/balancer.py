"""Load balancers: what listens, what leads where, and to whom."""

from collections.abc import Mapping
from typing import Any

from tests.cloud.replay.given import Given, capitals, list_tags
from tests.cloud.replay.made import Made

# Inputs that AWS takes as attributes, by a name of their own.
_BALANCER = {
    "idleTimeout": "idle_timeout.timeout_seconds",
    "dropInvalidHeaderFields": "routing.http.drop_invalid_header_fields.enabled",
    "desyncMitigationMode": "routing.http.desync_mitigation_mode",
    "xffHeaderProcessingMode": "routing.http.xff_header_processing.mode",
    "enableHttp2": "routing.http2.enabled",
    "enableDeletionProtection": "deletion_protection.enabled",
}
_LISTENER = {
    "routingHttpResponseServerEnabled": "routing.http.response.server.enabled",
    "routingHttpResponseStrictTransportSecurityHeaderValue": (
        "routing.http.response.strict_transport_security.header_value"
    ),
}
_TARGETS = {
    "deregistrationDelay": "deregistration_delay.timeout_seconds",
    "loadBalancingAlgorithmType": "load_balancing.algorithm.type",
}
_CHECK = {
    "enabled": "HealthCheckEnabled",
    "protocol": "HealthCheckProtocol",
    "port": "HealthCheckPort",
    "path": "HealthCheckPath",
    "interval": "HealthCheckIntervalSeconds",
    "timeout": "HealthCheckTimeoutSeconds",
    "healthyThreshold": "HealthyThresholdCount",
    "unhealthyThreshold": "UnhealthyThresholdCount",
}


def make_balancer(given: Given) -> Made:
    elb = given.client("elbv2")
    (made,) = elb.create_load_balancer(
        Name=given.name(),
        Type=given.take("loadBalancerType"),
        Scheme="internal" if given.take("internal") else "internet-facing",
        **given.send("subnets", "securityGroups"),
        Tags=list_tags(given.take("tags", {})),
    )["LoadBalancers"]
    attributes = _take(given, _BALANCER)
    attributes += _spell("access_logs.s3", given.take("accessLogs", {}))
    elb.modify_load_balancer_attributes(LoadBalancerArn=made["LoadBalancerArn"], Attributes=attributes)
    return Made(
        id=made["LoadBalancerArn"],
        arn=made["LoadBalancerArn"],
        name=made["LoadBalancerName"],
        reported={
            "arnSuffix": made["LoadBalancerArn"].partition(":loadbalancer/")[2],
            "dnsName": made["DNSName"],
            "zoneId": made["CanonicalHostedZoneId"],
        },
    )


def make_targets(given: Given) -> Made:
    elb, check = given.client("elbv2"), given.take("healthCheck")
    (made,) = elb.create_target_group(
        Name=given.name(),
        **given.send("protocol", "port", "vpcId", "targetType"),
        Matcher={"HttpCode": check.pop("matcher")},
        **{_CHECK[name]: value for name, value in check.items()},
        Tags=list_tags(given.take("tags", {})),
    )["TargetGroups"]
    arn = made["TargetGroupArn"]
    elb.modify_target_group_attributes(TargetGroupArn=arn, Attributes=_take(given, _TARGETS))
    return Made(id=arn, arn=arn, name=made["TargetGroupName"], reported={"arnSuffix": arn.rpartition(":")[2]})


def listen(given: Given) -> Made:
    elb = given.client("elbv2")
    certificates = [{"CertificateArn": given.take("certificateArn")}] if given.has("certificateArn") else []
    (made,) = elb.create_listener(
        **given.send("loadBalancerArn", "port", "protocol", "sslPolicy"),
        **({"Certificates": certificates} if certificates else {}),
        DefaultActions=[_act(action) for action in given.take("defaultActions")],
        Tags=list_tags(given.take("tags", {})),
    )["Listeners"]
    elb.modify_listener_attributes(ListenerArn=made["ListenerArn"], Attributes=_take(given, _LISTENER))
    return Made(id=made["ListenerArn"], arn=made["ListenerArn"])


def lead(given: Given) -> Made:
    fields = {"hostHeader": ("host-header", "HostHeaderConfig"), "pathPattern": ("path-pattern", "PathPatternConfig")}
    conditions = [
        {"Field": fields[name][0], fields[name][1]: capitals(value)}
        for condition in given.take("conditions")
        for name, value in condition.items()
    ]
    (made,) = given.client("elbv2").create_rule(
        **given.send("listenerArn", "priority"),
        Conditions=conditions,
        Actions=[_act(action) for action in given.take("actions")],
        Tags=list_tags(given.take("tags", {})),
    )["Rules"]
    return Made(id=made["RuleArn"], arn=made["RuleArn"])


def _act(action: Mapping[str, Any]) -> dict[str, Any]:
    names = {"FixedResponse": "FixedResponseConfig", "Redirect": "RedirectConfig"}
    return {names.get(name, name): value for name, value in capitals(action).items()}


def _take(given: Given, names: Mapping[str, str]) -> list[dict[str, str]]:
    return [_write(key, given.take(name)) for name, key in names.items() if given.has(name)]


def _spell(prefix: str, values: Mapping[str, Any]) -> list[dict[str, str]]:
    return [_write(f"{prefix}.{name}", value) for name, value in values.items()]


def _write(key: str, value: Any) -> dict[str, str]:
    """AWS takes attributes as texts."""
    return {"Key": key, "Value": str(value).lower() if isinstance(value, bool) else str(value)}
