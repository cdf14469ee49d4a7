"""Limits the processes of each container: the engine is asked, since the provider has no such limit."""

from collections.abc import Sequence
from functools import partial

import pulumi

from portico.components.docker.engine_client import Engine
from portico.components.docker.replica import Replica
from portico.components.docker.workers import Running
from portico.components.partial_update import NONE, find_id
from portico.config.release.replica import bound_own


def bound_processes(
    engine: Engine | None, replicas: Sequence[Replica], workers: Sequence[Running]
) -> pulumi.Output[list[str]]:
    """Limit the processes and threads of each container; nothing is to be said of it.

    It is asked in each update, whether the container is new or not, and holds until the container is removed. Where the
    engine cannot do it, `ulimit nproc` of the container's user remains (config/release/hardening.py).
    """
    bounded = {one.container: bound_own(one.release) for one in replicas}
    bounded |= {one.container: bound_own(one.release) for one in workers}
    ids = pulumi.Output.all(*(find_id(one) for one in bounded))
    return ids.apply(partial(_tell, engine, list(bounded.values())))


def _tell(engine: Engine | None, most: Sequence[int], ids: Sequence[str]) -> list[str]:
    if engine and not pulumi.runtime.is_dry_run():
        engine.limit_processes({id: limit for id, limit in zip(ids, most, strict=True) if id != NONE})
    return []
