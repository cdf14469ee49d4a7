"""Files of NGINX that somebody changed by hand, and how often they have been restored."""

from collections.abc import Mapping
from typing import Any

import pulumi

from portico.components.docker.preview import is_announced
from portico.config.live.drift import Live, compare_files
from portico.config.load import Stack


def count_repairs(previous: Mapping[str, Any], stack: Stack, live: Live | None) -> int:
    """How often files changed by hand have been restored, this time included.

    A number that grows makes the check lay the same tree out again, and the switch load it again. Where another tree is
    live, the switch turns to this one anyway (attempts.py).
    """
    repairs = int(previous.get("repairs", 0))
    wanted = stack.tree.digest
    if live is None or previous.get("tree") != wanted or live.target != f"trees/{wanted}":
        return repairs
    found = compare_files(wanted, stack.tree.files, live)
    for line in found if is_announced() else []:
        pulumi.log.warn(f"{line}: somebody changed it by hand.")
    return repairs + bool(found)
