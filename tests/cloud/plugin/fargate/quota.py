"""How many processors of Fargate an account may use at once: what is above that is not refused, it waits."""

from tests.cloud.plugin.cloud import Cloud
from tests.cloud.plugin.fargate.status import list_other_tasks
from tests.cloud.plugin.fleet_kinds import DEFINITION

REASON = "You've reached the limit on the number of vCPUs you can run concurrently"


def limit(cloud: Cloud, processors: float) -> None:
    """From now on the account may use so many at once."""
    (cloud.folder / "vcpus").write_text(str(processors))


def has_capacity(cloud: Cloud, definition: str, own: str, running: list[str]) -> bool:
    """Whether one more task of this definition may begin.

    `running` are the definitions of the tasks of the service `own` (ARN); what other services run, their files tell.
    """
    file = cloud.folder / "vcpus"
    if not file.exists():
        return True
    others = [task["definition"] for task in list_other_tasks(cloud, own)]
    used = sum(_count(cloud, one) for one in (*running, *others, definition))
    return used <= float(file.read_text())


def _count(cloud: Cloud, definition: str) -> float:
    found = cloud.find(definition, DEFINITION)
    return float(found.inputs.get("cpu") or 0) / 1024 if found else 0.0
