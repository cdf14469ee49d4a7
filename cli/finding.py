"""One piece of what `portico doctor` looks at."""

from dataclasses import dataclass
from typing import Literal

State = Literal["ok", "missing", "note"]


@dataclass(frozen=True)
class Finding:
    """Whether it is there, what is seen of it, and what to do where it is missing."""

    state: State
    what: str
    reported: str
    remedy: str = ""
