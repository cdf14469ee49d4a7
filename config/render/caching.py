"""For how long NGINX keeps answers for everybody: by regular expressions, since its maps cannot compare numbers."""

from collections.abc import Iterable

from portico.config.settings.route import Route


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
