"""The record of a site's release commands on ECS: a parameter in AWS's Parameter Store, with a line for each run."""

from collections.abc import Sequence
from typing import Final

from portico.components.aws_command import AwsError, ask
from portico.components.one_off_tasks import Task
from portico.config.release.command_record import Ran, read_record

PARAMETER: Final = "aws:ssm/parameter:Parameter"
# The last part of its name.
RECORD: Final = "release-command"
# AWS takes no empty text. A line of the record it is not.
EMPTY: Final = "-"
# A parameter holds 4096 bytes; a line with a longer command is written without it.
_MOST, _LONGEST = 4000, 600


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
    words = ("--name", parameter, "--value", "\n".join(lines), "--type", "SecureString", "--overwrite")
    ask(region, "ssm", "put-parameter", *words)


def is_written(runs: Sequence[Ran], task: Task) -> bool:
    """Whether the end of that task is among the runs: by what it was for, and when it began."""
    return any(one.key == task.key and one.began.timestamp() == _begin(task) for one in runs)


def _read(region: str, parameter: str) -> str:
    try:
        reported = ask(region, "ssm", "get-parameter", "--name", parameter, "--with-decryption")
    except AwsError as error:
        if error.code == "ParameterNotFound":
            return EMPTY
        raise
    return str((reported.get("Parameter") or {}).get("Value") or EMPTY)


def _spell(task: Task, release: str, command: str) -> str:
    seconds = task.ended - task.began if task.ended and task.began else 0.0
    # AWS reads braces as a reference to another parameter, and refuses such a text.
    reported = "" if "{{" in command or len(command.encode()) > _LONGEST else command
    code = 1 if task.code is None else task.code
    return f"{task.key} {code} {_begin(task)} {seconds:.1f} {release} {reported}".rstrip()


def _begin(task: Task) -> int:
    """A task that never began has no such time: then it is when it ended."""
    return int(task.began or task.ended or 0)
