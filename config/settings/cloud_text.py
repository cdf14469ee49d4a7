"""Texts that name things of AWS: closed like the others, so that a slip is found here and not by AWS."""

from typing import Annotated

from portico.config.settings.text import grammar


def _hint_region(value: str) -> str:
    """What to write instead of what is no region."""
    if value.startswith(("cn-", "eusc-")) or "-iso" in value:
        return "AWS's services have other names there, and Portico knows none of them; write one such as eu-central-1"
    return "write one such as eu-central-1"


Region = Annotated[
    # Those of the partitions aws and aws-us-gov. China's, Europe's sovereign and isolated ones are worlds of their own:
    # services, endpoints and principals have other names.
    str, grammar("a region of AWS that Portico knows", r"(?!cn-)[a-z]{2}(-gov)?-[a-z]+-[1-9]", _hint_region)
]
Zone = Annotated[
    str, grammar("an availability zone", r"[a-z]{2}(-gov)?-[a-z]+-[1-9][a-p]", "write one such as eu-central-1a")
]
NetworkBlock = Annotated[
    str,
    grammar(
        "a network of AWS",
        # On a VM Docker takes those that begin with 172 and 192.168 for itself.
        r"10\.(25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])\.0\.0/16",
        "write one that begins with 10 and has 16 bits, such as 10.80.0.0/16",
    ),
]
InstanceType = Annotated[
    str, grammar("an instance type", r"[a-z][a-z0-9-]{1,20}\.[a-z0-9-]{2,20}", "write one such as t4g.small")
]
AmiId = Annotated[
    str, grammar("the id of an AMI", r"ami-[0-9a-f]{8}([0-9a-f]{9})?", "write one such as ami-0123456789abcdef0")
]
PublicKey = Annotated[
    str,
    grammar(
        "a public SSH key",
        r"(ssh-ed25519|ssh-rsa|ecdsa-sha2-nistp(256|384|521)|sk-ssh-ed25519@openssh\.com) "
        r"[A-Za-z0-9+/]{32,1500}={0,3}( [A-Za-z0-9 @._+-]{1,100})?",
        "write a line of a file such as ~/.ssh/id_ed25519.pub",
    ),
]
HostedZoneId = Annotated[
    str, grammar("the id of a hosted zone", r"Z[A-Z0-9]{1,31}", "write one such as Z0123456789ABCDEFGHIJ")
]
TopicArn = Annotated[
    str,
    grammar(
        "the ARN of an SNS topic",
        r"arn:aws[a-z-]*:sns:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_-]{1,256}",
        "write one such as arn:aws:sns:eu-central-1:123456789012:alarms",
    ),
]
CertificateArn = Annotated[
    str,
    grammar(
        "the ARN of a certificate of ACM",
        r"arn:aws[a-z-]*:acm:[a-z0-9-]+:[0-9]{12}:certificate/[A-Za-z0-9-]{1,64}",
        "write one such as arn:aws:acm:eu-central-1:123456789012:certificate/0a1b2c3d-0a1b-2c3d-4e5f-0a1b2c3d4e5f",
    ),
]
RuleName = Annotated[
    str,
    grammar("a rule's name", r"[a-z][a-z0-9-]{0,30}", "write lower-case letters, digits and dashes, such as database"),
]
TagKey = Annotated[
    str,
    grammar(
        "a tag's key",
        r"(?![Aa][Ww][Ss]:)(?!(Name|Project|Stack|UserData)$)[A-Za-z0-9 _.:/=+@-]{1,128}",
        "write letters, digits and _ . : / = + @ -; aws:, Name, Project, Stack and UserData are taken",
    ),
]
TagValue = Annotated[
    str, grammar("a tag's value", r"[A-Za-z0-9 _.:/=+@-]{0,256}", "write letters, digits and _ . : / = + @ -")
]
