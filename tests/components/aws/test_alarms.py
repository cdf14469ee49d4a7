"""Alarms: failed status checks are acted on by AWS itself."""

from pathlib import Path

from tests.components.aws.sample import make_host
from tests.components.recorder import Recorder

ALARM = "aws:cloudwatch/metricAlarm:MetricAlarm"
NAME = "host-eu-central-1-alarms"
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


def test_a_topic_is_told_of_trouble_and_of_its_end(root: Path) -> None:
    for one in make_host(root, {"alarmTopic": TOPIC}).of_type(ALARM):
        assert TOPIC in one.inputs["alarmActions"] and one.inputs["okActions"] == [TOPIC]
