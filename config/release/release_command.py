"""The release command's container, and what makes it run again."""

from dataclasses import replace

from portico.config.in_container import read_script
from portico.config.release.digest import digest_values
from portico.config.release.process import describe_process
from portico.config.release.release import Release
from portico.config.release.replica import SOCKETS, Described, Place, find_nowhere
from portico.config.settings.command import split_command

ROLE = "command"
KEY = "portico.key"
# What a command sees of its container; limits, and the number of replicas that they follow from, are no part of it.
_SEEN = ("entrypoints", "command", "envs", "user", "volumes")
_GRACE = 30  # seconds; only who removes the stack ends one that runs


def key_command(release: Release) -> str:
    """The name of what the release command depends on; "" where there is none.

    What ended well is not run again for the same key: not for another number of replicas, more memory or another
    setting of NGINX, and not when a site goes back to a release that it had.
    """
    settings = release.site.release
    if settings is None:
        return ""
    place = find_nowhere(release, secrets=bool(release.secrets))
    nameless = replace(release, id="")
    made = describe_process(nameless, place, ROLE, split_command(settings.command), memory=0)
    return digest_values({"image": release.image, "secrets": release.secrets, **{one: made[one] for one in _SEEN}})


def describe_command(release: Release, place: Place) -> Described:
    """The container that runs the release command of `release` once, but for its image."""
    settings = release.site.release
    assert settings
    key = key_command(release)
    words = [
        *("python3", "-I", "-S", "-c", read_script("once.py")),
        *(f"{SOCKETS}/{release.site.name}", key, str(settings.timeout.seconds)),
        *split_command(settings.command),
    ]
    made = describe_process(release, place, ROLE, words, memory=settings.memory.mebibytes)
    made["labels"].append({"label": KEY, "value": key})
    return made | {
        "attach": True,
        # What it prints may hold what nobody else is to read, and the stack's state would hold it in plain text.
        "logs": False,
        "must_run": False,
        "restart": "no",
        "destroy_grace_seconds": _GRACE,
    }
