"""What an update will do to the further processes of a site: its release command and its workers."""

from collections.abc import Collection, Mapping, Sequence

from portico.config.release.release import Release
from portico.config.release.release_command import key_command
from portico.config.release.schedule import list_workers
from portico.config.release.worker import digest_workers, was_single
from portico.config.settings.worker import Worker


def tell_processes(
    release: Release,
    *,
    renewed: bool,
    done: Collection[str],
    workers: Mapping[str, str],
    faults: Collection[str] = (),
) -> list[str]:
    """Sentences on their changes; none where nothing changes.

    `renewed`: the site gets another release. `done` are the keys of release commands that ended well before, `workers`
    what the workers were until now (config/release/worker.py), `faults` the names of those that do not run.
    """
    return [*_tell_command(release, done, renewed=renewed), *_tell_workers(release, workers, faults, renewed=renewed)]


def _tell_command(release: Release, done: Collection[str], *, renewed: bool) -> list[str]:
    settings = release.site.release
    if settings is None:
        return []
    if key_command(release) not in done:
        return [f"It runs `{settings.command}` first."]
    return [f"`{settings.command}` is not run again."] if renewed else []


def _tell_workers(release: Release, before: Mapping[str, str], faults: Collection[str], *, renewed: bool) -> list[str]:
    now = digest_workers(release)
    reported = {worker.name: worker for worker in list_workers(release.site)}
    added = [name for name in reported if name not in before]
    changed = [name for name in reported if name in before and (renewed or before[name] != now[name])]
    ill = [name for name in reported if name in faults and name not in changed and name not in added]
    gone = [name for name in before if name not in reported]
    single = [name for name in reported if reported[name].single]
    first = [name for name in gone if single and was_single(before[name])]
    last = [name for name in gone if name not in first]
    sentences = [f"Its {_name(added)} start{_s(added)} once it is live."] if added else []
    sentences += [_replace(reported[name], before[name]) for name in changed]
    if ill:
        sentences.append(f"Its {_name(ill)} {'does' if len(ill) == 1 else 'do'} not run: another one is made.")
    if first:
        # Under another name it may be the same one (components/in_container/single.py).
        begins = f"{', '.join(single)} begin{_s(single)}"
        sentences.append(f"Its {_name(first)} end{_s(first)} before {begins}: never two single ones at once.")
    if last:
        sentences.append(f"Its {_name(last)} end{_s(last)} last.")
    return sentences


def _replace(worker: Worker, before: str) -> str:
    if worker.single and was_single(before):
        return f"Its worker {worker.name} ends (within {worker.stop}), then a new one begins: never two at once."
    return f"Its worker {worker.name}: a new one starts, and the old one ends with its job, within {worker.stop}."


def _name(names: Sequence[str]) -> str:
    return f"worker{'' if len(names) == 1 else 's'} {', '.join(names)}"


def _s(names: Sequence[str]) -> str:
    return "s" if len(names) == 1 else ""
