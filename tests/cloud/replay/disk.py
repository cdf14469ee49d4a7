"""A disk of its own, who has it, and its snapshots."""

from botocore.stub import Stubber

from tests.cloud.replay.given import Given, capitals
from tests.cloud.replay.made import Made


def make_disk(given: Given) -> Made:
    kind = given.take("type")
    made = given.client("ec2").create_volume(
        VolumeType=kind, **given.send("availabilityZone", "size", "encrypted"), TagSpecifications=given.tag("volume")
    )
    return Made(id=made["VolumeId"])


def attach(given: Given) -> Made:
    volume = given.peek("volumeId")
    given.client("ec2").attach_volume(Device=given.take("deviceName"), **given.send("volumeId", "instanceId"))
    return Made(id=f"vai-{volume}")


def keep_snapshots(given: Given) -> Made:
    """Moto does not know this service: botocore alone looks at what is sent."""
    client = given.client("dlm")
    with Stubber(client) as stub:
        stub.add_response("create_lifecycle_policy", {"PolicyId": "policy-0123456789abcdef0"})
        made = client.create_lifecycle_policy(
            ExecutionRoleArn=given.take("executionRoleArn"),
            Description=given.take("description"),
            State=given.take("state"),
            PolicyDetails=_spell(given.take("policyDetails")),
            Tags=given.take("tags", {}),
        )
    return Made(id=made["PolicyId"])


def _spell(details: dict[str, object]) -> dict[str, object]:
    """The plugin has tags as an object, and one text for the time of day."""
    spelled = capitals({key: value for key, value in details.items() if key != "targetTags"})
    tags = details["targetTags"]
    assert isinstance(tags, dict)
    spelled["TargetTags"] = [{"Key": key, "Value": value} for key, value in tags.items()]
    for schedule in spelled["Schedules"]:
        schedule["CreateRule"]["Times"] = [schedule["CreateRule"]["Times"]]
    return dict(spelled)
