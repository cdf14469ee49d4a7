"""What an update may go on with after a failure: outputs that stay unknown tell what could not be made."""

import asyncio
from collections.abc import Callable
from typing import Any

import pulumi
import pytest

from portico.components.partial_update import NONE, find_id, join_names, list_made, require_all


async def _say(value: Any) -> Any:
    return value


def make_output(value: Any, *, known: bool = True, of: Any = None) -> pulumi.Output[Any]:
    return pulumi.Output({of} if of else set(), _say(value), _say(known))


class Resource:
    """As far as it is asked: its id, which is unknown where it could not be made."""

    def __init__(self, id: str | None) -> None:
        self.id = make_output(id or "", known=id is not None, of=self)


def make(*ids: str | None) -> list[Any]:
    """Resources with these ids; None is one that could not be made."""
    return [Resource(id) for id in ids]


@pytest.fixture(params=[False, True], ids=["update", "preview"])
def preview(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> bool:
    monkeypatch.setattr(pulumi.runtime, "is_dry_run", lambda: request.param)
    return bool(request.param)


def look(make_one: Callable[[], pulumi.Output[Any]]) -> tuple[Any, bool, int]:
    """The value of an output, whether it is known, and the number of resources that it depends on."""

    async def run() -> tuple[Any, bool, int]:
        output = make_one()
        return await output.future(), await output.is_known(), len(await output.resources())

    return asyncio.run(run())


def test_the_id_of_what_was_made_depends_on_it(preview: bool) -> None:
    assert look(lambda: find_id(make("abc")[0])) == ("abc", True, 1)


def test_what_could_not_be_made_has_no_id_and_nothing_depends_on_it(preview: bool) -> None:
    value, known, resources = look(lambda: find_id(make(None)[0]))
    if preview:
        assert (known, resources) == (False, 1)
    else:
        assert (value, known, resources) == (NONE, True, 0)


def test_only_what_was_made_is_depended_on(preview: bool) -> None:
    async def run() -> None:
        resources = make("abc", None, "def")
        listed: Any = list_made(resources)
        if preview:
            assert listed == resources
        else:
            assert await listed.future() == [resources[0], resources[2]]
            assert await listed.resources() == {resources[0], resources[2]}

    asyncio.run(run())


def test_all_sites_or_an_error_that_names_the_others(preview: bool) -> None:
    def ask(**sites: Any) -> pulumi.Output[Any]:
        return require_all({name: make_output(value, known=value is not None) for name, value in sites.items()})

    assert look(lambda: ask(a="1", b="2"))[:2] == (["1", "2"], True)
    if preview:
        assert not look(lambda: ask(a="1", b=None))[1]
        return
    with pytest.raises(pulumi.RunError, match=r"^b and d did not go live; see the error above\.$"):
        look(lambda: ask(a="1", b=None, c="3", d=None))


@pytest.mark.parametrize(("names", "said"), [("a", "a"), ("ab", "a and b"), ("abc", "a, b and c"), ("", "")])
def test_names_are_joined_as_people_write_them(names: str, said: str) -> None:
    assert join_names(list(names)) == said
