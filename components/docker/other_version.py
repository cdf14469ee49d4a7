"""Refuses to start a service on another version's data: PostgreSQL reads only data of its own major version."""

from collections.abc import Collection, Iterable, Iterator

import docker.errors
import pulumi

from portico.components.docker.engine_client import Engine
from portico.components.docker.labels import list_labels
from portico.config.messages.data_changes import Key
from portico.config.settings import Settings
from portico.config.settings.service import POSTGRES

_SITE, _DATA = "portico.site", "portico.data"


def list_volumes(engine: Engine | None) -> list[Key]:
    """The volumes of data that the engine has of this stack, by owner and name; also those that `down` has left.

    [] where it cannot be asked: who needs it says so.
    """
    if engine is None:
        return []
    wanted = [f"{key}={value}" for key, value in list_labels("data").items()]
    try:
        found = engine.connect().api.volumes(filters={"label": wanted}).get("Volumes") or []
    except (docker.errors.DockerException, OSError):
        return []
    labels = [one.get("Labels") or {} for one in found]
    return [(str(one[_SITE]), str(one[_DATA])) for one in labels if {_SITE, _DATA} <= set(one)]


def refuse_other_version(settings: Settings, before: Iterable[Key], there: Collection[Key]) -> None:
    """Raise pulumi.RunError where a service has data of another major version.

    That is so by the last update (`before`) or by the volumes that are `there`, and no data of the wanted version is.
    """
    if lines := list(_list_others(settings, [*before, *there])):
        reported = "\n".join(f"  {line}" for line in lines)
        raise pulumi.RunError(
            f"PostgreSQL reads the data of its own major version alone; nothing was changed.\n{reported}"
        )


def _list_others(settings: Settings, there: Collection[Key]) -> Iterator[str]:
    for index, service in enumerate(settings.services):
        own = service.data.name
        if service.kind != POSTGRES or service.managed or (service.name, own) in there:
            continue
        others = sorted({name for owner, name in there if owner == service.name and name.startswith(f"{POSTGRES}-")})
        if others:
            version = others[-1].removeprefix(f"{POSTGRES}-")
            yield (
                f'services[{index}].version: "{service.release_line}" is not the version of the data of '
                f'{service.name}, {version}; write version: "{version}", or take the data over into another service, '
                "see docs/services.md"
            )
