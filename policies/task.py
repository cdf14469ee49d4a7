"""The definition of a task: where it runs, as whom, and where its logs go."""

from collections.abc import Iterator

from portico.policies.grant import as_tuple, list_statements
from portico.policies.graph import UNKNOWN, Graph, Resource, look, may_be, of_type, points_at
from portico.policies.kinds import LOG_GROUP, ROLE, SERVICE, TASK
from portico.policies.rule import Finding, rule

_TASKS = "ecs-tasks.amazonaws.com"


@rule("CKV_AWS_335", "ECS.3", "ECS.17")
def isolate_tasks(graph: Graph) -> Iterator[Finding]:
    """A task has a network of its own (awsvpc), and sees the processes of nobody else."""
    for one in of_type(graph, TASK):
        if not may_be(look(one.inputs, "networkMode"), "awsvpc"):
            yield Finding(one, "it shares the network of a host", 'write networkMode: "awsvpc"')
        for name in ("pidMode", "ipcMode"):
            if look(one.inputs, name) == "host":
                yield Finding(one, f"it shares a host's processes ({name})", f"take {name} out")


@rule()
def run_on_fargate(graph: Graph) -> Iterator[Finding]:
    """Tasks run on Fargate, each in a machine of its own: there is no host to fix, and nobody to share it with."""
    for one in of_type(graph, TASK):
        kinds = look(one.inputs, "requiresCompatibilities")
        if kinds is not UNKNOWN and not any(may_be(kind, "FARGATE") for kind in kinds or ()):
            wrong = "nobody has asked whether Fargate takes it"
            yield Finding(one, wrong, 'write requiresCompatibilities: ["FARGATE"]')
    for one in of_type(graph, SERVICE):
        if look(one.inputs, "launchType") in ("EC2", "EXTERNAL"):
            yield Finding(one, "its tasks share hosts that somebody has to fix", 'write launchType: "FARGATE"')


@rule("CKV_AWS_249", whole=True)
def separate_roles(graph: Graph) -> Iterator[Finding]:
    """By one role AWS starts a task, another one is the application's own; tasks alone may assume either."""
    for one in of_type(graph, TASK):
        starting, own = (_list_roles(graph, one, name) for name in ("executionRoleArn", "taskRoleArn"))
        for name in ("executionRoleArn", "taskRoleArn"):
            if look(one.inputs, name) is None:
                yield Finding(one, f"it has no {name}", f"write {name}, a role that may do what is needed there alone")
        given = look(one.inputs, "taskRoleArn")
        same = isinstance(given, str) and given == look(one.inputs, "executionRoleArn")
        if same or {role.urn for role in starting} & {role.urn for role in own}:
            wrong = "the application may do what starts it: read every secret and every image"
            yield Finding(one, wrong, "give taskRoleArn a role of its own")
        for role in {role.urn: role for role in (*starting, *own)}.values():
            for name in _list_others(role):
                yield Finding(role, f"{name} may become what a task is", f"leave {_TASKS} alone in assumeRolePolicy")


@rule(whole=True)
def keep_task_logs(graph: Graph) -> Iterator[Finding]:
    """The logs of a task go to a group of the stack's own, so that somebody has said how long they stay."""
    groups = list(of_type(graph, LOG_GROUP))
    for one in of_type(graph, TASK):
        if not any(points_at(one, "containerDefinitions", group) for group in groups):
            wrong = "its logs go to a group that is not the stack's, or nowhere"
            yield Finding(one, wrong, "make aws.cloudwatch.LogGroup, and name it in each logConfiguration")


def _list_roles(graph: Graph, task: Resource, name: str) -> list[Resource]:
    return [role for role in of_type(graph, ROLE) if points_at(task, name, role)]


def _list_others(role: Resource) -> list[str]:
    """Services other than that of tasks which may assume a role."""
    statements = list_statements(look(role.inputs, "assumeRolePolicy"))
    principals = [statement.get("Principal") for statement in statements]
    services = [as_tuple(who.get("Service")) for who in principals if isinstance(who, dict)]
    return [name for names in services for name in names if name != _TASKS]
