"""A limit of memory above what the machine has is refused before anything is made."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import docker.errors
import pulumi
import pytest

from portico.components.docker.engine_client import Engine
from portico.components.docker.memory_limits import require_possible
from portico.components.docker.portico_args import PorticoArgs
from portico.components.docker.stack import Portico
from tests.components.recorder import Resource, run
from tests.components.sample import make_stack
from tests.config.sample import make_site, read_settings

# What Docker shows of a machine that is sold with 4 GB.
THERE = 4_000_000_000


class Machine(Engine):
    """An engine of such a machine."""

    def connect(self) -> Any:
        return SimpleNamespace(info=lambda: {"MemTotal": THERE})


class Silent(Engine):
    """An engine that does not answer."""

    def connect(self) -> Any:
        raise docker.errors.DockerException("nobody is there")


LARGE = {"memory": "5G"}


@pytest.mark.parametrize(
    ("path", "site", "stack"),
    [
        ("sites[0].gunicorn.memory", {"gunicorn": LARGE}, {}),
        ("sites[0].release.memory", {"release": {"command": "flask db upgrade", **LARGE}}, {}),
        ("sites[0].workers[0].memory", {"workers": [{"name": "queue", "command": "rq worker", **LARGE}]}, {}),
        (
            "sites[0].schedule[0].memory",
            {"schedule": [{"name": "night", "command": "flask night", "cron": "0 3 * * *", **LARGE}]},
            {},
        ),
        ("nginx.memory", {}, {"nginx": LARGE}),
    ],
)
def test_each_limit_above_what_the_machine_has_is_refused(
    root: Path, path: str, site: dict[str, Any], stack: dict[str, Any]
) -> None:
    settings = read_settings(root, make_site(**site), **stack)
    with pytest.raises(pulumi.RunError) as raised:
        require_possible(settings, Machine())
    assert str(raised.value).splitlines()[1:] == [f"  {path}: 5g"]
    assert "above the 4g that the machine has" in str(raised.value) and "nothing was changed" in str(raised.value)


def test_what_the_machine_is_sold_with_is_taken(root: Path) -> None:
    require_possible(read_settings(root, make_site(gunicorn={"memory": "4G"})), Machine())


@pytest.mark.parametrize("engine", [None, Silent()], ids=["none", "silent"])
def test_nothing_is_refused_where_nobody_can_be_asked(root: Path, engine: Engine | None) -> None:
    require_possible(read_settings(root, make_site(gunicorn=LARGE)), engine)


def test_an_engine_is_not_asked_about_what_every_machine_has(root: Path) -> None:
    asked = Engine()
    object.__setattr__(asked, "connect", lambda: pytest.fail("it was asked"))
    require_possible(read_settings(root, make_site(gunicorn={"memory": "1G"})), asked)


def test_a_stack_asks_before_it_makes_anything(root: Path) -> None:
    made = make_stack(root, make_site(gunicorn=LARGE))
    seen: list[Resource] = []
    with pytest.raises(pulumi.RunError, match="limit of memory"):
        run(lambda: Portico("portico", PorticoArgs(stack=made, root=root, engine=Machine())), seen=seen)
    assert [one.type for one in seen] == ["portico:index:Portico"]
