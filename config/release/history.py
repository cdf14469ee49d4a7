"""Earlier releases: what must be known of each to make it again without its source."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Self

from portico.config.release.release import Release
from portico.config.settings import Mistake

# The users of today may enter, also at an earlier release, and nobody may read the hashes in the state.
_TODAYS = ("users",)


@dataclass(frozen=True, kw_only=True)
class Record:
    """One release that was live.

    `image` is the digest of its content, `at` when it first went live (UTC), `site` the site's
    settings as the stack file had them (JSON), `static` the folder of static files, "" for none, `entrypoint` the
    words of the image before Gunicorn's (JSON), "" for none.
    """

    release: str
    image: str
    at: str
    site: str
    static: str
    entrypoint: str = ""

    @classmethod
    def of(cls, release: Release, values: Mapping[str, Any], at: str) -> Self:
        """The record of a release that is made of `values`, the site's settings."""
        kept = {key: value for key, value in values.items() if key not in _TODAYS}
        return cls(
            release=release.id,
            image=release.image,
            at=at,
            site=json.dumps(kept, sort_keys=True),
            static=release.static or "",
            entrypoint=json.dumps(release.entrypoint) if release.entrypoint else "",
        )

    def settings(self, today: Mapping[str, Any]) -> dict[str, Any]:
        """The site's settings then; of `today`'s only what never goes back."""
        values: dict[str, Any] = json.loads(self.site)
        return values | {key: today[key] for key in _TODAYS if key in today}


# By site, newest first.
History = Mapping[str, tuple[Record, ...]]


def read_history(plain: Any) -> History:
    """The history as a stack's output holds it; what does not fit, such as another version's, is left out."""
    if not isinstance(plain, Mapping):
        return {}
    return {str(site): tuple(_read(records)) for site, records in plain.items() if isinstance(records, list)}


def _read(records: Sequence[Any]) -> list[Record]:
    fields = set(Record.__dataclass_fields__)
    found = []
    for one in records:
        # The entrypoint came later: releases of before have none.
        if (
            isinstance(one, Mapping)
            and {*one, "entrypoint"} == fields
            and all(isinstance(value, str) for value in one.values())
        ):
            found.append(Record(**one))
    return found


def spell_history(history: History) -> dict[str, list[dict[str, str]]]:
    """The same as plain data, for a stack's output."""
    return {site: [asdict(record) for record in records] for site, records in history.items()}


def remember(earlier: Sequence[Record], live: Record, keep: int) -> tuple[Record, ...]:
    """The history once `live` is live: it comes first, and `keep` are kept.

    One that was live before keeps its time. Its settings are those that it has now: settings of
    NGINX alone make no other release.
    """
    before = next((record for record in earlier if record.release == live.release), live)
    others = [record for record in earlier if record.release != live.release]
    return (replace(live, at=before.at), *others)[:keep]


def keep_pinned(earlier: Sequence[Record], pinned: Record, keep: int) -> tuple[Record, ...]:
    """The history while a site is pinned to one of its releases: as it was, and that one is never among the dropped."""
    kept = tuple(earlier[:keep])
    return kept if pinned in kept else (*kept[: keep - 1], pinned)


def hold(values: Mapping[str, Any], history: History) -> tuple[dict[str, Any], dict[str, Record], list[Mistake]]:
    """What `rollback` makes of a stack file's values: those of a pinned site are its record's.

    Returns the values, the records of pinned sites by name, and what is wrong with `rollback`.
    """
    pins, sites = values.get("rollback"), values.get("sites")
    if not isinstance(pins, Mapping) or not isinstance(sites, list):
        return dict(values), {}, []
    names = [str(site["name"]) for site in sites if isinstance(site, Mapping) and "name" in site]
    pinned: dict[str, Record] = {}
    mistakes = []
    for site, release in pins.items():
        records = history.get(site, ())
        found = next((record for record in records if record.release == release), None)
        if site not in names:
            hint = f"write one of {', '.join(names)}" if names else "remove the line"
            mistakes.append(Mistake(f"rollback.{site}", f"there is no such site; {hint}"))
        elif found:
            pinned[site] = found
        elif isinstance(release, str):
            mistakes.append(Mistake(f"rollback.{site}", _refuse(site, release, records)))
    now = [
        pinned[str(one["name"])].settings(one) if isinstance(one, Mapping) and str(one.get("name")) in pinned else one
        for one in sites
    ]
    return {**values, "sites": now}, pinned, mistakes


def _refuse(site: str, release: str, records: Sequence[Record]) -> str:
    known = ", ".join(f"{record.release} ({record.at})" for record in records)
    choice = f"write one of {known}" if known else f"none was kept yet; remove the line: make resume SITE={site}"
    return f'"{release[:60]}" is no release that {site} can go back to; {choice}'


def tell_earlier(mistakes: Sequence[Mistake], values: Mapping[str, Any], pinned: Mapping[str, Record]) -> list[Mistake]:
    """The same mistakes; those in the settings of a pinned site say where these come from."""
    reported = []
    for mistake in mistakes:
        for index, site in enumerate(sites if isinstance(sites := values.get("sites"), list | tuple) else ()):
            name = str(site.get("name")) if isinstance(site, Mapping) else ""
            if name in pinned and mistake.path.startswith(f"sites[{index}]"):
                source = f"{name} has the settings of release {pinned[name].release} (rollback.{name})"
                mistake = Mistake(mistake.path, f"{mistake.text}; {source}")
        reported.append(mistake)
    return reported
