"""What the switch's script is asked to do with replicas, and what it says of them."""

import time

from tests.components.switch_folder import SwitchFolder

JUDGE = 'prove; list_refused; echo "refused:$refused"'


def judge(here: SwitchFolder, wait: int = 30) -> tuple[list[str], list[str]]:
    """What is said of those that are refused, and their sites."""
    ran = here.prove(JUDGE, wait=wait)
    assert (ran.code, ran.errors) == (0, ""), ran
    return ran.said[:-1], ran.said[-1].removeprefix("refused:").split()


def starts(times: int) -> list[str]:
    return [f"start {int(time.time())}"] * times
