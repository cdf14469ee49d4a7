"""Who writes a shell's variable into a value is informed that nothing expands it."""

from pathlib import Path

import pytest

from portico.config.messages.unexpanded import tell_unexpanded
from portico.config.plan import make_plan
from tests.config.sample import make_site, make_values, read_settings


@pytest.mark.parametrize("value", ["$HOME", "$HOME/x", "${HOME}/x", "/a/${b_1}", "~/x", "redis://${HOST}:6379/0"])
def test_a_value_that_only_a_shell_would_expand_is_named(root: Path, value: str) -> None:
    (said,) = tell_unexpanded(read_settings(root, make_site(environment={"PLACE": value, "OTHER": "1"})))
    assert said.startswith(f"sites[0].environment.PLACE: the application gets {value} as it is written")


@pytest.mark.parametrize(
    "value",
    ["pa$word", "$2b$12$abcdefghijkl", "$", "$a", "~", "a~/b", "cost: $5", "${}", "$1/x", "$$HOME", "a $HOME b"],
)
def test_a_text_that_means_itself_is_let_through(root: Path, value: str) -> None:
    assert not [*tell_unexpanded(read_settings(root, make_site(environment={"TEXT": value})))]


def test_the_preview_shows_it(root: Path) -> None:
    plan = make_plan(make_values(make_site(environment={"PLACE": "~/x"})), root)
    assert any("environment.PLACE" in one for one in plan.advise())
