"""`portico exec` on ECS: a command in a task of its own, of the live release; what it prints comes from its log."""

import signal
import sys
import time
from collections.abc import Sequence
from types import FrameType
from typing import Final

import click

from portico.cli.deployed_tasks import DeployedTasks
from portico.cli.refused import Refused
from portico.components.aws_command import AwsError, ask
from portico.components.one_off_tasks import Task, name_stream
from portico.config.task_names import BY_HAND

# By this word its tasks are known in the cluster.
_KEY: Final = "portico-exec"
_PAUSE = 1.0  # seconds between two looks
# How often the log is asked for again after the end, until no more of it arrives.
_LOOKS = 6


class Output:
    """What a task prints, from its stream of logs, each line once."""

    def __init__(self, deployed: DeployedTasks, site: str, task: Task) -> None:
        self._region, self._group = deployed.cluster.region, deployed.groups[site]
        self._stream, self._next = name_stream(site, BY_HAND, task), ""

    def show(self) -> bool:
        """Print what is new; whether there was anything. Raises AwsError."""
        more = ["--next-token", self._next] if self._next else []
        try:
            reported = ask(
                self._region, "logs", "get-log-events", "--log-group-name", self._group,
                "--log-stream-name", self._stream, "--start-from-head", *more,
            )  # fmt: skip
        except AwsError as error:
            # It has printed nothing yet.
            if error.code == "ResourceNotFoundException":
                return False
            raise
        self._next = str(reported.get("nextForwardToken") or self._next)
        for event in reported.get("events") or []:
            print(event["message"], flush=True)
        return bool(reported.get("events"))


def execute(deployed: DeployedTasks, site: str, command: Sequence[str]) -> int:
    """Run the words to their end; their exit code. Raises Refused."""
    site = deployed.choose_site(site, "exec")
    definition = deployed.find_definition(site)
    try:
        task = deployed.cluster.start(
            definition, deployed.find_network(site), key=_KEY, container=BY_HAND, words=command
        )
        if sys.stderr.isatty():
            click.echo(f"Task {task.id} starts; it takes about half a minute until it prints something.", err=True)
        ended = _attend(deployed, site, task)
    except AwsError as error:
        raise Refused(str(error)) from None
    if ended.code is None:
        raise Refused(f"the command did not finish; AWS says: {ended.reason or 'no reason'}")
    return ended.code


def _attend(deployed: DeployedTasks, site: str, task: Task) -> Task:
    """Show what it prints until it has ended. INT and TERM end it."""
    output, reported = Output(deployed, site, task), [False]

    def stop(_: int, __: FrameType | None) -> None:
        if not reported[0]:
            reported[0] = True
            deployed.cluster.stop(task, "portico exec was interrupted")

    for one in (signal.SIGINT, signal.SIGTERM):
        signal.signal(one, stop)
    while not task.over:
        time.sleep(_PAUSE)
        if task.began:
            output.show()
        # AWS may not know yet what it has just started.
        task = next(iter(deployed.cluster.describe([task.arn])), task)
    # Of one that ends at once AWS need not tell when it began.
    if task.began or task.code is not None:
        # Logs arrive late.
        quiet = 0
        for _ in range(_LOOKS):
            quiet = 0 if output.show() else quiet + 1
            if quiet == 2:
                break
            time.sleep(_PAUSE)
    return task
