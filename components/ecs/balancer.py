"""The load balancer before all sites."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pulumi
import pulumi_aws as aws

from portico.components.aws.short_names import shorten
from portico.components.aws.tags import make_tags

# TLS 1.2 with forward secrecy, and 1.3.
_TLS = "ELBSecurityPolicy-TLS13-1-2-2021-06"
# Browsers stay with HTTPS for a year, as NGINX on a VM tells them.
_HSTS = "max-age=31536000"


@dataclass(frozen=True, kw_only=True)
class BalancerArgs:
    """`certificate` is an ARN, None for plain HTTP. `idle` is how long a silent connection is kept, in seconds.

    `logs` is the bucket of access logs. `protect` refuses to delete the balancer, also by hand.
    """

    vpc: pulumi.Input[str]
    subnets: Sequence[pulumi.Input[str]]
    firewall: pulumi.Input[str]
    logs: pulumi.Input[str]
    idle: int
    certificate: pulumi.Input[str] | None = None
    protect: bool = False
    tags: Mapping[str, str] = field(default_factory=dict)


class Balancer(pulumi.ComponentResource):
    """An Application Load Balancer: HTTPS is for the sites, HTTP leads there; nobody's host name gets a 404.

    Outputs: `name` (DNS), `zone` (Route 53's id of it), `listener` (ARN of the listener that the sites are behind).
    `suffix` names it in metrics.
    """

    name: pulumi.Output[str]
    zone: pulumi.Output[str]
    suffix: pulumi.Output[str]
    listener: pulumi.Output[str]

    def __init__(self, name: str, args: BalancerArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("portico:ecs:Balancer", name, None, opts)
        self._name, self._tags = name, args.tags
        self._balancer = balancer = aws.lb.LoadBalancer(
            # AWS takes 32 characters, and Pulumi adds 8.
            shorten(name, 24),
            load_balancer_type="application",
            internal=False,
            subnets=list(args.subnets),
            security_groups=[args.firewall],
            idle_timeout=args.idle,
            # What smuggles requests by a proxy begins with such headers.
            drop_invalid_header_fields=True,
            desync_mitigation_mode="defensive",
            # The client's address: added to what a client claims, of which NGINX believes the last entry alone.
            xff_header_processing_mode="append",
            enable_http2=True,
            access_logs=aws.lb.LoadBalancerAccessLogsArgs(bucket=args.logs, enabled=True),
            enable_deletion_protection=args.protect,
            tags=make_tags("balancer", args.tags),
            opts=pulumi.ResourceOptions(parent=self, protect=args.protect),
        )
        if args.certificate is None:
            listener = self._listen("http", 80, "HTTP", _refuse())
        else:
            self._listen("http", 80, "HTTP", _redirect())
            listener = self._listen("https", 443, "HTTPS", _refuse(), args.certificate)
        self.name, self.zone, self.suffix = balancer.dns_name, balancer.zone_id, balancer.arn_suffix
        self.listener = listener.arn
        self.register_outputs({"name": self.name, "zone": self.zone, "listener": self.listener})

    def _listen(
        self,
        part: str,
        port: int,
        protocol: str,
        action: aws.lb.ListenerDefaultActionArgs,
        certificate: pulumi.Input[str] | None = None,
    ) -> aws.lb.Listener:
        return aws.lb.Listener(
            f"{self._name}-{part}",
            load_balancer_arn=self._balancer.arn,
            port=port,
            protocol=protocol,
            ssl_policy=_TLS if certificate is not None else None,
            certificate_arn=certificate,
            default_actions=[action],
            # On every answer, also on those of the balancer itself.
            routing_http_response_strict_transport_security_header_value=_HSTS if certificate is not None else None,
            # Without the balancer's header Server.
            routing_http_response_server_enabled=False,
            tags=make_tags(f"listener-{part}", self._tags),
            opts=pulumi.ResourceOptions(parent=self),
        )


def _refuse() -> aws.lb.ListenerDefaultActionArgs:
    """A host name that no site has."""
    answer = aws.lb.ListenerDefaultActionFixedResponseArgs(
        content_type="text/plain", message_body="There is no such site here.\n", status_code="404"
    )
    return aws.lb.ListenerDefaultActionArgs(type="fixed-response", fixed_response=answer)


def _redirect() -> aws.lb.ListenerDefaultActionArgs:
    """The same address over HTTPS. 308, which keeps a POST a POST, is none of the two codes a balancer knows."""
    target = aws.lb.ListenerDefaultActionRedirectArgs(
        protocol="HTTPS", port="443", host="#{host}", path="/#{path}", query="#{query}", status_code="HTTP_301"
    )
    return aws.lb.ListenerDefaultActionArgs(type="redirect", redirect=target)
