"""What every further process of a release is: a container of its image with another command.

None of it is part of the release's id: another worker replaces no replica.
"""

from collections.abc import Sequence

from portico.config.release.hardening import restrict
from portico.config.release.launch import begin
from portico.config.release.release import Release
from portico.config.release.replica import (
    Described,
    Place,
    count_processes,
    describe_environment,
    describe_scratch,
    join_services,
    label,
    mount_shared,
)

# By this label the processes of one role are distinguished.
PROCESS = "portico.process"


def describe_process(
    release: Release,
    place: Place,
    role: str,
    words: Sequence[str],
    *,
    memory: int,
    name: str = "",
) -> Described:
    """A container that runs `words` as the release's replicas run Gunicorn, but for its image.

    `role` is its label's, and `name` tells it from others of that role. `memory` is in MiB. Whether it is started again
    and how long it has to end, the caller adds. `envs` are {name: value}, as those of a replica.

    It has the replicas' user, variables, secrets, volumes, network and limits. What makes a replica of a container it
    has not: no name on the network, no socket of its own, no health check, and none of Gunicorn's variables.
    """
    labels = label(role, release, place)
    return restrict(memory, count_processes(release)) | {
        # The words of the image's own come first: they may set what the command needs.
        "entrypoints": [*begin(release), words[0]],
        "command": [*words[1:]],
        "envs": {**describe_environment(release), **({"PORTICO_PROCESS": name} if name else {})},
        "labels": [*labels, {"label": PROCESS, "value": name}] if name else labels,
        "user": f"{release.uid}:{release.uid}",
        "volumes": mount_shared(release, place),
        "tmpfs": describe_scratch(release),
        "networks_advanced": [{"name": place.network}, *join_services(release.site, place)],
        # The image's own would ask a server that does not run here.
        "healthcheck": {"tests": ["NONE"]},
        # An image may say another one, for its server.
        "stop_signal": "SIGTERM",
    }
