"""Log groups and alarms."""

from tests.cloud.replay.given import Given, list_tags
from tests.cloud.replay.made import Made


def make_log_group(given: Given) -> Made:
    logs, name = given.client("logs"), given.name()
    logs.create_log_group(logGroupName=name, tags=given.take("tags", {}))
    if days := given.take("retentionInDays"):
        logs.put_retention_policy(logGroupName=name, retentionInDays=days)
    (group,) = logs.describe_log_groups(logGroupNamePrefix=name)["logGroups"]
    return Made(id=name, name=name, arn=group["arn"].removesuffix(":*"))


def raise_alarm(given: Given) -> Made:
    name = given.name()
    dimensions = [{"Name": key, "Value": value} for key, value in given.take("dimensions", {}).items()]
    actions = {"OKActions": given.take("okActions", []), "AlarmActions": given.take("alarmActions", [])}
    given.client("cloudwatch").put_metric_alarm(
        AlarmName=name,
        Dimensions=dimensions,
        **actions,
        **given.send("namespace", "metricName", "statistic", "period", "evaluationPeriods", "threshold"),
        **given.send("comparisonOperator", "alarmDescription"),
        Tags=list_tags(given.take("tags", {})),
    )
    return Made(id=name, name=name)
