"""Roles, what they may do, and the profile that a machine takes one by."""

from tests.cloud.replay.given import Given, list_tags
from tests.cloud.replay.made import Made


def make_role(given: Given) -> Made:
    name = given.name()
    role = given.client("iam").create_role(
        RoleName=name,
        AssumeRolePolicyDocument=given.take("assumeRolePolicy"),
        **given.send("description"),
        Tags=list_tags(given.take("tags", {})),
    )["Role"]
    return Made(id=name, name=name, arn=role["Arn"])


def write_policy(given: Given) -> Made:
    name, role = given.name(), given.take("role")
    given.client("iam").put_role_policy(RoleName=role, PolicyName=name, PolicyDocument=given.take("policy"))
    return Made(id=f"{role}:{name}", name=name)


def attach_policy(given: Given) -> Made:
    role, policy = given.take("role"), given.take("policyArn")
    given.client("iam").attach_role_policy(RoleName=role, PolicyArn=policy)
    return Made(id=f"{role}-{policy}")


def make_profile(given: Given) -> Made:
    iam, name = given.client("iam"), given.name()
    made = iam.create_instance_profile(InstanceProfileName=name, Tags=list_tags(given.take("tags", {})))
    iam.add_role_to_instance_profile(InstanceProfileName=name, RoleName=given.take("role"))
    return Made(id=name, name=name, arn=made["InstanceProfile"]["Arn"])
