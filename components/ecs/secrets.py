"""The secrets of one site, in AWS Secrets Manager."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

import pulumi
import pulumi_aws as aws

from portico.components.aws.tags import make_tags

# Days in which a removed secret can be had back: the longest that AWS offers, and the shortest.
_LONG, _SHORT = 30, 7


# The name of what is handed to NGINX and not to the application; no secret of a user's can have it.
USERS = "PORTICO_USERS"


@dataclass(frozen=True, kw_only=True)
class SecretsArgs:
    """`values` are {NAME: value} and a secret output, `users` is NGINX's file of users and password hashes.

    `protect` keeps what is removed for longer.
    """

    site: str
    values: pulumi.Output[Mapping[str, str]] | None = None
    users: str | None = None
    protect: bool = False
    tags: Mapping[str, str] = field(default_factory=dict)


class Secrets(pulumi.ComponentResource):
    """All secrets of a site as one JSON: AWS asks for money by the secret.

    Outputs: `arn`, `references` ({NAME: where ECS reads it}, plain: no value is in it; USERS for the users).
    """

    arn: pulumi.Output[str]
    references: pulumi.Output[dict[str, str]]

    def __init__(self, name: str, args: SecretsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("portico:ecs:Secrets", name, None, opts)
        kept = _collect(args)
        secret = aws.secretsmanager.Secret(
            f"{name}-secret",
            description=f"What {args.site} reads below /run/secrets",
            recovery_window_in_days=_LONG if args.protect else _SHORT,
            tags=make_tags(f"{args.site}-secrets", args.tags),
            opts=pulumi.ResourceOptions(parent=self),
        )
        version = aws.secretsmanager.SecretVersion(
            f"{name}-version",
            secret_id=secret.id,
            secret_string=kept.apply(lambda values: json.dumps(values, sort_keys=True)),
            # The release before still reads its own version, also if AWS goes back to it. After two newer ones that has
            # no label any more, and AWS may delete what has none. It keeps the 100 newest versions, and all of the last
            # 24 hours (PutSecretValue). Labels of our own would not help: a secret has 20 in all.
            opts=pulumi.ResourceOptions(parent=self, retain_on_delete=True),
        )
        names = pulumi.Output.unsecret(kept.apply(sorted))
        # By version: another value makes another task definition, so it is rolled out like any other change.
        self.references = pulumi.Output.all(secret.arn, version.version_id, names).apply(
            lambda found: {name: f"{found[0]}:{name}::{found[1]}" for name in found[2]}
        )
        self.arn = secret.arn
        self.register_outputs({"arn": self.arn, "references": self.references})


def _collect(args: SecretsArgs) -> pulumi.Output[dict[str, str]]:
    own = {} if args.users is None else {USERS: args.users}
    # A secret output, also where the values alone would not make it one.
    given: pulumi.Input[Mapping[str, str]] = args.values if args.values is not None else {}
    return pulumi.Output.all(values=given, own=pulumi.Output.secret(own)).apply(
        lambda found: {**found["values"], **found["own"]}
    )
