"""The double of the `aws` command for ECS: tasks that are started by hand, logs, and parameters."""

import argparse
import json
import secrets
import time
from dataclasses import replace
from typing import Any

from tests.cloud.plugin.cloud import ACCOUNT, Cloud
from tests.cloud.plugin.fargate import status
from tests.cloud.plugin.fargate.definition import read
from tests.cloud.plugin.fargate.streams import list_streams, read_events
from tests.cloud.plugin.fargate.tasks import begin, list_tasks, write_task
from tests.cloud.plugin.fleet_kinds import CLUSTER, DEFINITION, PARAMETER, SERVICE
from tests.cloud.plugin.process import tell
from tests.cloud.plugin.refusal import refuse

_LOG_GROUP = "aws:cloudwatch/logGroup:LogGroup"


def add(services: Any, ssm: Any) -> None:
    """Teach the command these words."""
    ecs = services.add_parser("ecs").add_subparsers(required=True)
    run = _teach(ecs, "run-task", run_task, "cluster", "task-definition", "network-configuration", "started-by")
    run.add_argument("--launch-type", required=True, choices=["FARGATE"])
    run.add_argument("--platform-version", required=True, choices=["1.4.0"])
    run.add_argument("--count", required=True, choices=["1"])
    run.add_argument("--propagate-tags", required=True, choices=["TASK_DEFINITION"])
    run.add_argument("--enable-ecs-managed-tags", action="store_true")
    run.add_argument("--client-token")
    run.add_argument("--overrides", default="{}")
    listed = _teach(ecs, "list-tasks", tell_tasks, "cluster")
    listed.add_argument("--family")
    listed.add_argument("--desired-status", default="RUNNING", choices=["RUNNING", "STOPPED"])
    _teach(ecs, "describe-tasks", describe_tasks, "cluster").add_argument("--tasks", nargs="+", required=True)
    _teach(ecs, "stop-task", stop_task, "cluster", "task", "reason")
    logs = services.add_parser("logs").add_subparsers(required=True)
    events = _teach(logs, "get-log-events", get_events, "log-group-name", "log-stream-name")
    events.add_argument("--limit", type=int, default=10_000)
    events.add_argument("--start-from-head", action="store_true")
    events.add_argument("--next-token", default="")
    _teach(logs, "filter-log-events", filter_events, "log-group-name", "start-time")
    streams = _teach(logs, "describe-log-streams", describe_streams, "log-group-name", "order-by", "max-items")
    streams.add_argument("--descending", action="store_true")
    _teach(ssm, "get-parameter", get_parameter, "name").add_argument("--with-decryption", action="store_true")
    put = _teach(ssm, "put-parameter", put_parameter, "name", "value", "type")
    put.add_argument("--overwrite", action="store_true")


def _teach(service: Any, command: str, run: Any, *options: str) -> Any:
    parser = service.add_parser(command)
    for one in options:
        parser.add_argument(f"--{one}", required=True)
    parser.add_argument("--region", required=True)
    parser.add_argument("--output", required=True, choices=["json"])
    parser.set_defaults(run=run)
    return parser


def run_task(cloud: Cloud, given: argparse.Namespace) -> int:
    """Start one task; the same token starts none again."""
    with cloud.lock():
        same = [one for one in list_tasks(cloud) if given.client_token and one["token"] == given.client_token]
        if same:
            return _print(tasks=[same[0]], failures=[])
        definition = cloud.find(given.task_definition, DEFINITION)
        if definition is None:
            return refuse("RunTask", "ClientException", "TaskDefinition not found.")
        if cloud.find(given.cluster, CLUSTER) is None:
            return refuse("RunTask", "ClusterNotFoundException", "Cluster not found.")
        network = json.loads(given.network_configuration)["awsvpcConfiguration"]
        cluster, names = given.cluster.rpartition("/")[2], [one["name"] for one in read(definition.inputs)]
        commands = {one["name"]: one["command"] for one in json.loads(given.overrides).get("containerOverrides", [])}
        if unknown := commands.keys() - set(names):
            return refuse("RunTask", "InvalidParameterException", f"Override for container named {unknown} is none")
        reported = {
            "taskArn": f"arn:aws:ecs:{given.region}:{ACCOUNT}:task/{cluster}/{secrets.token_hex(16)}",
            "clusterArn": given.cluster,
            "taskDefinitionArn": definition.id,
            "startedBy": given.started_by,
            "lastStatus": "PROVISIONING",
            "desiredStatus": "RUNNING",
            "createdAt": time.time(),
            "containers": [{"name": name} for name in names],
            # Not AWS's: what the process of the task has to know.
            "token": given.client_token,
            "overrides": commands,
            "network": {**network, "assignPublicIp": network["assignPublicIp"] == "ENABLED"},
        }
        write_task(cloud, reported)
        cloud.note("run", definition, task=reported["taskArn"], by=given.started_by)
    begin(cloud, reported)
    return _print(tasks=[reported], failures=[])


