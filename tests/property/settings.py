"""Random valid settings of whole stacks, as in a stack file: on any target, or on ECS alone."""

from collections.abc import Sequence
from typing import Final

from hypothesis import strategies as st

from portico.config.settings import Ecs, Settings
from tests.property.fleet_settings import move_to_ecs, name_version
from tests.property.joint_rules import keep_rules, share_host
from tests.property.simple_values import BOOLEANS, Values
from tests.property.stack_fields import VERSIONS, section

LAYOUTS: Final = ("conf.d", "sites-available")


@st.composite
def stacks(draw: st.DrawFn, versions: Sequence[str] = VERSIONS, upstream: str | None = None) -> Values:
    """The values of a whole stack that are written for one of `versions`, with one upstream or any.

    Without a wish for an upstream, one of six is on ECS: with one site, for there each has files of its own.
    """
    version = draw(st.sampled_from(versions))
    said = draw(BOOLEANS)
    fleet = draw(st.integers(0, 5)) == 0 and not upstream
    values: Values = draw(section(Settings))
    ecs = values.pop("ecs", None)
    if upstream:
        values["upstream"] = upstream
    if fleet:
        return move_to_ecs(values, draw(section(Ecs)) if ecs is None else ecs, version, said)
    name_version(values, version, said)
    shared = draw(BOOLEANS)
    values = keep_rules(values, version)
    if shared:
        share_host(values["sites"])
    return values


@st.composite
def fleets(draw: st.DrawFn, versions: Sequence[str] = VERSIONS) -> Values:
    """The same for ECS alone."""
    values: Values = draw(section(Settings))
    values.pop("ecs", None)
    return move_to_ecs(values, draw(section(Ecs)), draw(st.sampled_from(versions)), draw(BOOLEANS))
