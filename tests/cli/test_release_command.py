"""What status says of the last release command of each site."""

import json
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from click.testing import CliRunner, Result
from docker.errors import DockerException

from portico.cli.commands import status
from portico.cli.release_command import read_last_runs, spell_run, tell_run
from portico.cli.summary import Summary
from portico.components.docker.engine_client import Engine
from portico.config.release.command_record import Ran
from tests.components.watched import Watched, show

SHOP = "k1 0 1773113400 1.5 abc flask db upgrade\nk2 3 1773113460 0.2 def flask db 'upgrade head'\n"
FILES = {"/run/portico/shop/once": SHOP, "/run/portico/blog/once": "k1 0 1773113400 7.0\n"}
LINE = (
    "  release command of 2026-03-10T03:31:00Z: `flask db 'upgrade head'` ended with exit code 3 "
    "after 0.2 s (release def)"
)


def deployed(files: dict[str, str], *, made: tuple[str, ...] = (), edges: int = 2, silent: bool = False) -> Any:
    """A stack with so many NGINX, and with containers of the release commands of the sites `made`; all see `files`."""
    read = Watched(listed=[show("e1")], files=files).connect().containers.get("e1").get_archive
    found = {
        "nginx": [SimpleNamespace(get_archive=read) for _ in range(edges)],
        "command": [SimpleNamespace(get_archive=read, labels={"portico.site": site}) for site in made],
    }

    def list_containers(role: str) -> list[Any]:
        if silent:
            raise DockerException("nobody answers")
        return found.get(role, [])

    return SimpleNamespace(list_containers=list_containers)


def test_the_last_run_of_each_site_is_one_line() -> None:
    runs = read_last_runs(deployed(FILES), ["shop", "blog", "plain"])
    assert [*runs] == ["shop", "blog"]
    assert tell_run(runs["shop"]) == LINE
    # An older version of Portico wrote down neither the release nor the command.
    assert tell_run(runs["blog"]) == "  release command of 2026-03-10T03:30:00Z: ended with exit code 0 after 7.0 s"


def test_a_site_whose_first_command_failed_is_found_by_its_container() -> None:
    for edges in (0, 1):
        assert [*read_last_runs(deployed(FILES, made=("shop",), edges=edges), [])] == ["shop"]


def test_nothing_is_said_where_nobody_answers_or_nothing_ended() -> None:
    assert read_last_runs(deployed(FILES, silent=True), ["shop"]) == {}
    assert read_last_runs(deployed({"/run/portico/shop/once": "torn\n"}), ["shop"]) == {}


def test_a_script_reads_the_same() -> None:
    reported = {"code": 3, "start": "2026-03-10T03:31:00Z", "seconds": 0.2}
    began = datetime.fromtimestamp(1773113460, UTC)
    ran = Ran(key="k", code=3, began=began, seconds=0.2, release="def", command="x")
    assert spell_run(ran) == {"release": "def", "command": "x"} | reported
    assert spell_run(Ran(key="k", code=3, began=began, seconds=0.2)) == {"release": None, "command": None} | reported


@pytest.fixture
def ask(monkeypatch: pytest.MonkeyPatch) -> Any:
    """`portico status` of a stack in which blog is live; `engine` is None on ECS."""

    def run(*words: str, engine: Engine | None = Engine(), runs: bool = True, **files: Any) -> Result:  # noqa: B008 # frozen
        summary = Summary(urls={"blog": "http://blog"}, releases={"blog": "b"}, running=["nginx"] if runs else [])

        def of(*_: Any) -> Any:
            assert engine, "on ECS no engine is asked"
            return deployed(**files)

        monkeypatch.setattr(status, "prepare", lambda stack: SimpleNamespace(root=None))
        monkeypatch.setattr(status, "Deployed", SimpleNamespace(of=of))
        for name, value in {
            "read_export": {},
            "summarize": summary,
            "find_engine": engine,
            "describe": "",
            "find_served": {"blog": "b"},
            "look_at_data": [],
            "read_runs": [],
            "list_running": None,
            "read_certificates": {},
        }.items():
            monkeypatch.setattr(status, name, lambda *_, value=value: value)
        return CliRunner().invoke(status.command, ["-s", "dev", *words])

    return run


def test_status_shows_it_below_its_site_also_of_one_that_never_went_live(ask: Any) -> None:
    reported = ask(files=FILES, made=("shop",)).output.splitlines()
    assert reported[1] == "blog: b  http://blog" and reported[2].startswith(
        "  release command of 2026-03-10T03:30:00Z: ended"
    )
    assert reported[3:] == ["shop: none is live", LINE]
    sites = json.loads(ask("--json", files=FILES, made=("shop",)).output)["sites"]
    assert sites["blog"]["releaseCommand"]["seconds"] == 7.0 and sites["shop"]["live"] is None
    assert sites["shop"]["releaseCommand"]["command"] == "flask db 'upgrade head'"


def test_status_says_what_kept_everything_from_running(ask: Any) -> None:
    done = ask(runs=False, files={"/run/portico/shop/once": SHOP}, made=("shop",), edges=0)
    assert done.exit_code == 1 and done.output.startswith("Nothing of the stack dev is deployed; ")
    assert done.output.splitlines()[1:] == ["shop: none is live", LINE]


def test_on_ecs_nothing_is_said_of_it(ask: Any) -> None:
    assert "release command" not in ask(engine=None).output
    assert json.loads(ask("--json", engine=None).output)["sites"]["blog"]["releaseCommand"] is None
