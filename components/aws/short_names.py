"""Names that AWS takes only up to a length: a Portico of a user's own program has its name before each of them."""

import hashlib
from collections.abc import Iterable
from typing import Final

import pulumi

# What Pulumi puts behind a name that nobody gave: a dash and seven digits.
_DIGITS: Final = 8
# The most characters that AWS takes.
ROLE: Final = 64
BUCKET: Final = 63
_DIGEST: Final = 8


def shorten(name: str, most: int) -> str:
    """`name`, or where it has more than `most` characters, its beginning and a digest of all of it."""
    if len(name) <= most:
        return name
    return f"{name[: most - _DIGEST - 1]}-{hashlib.sha256(name.encode()).hexdigest()[:_DIGEST]}"


def require_short(scope: str, names: Iterable[tuple[str, int]]) -> None:
    """Raise pulumi.RunError where a Portico called `scope` makes one of these names too long: (name, most).

    Where `scope` is "", all of a stack is one Portico, whose names are known to fit.
    """
    over = max((len(name) + _DIGITS - most for name, most in names), default=0)
    if scope and over > 0:
        most = len(scope) - over
        fits = f"write at most {most}" if most > 0 else "write shorter names of the sites, too"
        raise pulumi.RunError(
            f'Portico("{scope}"): the name has {len(scope)} characters, and begins names on AWS that would be too long '
            f"(a role has at most {ROLE}); {fits}. Nothing was changed."
        )
