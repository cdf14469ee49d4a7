"""The containers of a release's workers."""

from dataclasses import replace

from portico.config.in_container import read_script
from portico.config.release.digest import digest_values
from portico.config.release.process import describe_process
from portico.config.release.release import Release
from portico.config.release.replica import SOCKETS, Described, Place, find_nowhere
from portico.config.release.schedule import is_scheduler, list_workers, write_words
from portico.config.settings.command import split_command
from portico.config.settings.worker import Worker

ROLE = "worker"
# By this label it is known how many seconds a worker has to end, also where no record of it is left.
STOP = "portico.stop"
# By this one, that it is a single one, also where it is not in the settings any more.
SINGLE = "portico.single"
_SINGLE = " single"  # behind the digest of such a worker
_BESIDES = 5  # seconds that Docker waits longer, so that a worker's own limit comes first


def describe_worker(release: Release, worker: Worker, place: Place) -> Described:
    """A container of `worker`, but for its image. All that it has are alike."""
    words = write_words(release.site) if is_scheduler(release.site, worker) else split_command(worker.command)
    if worker.single:
        known = ",".join(sorted(one.name for one in release.site.workers if one.single))
        script = ["python3", "-I", "-S", "-c", read_script("single.py")]
        words = [*script, f"{SOCKETS}/{release.site.name}", worker.name, known, *words]
    made = describe_process(release, place, ROLE, words, memory=worker.memory.mebibytes, name=worker.name)
    made["labels"].append({"label": STOP, "value": str(worker.stop.seconds)})
    if worker.single:
        made["labels"].append({"label": SINGLE, "value": "yes"})
    # SIGTERM goes to the command alone: the init process (`init`) hands it to its own child, not to that one's.
    return made | {"restart": "unless-stopped", "destroy_grace_seconds": worker.stop.seconds + _BESIDES}


def digest_workers(release: Release) -> dict[str, str]:
    """What each worker is, by its name, whatever the release is called: another value is another container."""
    nameless = replace(release, id="")
    place = find_nowhere(release)
    return {
        worker.name: digest_values(describe_worker(nameless, worker, place) | {"replicas": worker.replicas})
        + (_SINGLE if worker.single else "")
        for worker in list_workers(release.site)
    }


def was_single(digest: str) -> bool:
    """Whether a worker was a single one, by its entry of `digest_workers`."""
    return digest.endswith(_SINGLE)
