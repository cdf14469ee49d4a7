"""One service that AWS runs, and who gets to it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pulumi
import pulumi_aws as aws

from portico.components.aws.gate import Gate
from portico.components.aws.tags import make_tags
from portico.components.services.passwords import OUTPUT
from portico.config.services.managed import PORTS, describe_managed, list_parameters, name_family
from portico.config.settings import Settings
from portico.config.settings import service as kinds

TYPE = "portico:index:ManagedService"
# AWS takes half an hour at most to make one, and longer to change or remove one with a large disk.
_LONGEST = pulumi.CustomTimeouts(create="60m", update="120m", delete="60m")


@dataclass(frozen=True, kw_only=True)
class ManagedServiceArgs:
    """`vpc` and `subnets` are ids, of two zones at least and without a way out. `password` is a secret.

    `called` is AWS's name of it, `token` what makes that another one, and `made` what it is made of, for the next
    announcement. `retention` is how many days its log is kept.
    """

    settings: Settings
    service: kinds.Service
    called: str
    token: str
    site: str
    password: str = field(repr=False)
    vpc: pulumi.Input[str]
    subnets: Sequence[pulumi.Input[str]]
    retention: int
    made: Mapping[str, Any] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)


class ManagedService(pulumi.ComponentResource):
    """A database or a cache in subnets without a way out; the members of one security group alone get to it.

    Nothing of it is made again by a change: what would need that is refused before.

    Outputs: `address` (its host name), `users` (id of the security group whose members get to it), and for the next
    update `component`, `service`, `token`, `passwords` ({site: password}, a secret), `made`.
    """

    address: pulumi.Output[str]
    users: pulumi.Output[str]

    def __init__(self, name: str, args: ManagedServiceArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(TYPE, name, None, opts)
        self._name, self._args = name, args
        self._child = pulumi.ResourceOptions(parent=self)
        # First, and of what is known already: whatever happens to AWS's part, the next update has the same password.
        self.register_outputs(
            {
                "component": name,
                "service": args.service.name,
                "token": args.token,
                OUTPUT: pulumi.Output.secret({args.site: args.password}),
                "made": dict(args.made),
            }
        )
        self._tags = make_tags(args.service.name, args.tags)
        group = self._make_group("server", "from those that use it alone")
        users = self._make_group("users", "those that use it")
        inner, outer = (
            Gate(name=f"{name}-{part}", group=one.id, parent=self, tags=args.tags)
            for part, one in (("server", group), ("users", users))
        )
        port = PORTS[args.service.kind]
        inner.let_in(args.service.name, "tcp", port, f"{args.service.name}: those that use it", peer=users.id)
        outer.let_out(args.service.name, "tcp", port, f"To {args.service.name}", peer=group.id)
        self.users = users.id
        postgres = args.service.kind == kinds.POSTGRES
        self.address = self._make_database(group) if postgres else self._make_cache(group)

    def _make_group(self, role: str, description: str) -> aws.ec2.SecurityGroup:
        name = self._args.service.name
        return aws.ec2.SecurityGroup(
            f"{self._name}-{role}",
            vpc_id=self._args.vpc,
            description=f"Service {name}: {description}",
            tags=make_tags(f"{name}-{role}", self._args.tags),
            opts=self._child,
        )

    def _make_beside(self, kind: Any) -> tuple[Any, Any]:
        """The groups of subnets and of parameters; `kind` is Pulumi's module, whose classes have the same names."""
        args, name = self._args, self._name
        common = {
            "name": args.called,
            "description": f"Service {args.service.name}",
            "tags": self._tags,
            "opts": self._child,
        }
        subnets = kind.SubnetGroup(f"{name}-subnets", subnet_ids=list(args.subnets), **common)
        listed = list_parameters(args.service).items()
        parameters = kind.ParameterGroup(
            f"{name}-parameters",
            family=name_family(args.service),
            parameters=[kind.ParameterGroupParameterArgs(name=key, value=value) for key, value in listed],
            **common,
        )
        return subnets, parameters

    def _make_database(self, group: aws.ec2.SecurityGroup) -> pulumi.Output[str]:
        args, name = self._args, self._name
        subnets, parameters = self._make_beside(aws.rds)
        # RDS would make it by itself, and keep it forever.
        logs = aws.cloudwatch.LogGroup(
            f"{name}-logs",
            name=f"/aws/rds/instance/{args.called}/postgresql",
            retention_in_days=args.retention,
            tags=self._tags,
            opts=self._child,
        )
        made = aws.rds.Instance(
            f"{name}-instance",
            **describe_managed(args.settings, args.service, args.called),
            password=pulumi.Output.secret(args.password),
            db_subnet_group_name=subnets.name,
            parameter_group_name=parameters.name,
            vpc_security_group_ids=[group.id],
            tags=self._tags,
            opts=self._last(["snapshotIdentifier", "username", "dbName", "storageEncrypted", "kmsKeyId"], logs),
        )
        address: pulumi.Output[str] = made.address
        return address

    def _make_cache(self, group: aws.ec2.SecurityGroup) -> pulumi.Output[str]:
        args, name = self._args, self._name
        subnets, parameters = self._make_beside(aws.elasticache)
        made = aws.elasticache.ReplicationGroup(
            f"{name}-group",
            **describe_managed(args.settings, args.service, args.called),
            auth_token=pulumi.Output.secret(args.password),
            subnet_group_name=subnets.name,
            parameter_group_name=parameters.name,
            security_group_ids=[group.id],
            tags=self._tags,
            opts=self._last(["snapshotName", "atRestEncryptionEnabled", "kmsKeyId"]),
        )
        address: pulumi.Output[str] = made.primary_endpoint_address
        return address

    def _last(self, once: list[str], *before: pulumi.Resource) -> pulumi.ResourceOptions:
        """What it begins with is read `once`: of a snapshot it may be something else, and would make another one.

        In a protected stack nobody removes it by a slip.
        """
        return pulumi.ResourceOptions(
            parent=self,
            protect=self._args.settings.protect,
            ignore_changes=once,
            custom_timeouts=_LONGEST,
            depends_on=list(before),
        )
