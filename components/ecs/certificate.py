"""The certificate of all sites, made by AWS and renewed by it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pulumi
import pulumi_aws as aws

from portico.components.aws.tags import make_tags


@dataclass(frozen=True, kw_only=True)
class CertificateArgs:
    """`hosts` are the names it is for, `zone` the id of the zone of Route 53 that answers for all of them."""

    hosts: Sequence[str]
    zone: str
    tags: Mapping[str, str] = field(default_factory=dict)


class Certificate(pulumi.ComponentResource):
    """A certificate of ACM, which asks the zone whether the names are ours; its records stay, for renewals.

    Outputs: `arn`, once it has been issued.
    """

    arn: pulumi.Output[str]

    def __init__(self, name: str, args: CertificateArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("portico:ecs:Certificate", name, None, opts)
        first, *others = args.hosts
        certificate = aws.acm.Certificate(
            f"{name}-certificate",
            domain_name=first,
            subject_alternative_names=others,
            validation_method="DNS",
            tags=make_tags("certificate", args.tags),
            opts=pulumi.ResourceOptions(parent=self),
        )
        # A name and all names below it are shown to be ours by the same record.
        domains = dict.fromkeys(host.removeprefix("*.") for host in args.hosts)
        records = [self._prove(name, domain, args.zone, certificate) for domain in domains]
        issued = aws.acm.CertificateValidation(
            f"{name}-issued",
            certificate_arn=certificate.arn,
            validation_record_fqdns=[record.fqdn for record in records],
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.arn = issued.certificate_arn
        self.register_outputs({"arn": self.arn})

    def _prove(self, name: str, domain: str, zone: str, certificate: aws.acm.Certificate) -> aws.route53.Record:
        asked = certificate.domain_validation_options.apply(
            lambda options: next(one for one in options if str(one.domain_name).removeprefix("*.") == domain)
        )
        return aws.route53.Record(
            f"{name}-proof-{domain}",
            zone_id=zone,
            name=asked.apply(lambda one: str(one.resource_record_name)),
            type=asked.apply(lambda one: str(one.resource_record_type)),
            records=[asked.apply(lambda one: str(one.resource_record_value))],
            ttl=300,
            # Another stack may have asked for the same name: it is the same record. So it stays when this one goes, or
            # AWS could not renew the other's certificate.
            allow_overwrite=True,
            opts=pulumi.ResourceOptions(parent=self, retain_on_delete=True),
        )
