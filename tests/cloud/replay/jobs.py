"""Schedules that start tasks."""

from typing import Any

from tests.cloud.replay.given import Given, capitals, list_tags
from tests.cloud.replay.made import Made


def make_group(given: Given) -> Made:
    name = given.name()
    made = given.client("scheduler").create_schedule_group(Name=name, Tags=list_tags(given.take("tags", {})))
    return Made(id=name, name=name, arn=made["ScheduleGroupArn"])


def plan(given: Given) -> Made:
    name, group = given.name(), given.peek("groupName")
    made = given.client("scheduler").create_schedule(
        Name=name,
        Target=_spell(given.take("target")),
        **given.send("groupName", "scheduleExpression", "scheduleExpressionTimezone", "flexibleTimeWindow"),
    )
    return Made(id=f"{group}/{name}", name=name, arn=made["ScheduleArn"])


def _spell(target: dict[str, Any]) -> dict[str, Any]:
    """The plugin has the network's parts apart, and a switch for a word."""
    spelled = capitals(target)
    parameters = spelled["EcsParameters"]
    network = parameters["NetworkConfiguration"]
    network["AssignPublicIp"] = "ENABLED" if network["AssignPublicIp"] else "DISABLED"
    parameters["NetworkConfiguration"] = {"awsvpcConfiguration": network}
    parameters["EnableECSManagedTags"] = parameters.pop("EnableEcsManagedTags")
    return dict(spelled)
