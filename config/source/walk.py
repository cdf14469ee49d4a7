"""Whether a path is what a pattern of many stars means, in time that grows with both of them and no faster.

A regular expression would try each place of each star with each place of the others.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

Kind = Literal["one", "star", "deep", "rest"]


@dataclass(frozen=True)
class Step:
    """A part of a pattern.

    `one` is a character that `fits`, `star` any number of characters of a name, `deep` no folder or any number of them,
    `rest` any number of any characters.
    """

    kind: Kind
    fits: Callable[[str], bool] = str.isascii


def walks(steps: Sequence[Step], path: str) -> bool:
    """Whether the steps lead from the beginning of `path` to its end."""
    # A place is how many steps are done; the second of the pair says that it is inside of a `deep` one.
    places = _settle(steps, [(0, False)])
    for character in path:
        places = _settle(steps, [place for one in places for place in _go_on(steps, one, character)])
        if not places:
            return False
    return (len(steps), False) in places


def _go_on(steps: Sequence[Step], place: tuple[int, bool], character: str) -> Iterable[tuple[int, bool]]:
    done, inside = place
    if inside:
        yield place
        if character == "/":
            yield done + 1, False
    elif done < len(steps):
        step = steps[done]
        if step.kind == "one" and step.fits(character):
            yield done + 1, False
        elif step.kind == "rest" or (step.kind == "star" and character != "/"):
            yield place


def _settle(steps: Sequence[Step], found: Iterable[tuple[int, bool]]) -> set[tuple[int, bool]]:
    """These places, and those that are reached from there without a character."""
    places: set[tuple[int, bool]] = set()
    for place in found:
        # Who has been here has been at all that follows, too.
        while place not in places:
            places.add(place)
            done, inside = place
            if inside or done == len(steps) or steps[done].kind == "one":
                break
            if steps[done].kind == "deep":
                places.add((done, True))
            place = done + 1, False
    return places
