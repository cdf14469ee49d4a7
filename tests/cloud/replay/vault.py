"""Secrets, parameters and certificates."""

from tests.cloud.replay.given import Given, list_tags
from tests.cloud.replay.made import Made


def make_secret(given: Given) -> Made:
    # How long it can be had back matters when it goes.
    given.take("recoveryWindowInDays")
    made = given.client("secretsmanager").create_secret(
        Name=given.name(), **given.send("description"), Tags=list_tags(given.take("tags", {}))
    )
    return Made(id=made["ARN"], arn=made["ARN"], name=made["Name"])


def write_value(given: Given) -> Made:
    made = given.client("secretsmanager").put_secret_value(**given.send("secretId", "secretString"))
    return Made(id=made["VersionId"])


def write_parameter(given: Given) -> Made:
    name = given.peek("name")
    given.client("ssm").put_parameter(
        **given.send("name", "description", "type", "value"), Tags=list_tags(given.take("tags", {}))
    )
    return Made(id=name, name=name)


def ask_certificate(given: Given) -> Made:
    asked = given.send("domainName", "validationMethod", "subjectAlternativeNames")
    made = given.client("acm").request_certificate(
        # The plugin sends no empty list.
        **{name: value for name, value in asked.items() if value},
        Tags=list_tags(given.take("tags", {})),
    )
    return Made(id=made["CertificateArn"], arn=made["CertificateArn"])


def await_certificate(given: Given) -> Made:
    """The plugin goes on asking until it has been issued, and compares the names of the records."""
    given.take("validationRecordFqdns")
    arn = given.take("certificateArn")
    given.client("acm").describe_certificate(CertificateArn=arn)
    return Made(id=arn)
