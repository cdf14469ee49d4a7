"""What every component on AWS is asked about its tags."""

from typing import Final

import pulumi_aws

from tests.components.recorder import Recorder

# What AWS gives no tags.
UNTAGGED: Final = {
    "aws:acm/certificateValidation:CertificateValidation",
    "aws:appautoscaling/policy:Policy",
    "aws:ec2/eipAssociation:EipAssociation",
    "aws:ec2/route:Route",
    "aws:ec2/routeTableAssociation:RouteTableAssociation",
    "aws:ecr/lifecyclePolicy:LifecyclePolicy",
    "aws:iam/rolePolicy:RolePolicy",
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment",
    "aws:route53/record:Record",
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration",
    "aws:s3/bucketOwnershipControls:BucketOwnershipControls",
    "aws:s3/bucketPolicy:BucketPolicy",
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock",
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
    "aws:secretsmanager/secretVersion:SecretVersion",
}


def check_tags(made: Recorder, owner: str, *, more_than: int) -> None:
    """All that takes tags says whose it is, and there are more than so many of them."""
    tagged = [one for one in made.resources if one.type.startswith("aws:") and one.type not in UNTAGGED]
    assert len(tagged) > more_than
    for one in tagged:
        tags = one.inputs["tags"]
        assert (tags["Owner"], tags["Project"], tags["Stack"]) == (owner, "portico", "test"), one.name
        assert tags["Name"].startswith("portico-test-")


def takes_tags(type: str) -> bool:
    """Whether pulumi_aws has tags for it."""
    _, module, name = type.split(":")
    made = getattr(getattr(pulumi_aws, module.partition("/")[0]), name)
    return "tags" in made._internal_init.__annotations__
