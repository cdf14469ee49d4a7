"""The containers of a task that runs one command to its end: the release command, or one that is given by hand."""

from collections.abc import Mapping
from typing import Final

from portico.config.in_container import read_script
from portico.config.release.launch import begin
from portico.config.release.release import Release
from portico.config.release.release_command import key_command
from portico.config.settings import Site
from portico.config.settings.command import split_command
from portico.config.settings.ecs import INIT_MEMORY
from portico.config.targets.ecs.container import VOLUMES, Container, make_init_container, spell_log
from portico.config.targets.ecs.data import SEEDER, bring_data
from portico.config.targets.ecs.process import complete_process, define_process
from portico.config.task_names import BY_HAND, RELEASE

# Seconds between SIGTERM and SIGKILL for who ends such a task.
_GRACE: Final = 30


def define_release(
    release: Release, *, application: str, log_group: str, region: str, secrets: Mapping[str, str] | None = None
) -> list[Container]:
    """The containers that run the site's release command, which is ended after its timeout, with exit code 124.

    The arguments are those of `container_definitions` (task.py).
    """
    settings = release.site.release
    assert settings
    # The same script as on Docker: the limit is the container's own, also where nobody watches any more. What it
    # writes down is gone with the task; that only one runs at a time, who starts it sees to.
    words = [
        *("python3", "-I", "-S", "-c", read_script("once.py")),
        *(VOLUMES["gunicorn-tmp"], key_command(release), str(settings.timeout.seconds)),
        *split_command(settings.command),
    ]
    made = define_process(release, RELEASE, words, settings.memory.mebibytes, application, {})
    made |= {"stopTimeout": _GRACE}
    log = spell_log(release.site.name, log_group, region)
    found = complete_process(made, release, application, log, secrets or {})
    if not release.site.data:
        return found
    # It may be the first of all tasks that has the data: then what the image has there is brought first.
    found[-1]["dependsOn"] = [*found[-1].get("dependsOn", []), {"containerName": SEEDER, "condition": "SUCCESS"}]
    seeder = make_init_container(SEEDER, application, release.uid, {"logConfiguration": log}) | bring_data(release.site)
    return [seeder, *found]


def define_by_hand(
    release: Release, *, application: str, log_group: str, region: str, secrets: Mapping[str, str] | None = None
) -> list[Container]:
    """The containers that run what somebody writes in place of their `command`, with the memory of a replica."""
    # AWS takes another command for a task, and no other entry point.
    made = define_process(release, BY_HAND, ["env"], release.site.gunicorn.memory.mebibytes, application, {})
    made |= {"entryPoint": [*begin(release), "env"], "command": ["true"], "stopTimeout": _GRACE}
    return complete_process(made, release, application, spell_log(release.site.name, log_group, region), secrets or {})


def sum_release(site: Site) -> int:
    """What the containers of a release command's task may use together, in MiB."""
    assert site.release
    return site.release.memory.mebibytes + INIT_MEMORY * (2 if site.data else 1)


def sum_by_hand(release: Release) -> int:
    """The same of a task for a command that is given by hand."""
    return release.site.gunicorn.memory.mebibytes + INIT_MEMORY
