"""What an update will do to data that lasts, reported before it is done."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from portico.config.messages.change_summary import Change
from portico.config.settings.data import Data

Key = tuple[str, str]


@dataclass(frozen=True)
class Kept:
    """Data that is there: of which site, its name, and Docker's name of its volume."""

    site: str
    name: str
    volume: str


def announce_data(
    before: Mapping[Key, Kept],
    wanted: Mapping[Key, Data],
    there: Collection[Key],
    volumes: Mapping[Key, str],
    *,
    apart: bool = False,
    services: Collection[str] = (),
) -> Iterator[Change]:
    """One sentence for data that begins, comes back, is gone or is not used any more; none for what stays as it is.

    Keys are the names of a site and of its data: of the last update (`before`), of the settings (`wanted`), and of the
    volumes that the engine has (`there`). `volumes` are Docker's names of the wanted ones. They lie `apart`
    where the machine has a disk of its own for them, which nothing but its owner empties. `services` are those of the
    owners that are no sites.
    """
    for key, data in wanted.items():
        site, name = key
        if key in there:
            if key not in before:
                text = f"its data {name} is there already, in the volume {volumes[key]}, and is used again."
                yield Change("update", site, text)
        elif key in before:
            text = f"its data {name} is gone: the volume {volumes[key]} was removed by hand; a new one is made."
            yield Change("first", site, text)
        elif site in services:
            yield Change(
                "first", site, f"its data begins empty, in the volume {volumes[key]}. Nothing but you deletes it."
            )
        else:
            text = f"its data {name} begins at {data.path}, with what the image has there. Releases keep it."
            yield Change("first", site, text)
    for key, kept in before.items():
        if key not in wanted:
            text = f"keeps its data {kept.name}, which no setting names any more: it stays "
            text += (
                f"on the disk of data, in the folder {kept.volume}."
                if apart
                else f"in the volume {kept.volume} until you remove it (docker volume rm {kept.volume})."
            )
            if heir := _find_heir(kept, before, wanted.keys() - {*there}):
                text += f" {heir} begins without it; docs/data.md says how to take it along."
            yield Change("removal", kept.site, text)


def _find_heir(kept: Kept, before: Mapping[Key, Kept], begin: Collection[Key]) -> str:
    """A new site whose data of that name begins, which may be the same one renamed; "" where there is none."""
    sites = {site for site, _ in before}
    return next((site for site, name in sorted(begin) if name == kept.name and site not in sites), "")
