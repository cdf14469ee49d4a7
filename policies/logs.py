"""Logs and alarms: what is known afterwards, and who is notified at once."""

from collections.abc import Iterator

from portico.policies.graph import UNKNOWN, Graph, look, of_type, points_at
from portico.policies.kinds import ALARM, INSTANCE, LOG_GROUP
from portico.policies.rule import Finding, rule


@rule("CKV_AWS_66")
def retain_logs(graph: Graph) -> Iterator[Finding]:
    """A log group says how long it keeps what it has: AWS's own answer is forever."""
    for one in of_type(graph, LOG_GROUP):
        days = look(one.inputs, "retentionInDays")
        if days is not UNKNOWN and not days:
            yield Finding(one, "it keeps everything forever, and that is paid for", "write retentionInDays, such as 30")


@rule(whole=True)
def watch_instances(graph: Graph) -> Iterator[Finding]:
    """An alarm watches the status checks of each machine."""
    alarms = [
        one for one in of_type(graph, ALARM) if str(look(one.inputs, "metricName")).startswith("StatusCheckFailed")
    ]
    for one in of_type(graph, INSTANCE):
        if not any(points_at(alarm, "dimensions", one) for alarm in alarms):
            wrong = "nobody is notified when its status checks fail"
            yield Finding(
                one, wrong, 'add aws.cloudwatch.MetricAlarm with metricName: "StatusCheckFailed" and this InstanceId'
            )
