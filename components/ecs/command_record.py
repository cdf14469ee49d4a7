"""Which release commands of a site were run on ECS: the record that is kept for it in AWS's Parameter Store."""

from collections.abc import Mapping, Sequence
from typing import Any

import pulumi

from portico.components.aws_command import AwsError, ask
from portico.components.one_off_tasks import Task
from portico.components.scope import name_owner
from portico.config.load import Stack
from portico.config.release.command_record import Ran, read_record
from portico.config.release.release_command import key_command

PARAMETER = "aws:ssm/parameter:Parameter"
# AWS takes no empty text. A line of the record it is not.
EMPTY = "-"
# A parameter holds 4096 bytes; a line with a longer command is written without it.
_MOST, _LONGEST = 4000, 600


def name_parameter(site: str) -> str:
    """Where the record of a site lies. Names that begin with aws or ssm are AWS's own, so the first word is ours."""
    return f"/portico/{name_owner()}/{pulumi.get_stack()}/{site}/release-command"


def read_runs(region: str, parameter: str) -> list[Ran]:
    """The runs that were written down, the oldest first; none where there is no record yet. Raises AwsError."""
    return read_record(_read(region, parameter))


def write_run(region: str, parameter: str, task: Task, release: str, command: str) -> None:
    """Write down a task that has ended, once. Raises AwsError."""
    text = _read(region, parameter)
    line = _spell(task, release, command)
    if is_written(read_record(text), task):
        return
    lines = [one for one in text.split("\n") if one != EMPTY] + [line]
    while len("\n".join(lines).encode()) > _MOST:
        lines.pop(0)
    words = ("--name", parameter, "--value", "\n".join(lines), "--type", "String", "--overwrite")
    ask(region, "ssm", "put-parameter", *words)


def is_written(runs: Sequence[Ran], task: Task) -> bool:
    """Whether the end of that task is among the runs: by what it was for, and when it began."""
    return any(one.key == task.key and one.began.timestamp() == _begin(task) for one in runs)


def read_done(stack: Stack, resources: Mapping[str, Any]) -> dict[str, frozenset[str]]:
    """For a preview: the keys of release commands that are not run again, by site.

    `resources` are those of the last update: where they hold no record, AWS is not asked. A site that is held at a past
    release runs none. Raises pulumi.RunError where AWS does not answer.
    """
    assert stack.settings.ecs
    known = {str(one["outputs"].get("name")) for one in resources.values() if one["type"] == PARAMETER}
    found: dict[str, frozenset[str]] = {}
    for release in stack.releases:
        site = release.site.name
        if not release.site.release:
            continue
        if site in stack.held:
            found[site] = frozenset({key_command(release)})
        elif (parameter := name_parameter(site)) in known:
            try:
                runs = read_runs(stack.settings.ecs.region, parameter)
            except AwsError as error:
                raise pulumi.RunError(f"{site}: which release commands were run cannot be read: {error}") from None
            found[site] = frozenset(run.key for run in runs if run.code == 0)
    return found


def _read(region: str, parameter: str) -> str:
    try:
        told = ask(region, "ssm", "get-parameter", "--name", parameter)
    except AwsError as error:
        if error.code == "ParameterNotFound":
            return EMPTY
        raise
    return str((told.get("Parameter") or {}).get("Value") or EMPTY)


def _spell(task: Task, release: str, command: str) -> str:
    began = _begin(task)
    seconds = max(0.0, (task.ended or began) - began)
    # AWS reads braces as a reference to another parameter, and refuses such a text.
    told = "" if "{{" in command or len(command.encode()) > _LONGEST else command
    code = 1 if task.code is None else task.code
    return f"{task.key} {code} {began} {seconds:.1f} {release} {told}".rstrip()


def _begin(task: Task) -> int:
    """A task that never began has no such time: then it is when it ended."""
    return int(task.began or task.ended or 0)
