"""Everything on AWS that takes tags says what it is and whose."""

from pathlib import Path

import pulumi_aws
import pytest

from tests.components.aws.sample import make_host

# What AWS gives no tags.
UNTAGGED = {
    "aws:ec2/route:Route",
    "aws:ec2/routeTableAssociation:RouteTableAssociation",
    "aws:ec2/eipAssociation:EipAssociation",
    "aws:iam/rolePolicy:RolePolicy",
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment",
    "aws:route53/record:Record",
}


def test_everything_is_tagged(root: Path) -> None:
    made = make_host(root, {"tags": {"Owner": "ann"}, "dns": {"zone": "Z0", "name": "shop.example"}})
    tagged = [one for one in made.resources if one.type.startswith("aws:") and one.type not in UNTAGGED]
    assert len(tagged) > 15
    for one in tagged:
        tags = one.inputs["tags"]
        assert (tags["Owner"], tags["Project"], tags["Stack"]) == ("ann", "portico", "test"), one.name
        assert tags["Name"].startswith("portico-test-")


@pytest.mark.parametrize("type", sorted(UNTAGGED))
def test_what_has_none_cannot_have_any(type: str) -> None:
    _, module, name = type.split(":")
    made = getattr(getattr(pulumi_aws, module.partition("/")[0]), name)
    assert "tags" not in made._internal_init.__annotations__
