"""Everything on AWS that takes tags says what it is and whose."""

from pathlib import Path

import pulumi_aws
import pytest

from tests.components.ecs.sample import SECTION, SHOP, deploy
from tests.components.recorder import Recorder
from tests.components.sample import SECRET

# What AWS gives no tags.
UNTAGGED = {
    "aws:acm/certificateValidation:CertificateValidation",
    "aws:appautoscaling/policy:Policy",
    "aws:ec2/route:Route",
    "aws:ec2/routeTableAssociation:RouteTableAssociation",
    "aws:ecr/lifecyclePolicy:LifecyclePolicy",
    "aws:iam/rolePolicy:RolePolicy",
    "aws:route53/record:Record",
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration",
    "aws:s3/bucketOwnershipControls:BucketOwnershipControls",
    "aws:s3/bucketPolicy:BucketPolicy",
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock",
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
    "aws:secretsmanager/secretVersion:SecretVersion",
}


@pytest.mark.parametrize("network", ["public", "nat", "endpoints"])
def test_everything_is_tagged(root: Path, network: str) -> None:
    section = SECTION | {"tags": {"Owner": "ann"}, "network": network}
    made = deploy(root, SHOP, section=section, secrets={"shop": {"KEY": SECRET}})
    tagged = [one for one in made.resources if one.type.startswith("aws:") and one.type not in UNTAGGED]
    assert len(tagged) > 30
    for one in tagged:
        tags = one.inputs["tags"]
        assert (tags["Owner"], tags["Project"], tags["Stack"]) == ("ann", "portico", "test"), one.name
        assert tags["Name"].startswith("portico-test-")


@pytest.mark.parametrize("type", sorted(UNTAGGED))
def test_what_has_none_cannot_have_any(type: str) -> None:
    _, module, name = type.split(":")
    made = getattr(getattr(pulumi_aws, module.partition("/")[0]), name)
    assert "tags" not in made._internal_init.__annotations__


def test_tags_hold_what_aws_takes(made: Recorder) -> None:
    for one in made.resources:
        for value in (one.inputs.get("tags") or {}).values():
            assert not set(value) & set("*?[]{}"), one.name
