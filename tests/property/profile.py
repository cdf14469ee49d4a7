"""How many examples a property is tried on: 50 by `make test` (of whole stacks: pool.py), 500 by `make soak`.

PORTICO_EXAMPLES=soak chooses the latter for a run by hand. `make test` tries the same examples each
time; `make soak` tries new ones, prints the seed, and PORTICO_SEED tries those of a printed seed again.
"""

import os
import random
from collections.abc import Callable
from typing import Any, Final, TypeVar

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.strategies import SearchStrategy

Test = Callable[..., None]
Made = TypeVar("Made")

SOAK: Final = os.environ.get("PORTICO_EXAMPLES") == "soak"
EXAMPLES: Final = 500 if SOAK else 50
SEED: Final = int(os.environ.get("PORTICO_SEED") or random.SystemRandom().randrange(2**32))

_PROFILE: Final = settings(
    max_examples=EXAMPLES,
    derandomize=not SOAK,
    database=None,
    deadline=None,
    print_blob=True,
    phases=[Phase.explicit, Phase.generate, Phase.shrink],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)


def holds_for(*, times: int = 1, **strategies: SearchStrategy[Any]) -> Callable[[Test], Test]:
    """The test is a property: it holds for whatever these strategies make, on `times` the usual number of examples."""

    def decorate(test: Test) -> Test:
        tried = settings(_PROFILE, max_examples=EXAMPLES * times)(given(**strategies)(test))
        return seed(SEED)(tried) if SOAK else tried

    return decorate


def collect(examples: int, strategy: SearchStrategy[Made], *, beginning: int = 0) -> list[Made]:
    """So many examples for tests that look at them together: always the same ones; others for another `beginning`."""
    found: list[Made] = []

    @seed(beginning)
    @settings(_PROFILE, max_examples=examples, derandomize=False, phases=[Phase.generate])
    @given(strategy)
    def keep(one: Made) -> None:
        found.append(one)

    keep()
    return found