def tell_tasks(cloud: Cloud, given: argparse.Namespace) -> int:
    """Print the ARNs of tasks, of services too."""
    found = [
        one["taskArn"]
        for one in list_tasks(cloud)
        if one["clusterArn"] == given.cluster
        and one["desiredStatus"] == given.desired_status
        and given.family in (None, one["taskDefinitionArn"].rpartition("/")[2].partition(":")[0])
    ]
    cluster = given.cluster.rpartition("/")[2]
    for service in cloud.things(SERVICE) if given.family is None else ():
        for task in status.read(cloud, service.id)["tasks"]:
            found.append(f"arn:aws:ecs:{given.region}:{ACCOUNT}:task/{cluster}/{task['id']}")
    return _print(taskArns=found)


def describe_tasks(cloud: Cloud, given: argparse.Namespace) -> int:
    """Print those that were started by hand."""
    known = {one["taskArn"]: one for one in list_tasks(cloud)}
    missing = [{"arn": one, "reason": "MISSING"} for one in given.tasks if one not in known]
    return _print(tasks=[known[one] for one in given.tasks if one in known], failures=missing)


def stop_task(cloud: Cloud, given: argparse.Namespace) -> int:
    """Let one end."""
    found = [one for one in list_tasks(cloud) if one["taskArn"] == given.task]
    if not found:
        return refuse("StopTask", "InvalidParameterException", "The referenced task was not found.")
    tell(status.name_process(cloud, given.task), {"stop": given.reason})
    return _print(task=found[0])


def get_events(cloud: Cloud, given: argparse.Namespace) -> int:
    """Print the lines of one stream, the last ones or those that come after a token."""
    if given.log_stream_name not in list_streams(cloud, given.log_group_name):
        return refuse("GetLogEvents", "ResourceNotFoundException", "The specified log stream does not exist.")
    events = read_events(cloud, given.log_stream_name)
    first = (
        int(given.next_token.rpartition("/")[2] or 0) if given.start_from_head else max(0, len(events) - given.limit)
    )
    return _print(events=events[first:], nextForwardToken=f"f/{len(events)}")


def filter_events(cloud: Cloud, given: argparse.Namespace) -> int:
    """Print the lines of all streams of a group since a time."""
    found = [
        {**event, "logStreamName": stream}
        for stream in list_streams(cloud, given.log_group_name)
        for event in read_events(cloud, stream)
        if event["timestamp"] >= int(given.start_time)
    ]
    return _print(events=sorted(found, key=lambda one: int(one["timestamp"])))


def describe_streams(cloud: Cloud, given: argparse.Namespace) -> int:
    """Print the names of a group's streams, the newest first."""
    if cloud.find(given.log_group_name, _LOG_GROUP) is None:
        return refuse("DescribeLogStreams", "ResourceNotFoundException", "The specified log group does not exist.")
    streams = list_streams(cloud, given.log_group_name)
    newest = sorted(streams, key=lambda one: streams[one], reverse=True)[: int(given.max_items)]
    return _print(logStreams=[{"logStreamName": one} for one in newest])


def get_parameter(cloud: Cloud, given: argparse.Namespace) -> int:
    """Print one."""
    if (found := cloud.find(given.name, PARAMETER)) is None:
        return refuse("GetParameter", "ParameterNotFound", "")
    return _print(Parameter={"Name": found.id, "Value": found.inputs["value"] if given.with_decryption else "AQICAHg="})


def put_parameter(cloud: Cloud, given: argparse.Namespace) -> int:
    """Give one another value."""
    if (found := cloud.find(given.name, PARAMETER)) is None or not given.overwrite:
        return refuse("PutParameter", "ParameterAlreadyExists", "the double changes parameters that are there")
    if "{{" in given.value or len(given.value.encode()) > 4096:
        return refuse("PutParameter", "ValidationException", "Parameter value")
    value = {"value": given.value}
    cloud.put(replace(found, inputs={**found.inputs, **value}, outputs={**found.outputs, **value}))
    return _print(Version=2)


def _print(**reported: Any) -> int:
    print(json.dumps(reported))
    return 0
