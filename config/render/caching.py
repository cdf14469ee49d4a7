"""What NGINX keeps for everybody: how much, and for how long.

Numbers are compared by regular expressions, since NGINX's maps cannot do it otherwise.
"""

from collections.abc import Iterable
from typing import Final

from portico.config.settings.quantity import Size
from portico.config.settings.route import Route

# The memory for the names of one site's kept answers, the least that NGINX takes: it can hold 191 (measured), and
# the one that was not asked for the longest goes where there is none.
KEYS: Final = "32k"
_ENTRIES: Final = 192
# They lie in /tmp of the edge, 64 MiB. An NGINX of before this was bounded may have left 16 MiB there.
_CAPACITY: Final = Size.parse("47M")
# What one address may have in flight is as long, and none of it kept yet.
_IN_FLIGHT: Final = 256
# File systems give space by pages; NGINX writes the head of an answer and its own before it.
_PAGE: Final = Size.parse("4K")


def bound_kept(sites: int) -> Size:
    """The longest answer that is kept where so many sites keep some: all of them fit, whatever is asked for."""
    for text in ("64K", "32K", "16K", "8K", "4K"):
        longest = Size.parse(text)
        if (sites * _ENTRIES + _IN_FLIGHT) * (longest.bytes + _PAGE.bytes) <= _CAPACITY.bytes:
            return longest
    return Size.parse("2K")


def list_times(routes: Iterable[Route]) -> list[int]:
    """The seconds that answers are kept for, each once."""
    return sorted({route.cache.seconds for route in routes if route.cache})


def spell_below(number: int) -> str:
    """A regular expression of all numbers from 0 to below `number`, in digits and without zeros before them."""
    digits = str(number)
    parts = [f"[0-9]{{1,{len(digits) - 1}}}"] if len(digits) > 1 else []
    for place, digit in enumerate(digits):
        least = 1 if place == 0 and len(digits) > 1 else 0
        if int(digit) > least:
            rest = len(digits) - place - 1
            parts.append(f"{digits[:place]}[{least}-{int(digit) - 1}]{f'[0-9]{{{rest}}}' if rest else ''}")
    return f"(?:{'|'.join(parts)})(?![0-9])"
