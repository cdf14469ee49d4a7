"""Alarms: failed status checks are acted on by AWS itself."""

from pathlib import Path

from tests.components.aws.sample import OLD, leave, make_host
from tests.components.recorder import Recorder

ALARM = "aws:cloudwatch/metricAlarm:MetricAlarm"
TOPIC = "arn:aws:sns:eu-central-1:123456789012:alarms"


def test_a_failed_check_is_answered_with_recovery_or_a_reboot(made: Recorder) -> None:
    found = {one.inputs["metricName"]: one.inputs for one in made.of_type(ALARM)}
    actions = {name: inputs["alarmActions"] for name, inputs in found.items()}
    assert actions == {
        "StatusCheckFailed_System": ["arn:aws:automate:eu-central-1:ec2:recover"],
        "StatusCheckFailed_Instance": ["arn:aws:automate:eu-central-1:ec2:reboot"],
    }
    for inputs in found.values():
        assert inputs["dimensions"] == {"InstanceId": "host-eu-central-1-vm-1-instance-id"}
        assert (inputs["namespace"], inputs["period"], inputs["threshold"]) == ("AWS/EC2", 60, 1)
        assert inputs["comparisonOperator"] == "GreaterThanOrEqualToThreshold"
    # Not both at once.
    minutes = [found[f"StatusCheckFailed_{check}"]["evaluationPeriods"] for check in ("System", "Instance")]
    assert minutes[0] < minutes[1]


def test_a_topic_is_reported_of_trouble_and_of_its_end(root: Path) -> None:
    for one in make_host(root, {"alarmTopic": TOPIC}).of_type(ALARM):
        assert TOPIC in one.inputs["alarmActions"] and one.inputs["okActions"] == [TOPIC]


def test_the_vm_that_serves_keeps_its_own_while_another_is_made(root: Path) -> None:
    """As other resources: those of the new VM take nothing from the old one's, which go when it goes."""
    stays = make_host(root, resources=leave(3), alive=[OLD])
    moves = make_host(root, {"ami": "ami-0fedcba9876543210"}, resources=leave(3), alive=[OLD])
    names = [{one.name for one in made.of_type(ALARM)} for made in (stays, moves)]
    assert len(names[0]) == len(names[1]) == 2 and not names[0] & names[1]
