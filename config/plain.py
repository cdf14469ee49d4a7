"""What no settings can hold, wherever it stands: what is no value of JSON, which they are handed over as."""

import math
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from portico.config.mistake import Mistake, join_path, show_text

# No section lies deeper than ten. What reads JSON ends at two hundred.
DEEPEST: Final = 50
# Far above any setting's, and far below what Python refuses to print.
_MOST: Final = 10**100


def list_unplain(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[Mistake]:
    """Each value that cannot be written down, with its place: half a character, what nests too deep, an object."""

    def tell(said: str) -> Mistake:
        return Mistake(join_path(path) or "settings", said)

    inner: Iterable[tuple[str | int, Any]] = ()
    if isinstance(value, str):
        if any("\ud800" <= one <= "\udfff" for one in value):
            yield tell(f"{show_text(value)} holds an incomplete character (half of a surrogate pair); write it in full")
    elif isinstance(value, Mapping):
        for key in value:
            yield from list_unplain(key if isinstance(key, str) else str(key)[:60], (*path, str(key)[:60]))
        inner = [(str(key), one) for key, one in value.items()]
    elif isinstance(value, list | tuple):
        inner = list(enumerate(value))
    elif isinstance(value, int | float):
        if not (math.isfinite(value) if isinstance(value, float) else abs(value) < _MOST):
            yield tell("is not a number that a setting can have; write a smaller one")
    elif value is not None:
        yield tell(
            f"is not a plain value ({type(value).__name__}); write a text, a number, true, false, a list or pairs"
        )
    if inner and len(path) >= DEEPEST:
        yield Mistake(join_path(path[:6]), f"is nested more than {DEEPEST} deep; use fewer levels")
        return
    for part, one in inner:
        yield from list_unplain(one, (*path, part))
