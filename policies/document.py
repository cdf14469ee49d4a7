"""Writes docs/policies.md from the rules."""

from typing import Final

from portico.policies import RULES
from portico.policies.rule import Rule

_HEAD: Final = """# The rules for AWS

What must hold for everything that a stack makes on AWS. Each rule is a function over the planned graph, so it is asked
before anything is made; the unit tests ask all of them about every stack that comes with Portico. Written by
`make docs` from `policies/`: change it there.

    make rules ENV=prod                              # ask them now; fails where something is to fix (ENV=ecs alike)
    pulumi preview --stack prod --policy-pack policies
    pulumi up --stack prod --policy-pack policies    # refuse what breaks a rule

The last two take them as a policy pack of Pulumi's, for your own resources too, after `. .tools/env`. Set-up installs
what that needs into `.tools/policies` for each stack whose target is AWS. All three need AWS's credentials, since they
plan. A violation says which resource, what is wrong and what to write instead:

    Instance web: its root disk is not encrypted; write rootBlockDevice.encrypted: true (encrypt_disks, CKV_AWS_8)

## Rules

| rule | demands | known as | in |
|---|---|---|---|
"""
_TAIL: Final = """
`CKV…` are Checkov's checks, `CIS` the CIS AWS Foundations Benchmark 3.0; `SSM.1`, `ECS.5` and others with a point are
controls of AWS Security Hub.
Security groups are read in all of Pulumi's forms: rules within the group, `SecurityGroupRule`,
`vpc.SecurityGroupIngressRule` and `vpc.SecurityGroupEgressRule`, IPv4 and IPv6. A network wider than /8 (IPv6: /16)
counts as everybody.

Rules with a star compare resources with one another. As a policy pack they are asked once the whole graph is known: in
the preview, and with `--skip-preview` only at the end of the update. The others are asked before each resource is made.
At the end of a run with a policy pack, Pulumi 3.256 may write that a plugin "exited prematurely": it has ended that
plugin itself. What counts is the exit code and the section `Policies`.

## What they cannot see

- A value that only the update will tell is not judged in the preview. `pulumi up` judges it before the resource is
  made, if the rule has no star.
- An image that the program looks up with `getAmi` is a plain id by the time it is planned. The unit tests refuse the
  call itself.
- Whether user data or an environment holds a secret is judged by its look, and by whether a secret of Pulumi's went
  into it.
- The containers of a task are not known before their images are in the registry: the first preview judges none of them,
  `pulumi up` does.
- Whether the tasks of a service are what was asked for is nothing that is planned: the update itself looks.

## Checks of Checkov's that are not rules here

| check | demands | why not |
|---|---|---|
| CKV_AWS_88 | no public address on a machine | A new VM needs a way out before the Elastic IP leads to it. |
| CKV_AWS_260 | nobody reaches 80 from anywhere | A web server is there for that; with `tls` it redirects. |
| CKV_AWS_158, CKV_AWS_189 | keys of your own for logs and disks | AWS's keys encrypt both; your own cost money. |
| CKV_AWS_338 | logs for a year | How long is yours to say: `aws.retention`, `ecs.retention`. |
| CKV_AWS_2, CKV_AWS_378 | HTTPS alone, also to the tasks | Port 80 redirects; to the tasks the balancer alone gets. |
| CKV_AWS_333 | no public address on a task | `ecs.network` says whether; also then the balancer alone is let in. |
| CKV_AWS_65 | Container Insights | CPU, memory and requests are measured anyway; it costs money for each task. |
| CKV2_AWS_28 | a web application firewall | It costs money, and what it asks depends on the application. |
| CKV_AWS_149, CKV2_AWS_57 | your own key for secrets, and rotation | AWS's key encrypts them; a value is a release. |
| CKV_AWS_157, CKV2_AWS_50 | a second machine for databases and caches | It costs the same again: `standby: true`. |
| CKV_AWS_161 | logins to databases by IAM | It is a new login each quarter of an hour, by a library of AWS's. |
| CKV_AWS_118, CKV2_AWS_30 | more figures, all queries in the log | Performance Insights has both. |
| CKV_AWS_191, CKV_AWS_354 | keys of your own for caches and figures | AWS's keys encrypt both; `key` takes yours. |
| CKV_AWS_18, CKV_AWS_21, CKV_AWS_144 | logs, versions and copies of a bucket | It holds logs, which are written once. |
"""


def write_rules() -> str:
    """The document."""
    return _HEAD + "".join(map(_write_row, RULES)) + _TAIL


def _write_row(rule: Rule) -> str:
    known = ", ".join(rule.ids) or "—"
    file = rule.find.__module__.removeprefix("portico.").replace(".", "/")
    return f"| `{rule.name}`{'*' if rule.whole else ''} | {rule.about} | {known} | {file}.py |\n"
