"""Plain values, as a stack file holds them, made into settings; all that is wrong with them is reported at once."""

import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from portico.config.beside import list_beside
from portico.config.data_urls import list_taken_urls
from portico.config.mistake import Mistake, Mistakes, list_mistakes
from portico.config.ordered_names import list_unorderable
from portico.config.plain import list_unplain
from portico.config.services.checks import list_wrong_services
from portico.config.settings import Settings
from portico.config.settings.nginx import read_version
from portico.config.settings.presets import apply_preset
from portico.config.settings.section import list_clashes
from portico.config.shared_hosts import list_hidden_paths
from portico.config.targets import find_target
from portico.config.twins import list_twins

# The section that a target has for itself, by the target.
_SECTIONS = {"ssh": "ssh", "aws": "aws", "docker": "local", "ecs": "ecs"}
_LEAST = {"ssh": "its host and user", "aws": "its region, ami and keys", "ecs": "its region"}


def _say_nothing(_: Settings) -> Iterable[Mistake]:
    return ()


def check_settings(
    values: Mapping[str, Any],
    root: Path,
    pinned: Collection[str] = (),
    also: Callable[[Settings], Iterable[Mistake]] = _say_nothing,
) -> Settings:
    """Check plain values, as a stack file holds them; paths count from `root`.

    The sources of sites that are `pinned` to an earlier release are not looked at. `also` tells what else is wrong
    with settings, such as with secrets that stand beside them; it is asked of what fits where other values do not.
    Raises Mistakes with everything that is wrong, so that nothing needs a second try.
    """
    if unplain := [*list_unplain(values)]:
        # Nothing can be written of these, not even JSON.
        raise Mistakes(unplain)
    mistakes = [*list_twins(values)]
    whole = apply_preset(values)

    def read(given: Any, pinned: Collection[str] = pinned) -> Settings:
        # By way of JSON: its arrays are tuples here, and nothing else is coerced.
        return Settings.model_validate_json(json.dumps(given), context={"root": root, "pinned": pinned})

    def contradict(settings: Settings) -> Iterator[Mistake]:
        yield from _list_contradictions(settings)
        yield from also(settings)

    try:
        settings = read(whole)
    except ValidationError as error:
        # Sources have been looked at.
        beside = list_beside(whole, error, lambda given: read(given, _name_all(given)), contradict)
        raise Mistakes([*list_mistakes(Settings, error), *beside, *mistakes]) from None
    if mistakes := [*contradict(settings), *mistakes]:
        raise Mistakes(mistakes)
    return settings


def _name_all(values: Mapping[str, Any]) -> list[str]:
    return [str(site.get("name")) for site in values["sites"]]


def _list_contradictions(settings: Settings) -> Iterator[Mistake]:
    """What is wrong between settings that are right by themselves: all of it, so not by pydantic's validators."""
    yield from list_clashes(settings)
    yield from _check_sections(settings)
    # Without its own section there is nothing that a target could check.
    target = settings.target
    if target not in _LEAST or getattr(settings, target):
        yield from find_target(settings).check(settings)
    yield from _check_tls(settings)
    yield from list_unorderable(settings)
    yield from _check_version(settings)
    yield from _check_names(settings)
    yield from list_wrong_services(settings)
    yield from list_taken_urls(settings)
    yield from list_hidden_paths(settings)


def _check_sections(settings: Settings) -> Iterator[Mistake]:
    target = settings.target
    if target in _LEAST and not getattr(settings, target):
        yield Mistake(target, f"is required for target {target}; write at least {_LEAST[target]}")
    for section, owner in _SECTIONS.items():
        if getattr(settings, section) and target != owner:
            yield Mistake(section, f"is for another target than {target}; write target: {owner}, or leave it out")


def _check_tls(settings: Settings) -> Iterator[Mistake]:
    tls = settings.tls
    if tls and not tls.local_authority and not tls.acme:
        lacking = [f"sites[{index}].certificate" for index, site in enumerate(settings.sites) if not site.certificate]
        if lacking:
            shown = ", ".join(lacking[:8]) + (f" and {len(lacking) - 8} more" if len(lacking) > 8 else "")
            yield Mistake(shown, "is required for tls; write it, or tls.acme, or tls.localAuthority: true")
    if tls and tls.http3 and settings.nginx_version < (1, 25, 0):
        yield Mistake("tls.http3", "needs NGINX 1.25.0 or newer; write http3: false")
    if tls and tls.port == settings.port:
        yield Mistake("tls.port", f"{tls.port} is the port of plain HTTP too; write another")


def _check_version(settings: Settings) -> Iterator[Mistake]:
    said = read_version(f":{settings.nginx.version}") if settings.nginx.version else None
    tagged = read_version(settings.nginx_image)
    if not said and not tagged and "@sha256:" not in settings.nginx_image:
        yield Mistake(
            "nginxImage", f'"{settings.nginx_image}" does not show the NGINX version; write a tag such as nginx:1.30.6'
        )
    if said and tagged and said != tagged:
        yield Mistake("nginx.version", "is not the version of nginxImage; leave it out, or write the tag's")
    if said and said < (1, 22, 0):
        yield Mistake("nginx.version", "is older than Portico supports; write 1.22.0")


def _check_names(settings: Settings) -> Iterator[Mistake]:
    if settings.upstream == "container" and settings.nginx_version < (1, 27, 3):
        for index, site in enumerate(settings.sites):
            if site.weights or site.balance != "round_robin":
                yield Mistake(
                    f"sites[{index}]",
                    "balance and weights over container names need NGINX 1.27.3; "
                    "write upstream: socket, or leave them out",
                )
