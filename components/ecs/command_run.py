"""One run of a release command on ECS: what AWS shows decides whether it is started, and how it ended."""

import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from portico.components.aws_command import AwsError
from portico.components.one_off_tasks import Cluster, Network, Task, name_stream, read_whole_log
from portico.components.parameter_record import is_written, read_runs, write_run
from portico.config.release.command_record import Ran
from portico.config.release.digest import digest_values
from portico.config.task_names import RELEASE

PAUSE, PROGRESS = 2.0, 30.0  # seconds between two looks, and between two lines of progress
# Seconds that a task may take until its container begins, and besides its own limit to end.
_START, _BESIDES = 900, 60
# Seconds that AWS may take to make a role known, and how ECS says that it does not know one.
_ROLES, _UNKNOWN_ROLE = 60, "unable to assume the role"
# Looks in a row that AWS may leave without an answer.
_SILENT = 10
_LINES: Final = 20  # of its log, where it failed
# What AWS says of each task whose command has ended by itself.
_OVER: Final = "Essential container in task exited"


@dataclass(frozen=True, kw_only=True)
class Asked:
    """The command of one release of a site, and where it runs.

    `key` is what it depends on (config/release/release_command.py); with `pinned` nothing is run, since the site goes
    back. `definition` (ARN) is a revision of `family`, `logs` the name of a group, `record` that of a parameter, and
    `timeout` in seconds.
    """

    site: str
    release: str
    key: str
    command: str
    timeout: int
    pinned: bool
    cluster: Cluster
    network: Network
    definition: str
    family: str
    logs: str
    record: str


class CommandFailed(Exception):
    """It did not end well; the words are for who deploys."""


def run_once(asked: Asked, say: Callable[[str], None], warn: Callable[[str], None]) -> None:
    """Run it, unless it ended well before. What an earlier run has started is waited for, never doubled.

    `say` is informed of progress, `warn` of what could not be written down. Raises CommandFailed.
    """
    try:
        _run_once(asked, say, warn)
    except AwsError as error:
        raise CommandFailed(str(error)) from None


def _run_once(asked: Asked, say: Callable[[str], None], warn: Callable[[str], None]) -> None:
    seen = _settle(asked, say, warn)
    runs = read_runs(asked.cluster.region, asked.record)
    # What the record could not take AWS itself may still tell.
    done = {run.key for run in runs if run.code == 0} | {task.key for task in seen if task.code == 0}
    if asked.pinned or asked.key in done:
        return
    task = _start(asked, seen, runs)
    ended = _await(asked, task, lambda: None)
    _write(asked, ended, warn, mine=True)
    if ended.code != 0:
        raise CommandFailed(_explain(asked, ended))


def _settle(asked: Asked, say: Callable[[str], None], warn: Callable[[str], None]) -> list[Task]:
    """All tasks of the site's release command that AWS knows, once all have ended and are written down."""
    began = time.monotonic()
    reported = [0.0]

    def tell() -> None:
        waited = time.monotonic() - began
        if waited >= reported[0]:
            reported[0] += PROGRESS
            say(
                f"{asked.site}: the release command of a run before this one still runs; this update waits for its end "
                f"({waited:.0f} s until now)."
            )

    seen = asked.cluster.list_family(asked.family)
    ended = [task if task.over else _await(asked, task, tell) for task in seen]
    unwritten = ended and read_runs(asked.cluster.region, asked.record)
    for task in ended:
        if not is_written(unwritten or [], task):
            _write(asked, task, warn, mine=False)
    return ended


def _start(asked: Asked, seen: Sequence[Task], runs: Sequence[Ran]) -> Task:
    """One task, also where two machines start it at the same moment: who sees the same has the same token."""
    known = [[task.arn for task in seen], [f"{run.key} {run.began.timestamp()}" for run in runs]]
    token = f"{asked.key}-{digest_values({'known': known})}"
    task = _start_one(asked, token)
    # AWS keeps a token for longer than it tells of a task: what it does not know any more has ended long ago.
    if task.over and not asked.cluster.describe([task.arn]):
        return _start_one(asked, secrets.token_hex(16))
    return task


def _start_one(asked: Asked, token: str) -> Task:
    since = time.monotonic()
    while True:
        try:
            return asked.cluster.start(asked.definition, asked.network, key=asked.key, token=token)
        except AwsError as error:
            # A role that was just made is not known everywhere yet. ECS itself tries again for its services alone.
            if _UNKNOWN_ROLE not in str(error) or time.monotonic() - since > _ROLES:
                raise
        time.sleep(PAUSE)


def _await(asked: Asked, task: Task, tell: Callable[[], None]) -> Task:
    """The task at its end. One that takes longer than it may is stopped."""
    since, ran, stopped, silent = time.monotonic(), 0.0, False, 0
    while True:
        try:
            # AWS may not know yet what it has just started.
            task, silent = next(iter(asked.cluster.describe([task.arn])), task), 0
        except AwsError:
            # It runs anyway: no release is given up for one answer that was lost.
            silent += 1
            if silent == _SILENT:
                raise
        if task.over:
            return task
        now = time.monotonic()
        if task.began and not ran:
            ran = now
        late = now - ran > asked.timeout + _BESIDES if ran else now - since > _START
        if late and not stopped:
            stopped = True
            asked.cluster.stop(task, "it took longer than release.timeout allows")
        tell()
        time.sleep(PAUSE)


def _write(asked: Asked, task: Task, warn: Callable[[str], None], *, mine: bool) -> None:
    # Of a task that another release has started, its command is not known here.
    release, command = (asked.release, asked.command) if mine or task.key == asked.key else ("", "")
    try:
        write_run(asked.cluster.region, asked.record, task, release, command)
    except AwsError as error:
        warn(
            f"{asked.site}: how its release command ended cannot be written down, so it may be run once more for the "
            f"same release: {error}"
        )


def _explain(asked: Asked, task: Task) -> str:
    how = f"failed with exit code {task.code}" if task.code is not None else "did not finish"
    lines = [f"(`{asked.command}`) {how}"]
    if not task.reason.startswith(_OVER):
        lines.append(f"AWS says: {task.reason or 'no reason'}")
    try:
        region, stream = asked.cluster.region, name_stream(asked.site, RELEASE, task)
        log = read_whole_log(region, asked.logs, stream, _LINES)
    except AwsError as error:
        return "\n".join([*lines, f"Its log cannot be read: {error}"])
    return "\n".join([*lines, "Its last log lines:", *(f"  {line}" for line in log or ["(it printed nothing)"])])
