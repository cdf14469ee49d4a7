"""What make releases lists, and what make rollback and make resume choose."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from portico.cli.commands import releases
from portico.cli.main import portico
from portico.cli.prepare import Place
from portico.cli.refused import Refused
from tests.cli.test_check import export
from tests.components.watched import EDGE, Watched, serve

A, B, C, D = ("a" * 12, "b" * 12, "c" * 12, "d" * 12)


def make_outputs(pinned: dict[str, str] | None = None, live: str = A, **more: Any) -> dict[str, Any]:
    records = [{"release": name, "at": f"2026-01-0{day}T12:00:00Z"} for name, day in ((A, 3), (B, 2), (C, 1))]
    return {"releases": {"shop": live}, "history": {"shop": records}, "pinned": pinned or {}} | more


BOTH = make_outputs(
    releases={"shop": A, "blog": B}, history={"shop": make_outputs()["history"]["shop"], "blog": [{"release": B}]}
)


@pytest.mark.parametrize(
    ("outputs", "states"),
    [
        (make_outputs(), ["live", "kept", "kept"]),
        (make_outputs({"shop": B}, B), ["kept", "live, pinned", "kept"]),
        (
            make_outputs({"shop": B}, "d" * 12),
            ["kept", "live, pinned (as dddddddddddd: what it is made with is newer)", "kept"],
        ),
    ],
)
def test_the_list(outputs: dict[str, Any], states: list[str]) -> None:
    assert releases.list_releases(outputs) == ["shop"] + [
        f"  {name}  2026-01-0{day} 12:00:00 UTC  {state}"
        for name, day, state in zip((A, B, C), (3, 2, 1), states, strict=True)
    ]


KEPT = [f"  {name}  2026-01-0{day} 12:00:00 UTC  kept" for name, day in ((A, 3), (B, 2), (C, 1))]


@pytest.mark.parametrize(
    ("served", "lines"),
    [
        ({"shop": A}, ["shop", KEPT[0].replace("kept", "live"), *KEPT[1:]]),
        ({"shop": D}, ["shop", f"  {D}  live, by an update that failed for another site", *KEPT]),
        ({}, ["shop", "  none is live", *KEPT]),
        (
            {"shop": A, "docs": D},
            [
                *("shop", KEPT[0].replace("kept", "live"), *KEPT[1:]),
                *("docs", f"  {D}  live, by an update that failed for another site"),
            ],
        ),
    ],
    ids=["as the last good update left it", "another went live", "none", "a new site went live"],
)
def test_what_nginx_serves_is_what_is_live(served: dict[str, str], lines: list[str]) -> None:
    assert releases.list_releases(make_outputs(), served) == lines


def test_before_the_first_good_update_a_site_may_be_live() -> None:
    assert releases.list_releases({}, {"shop": D}) == [
        "shop",
        f"  {D}  live, by an update that failed for another site",
    ]
    assert releases.list_releases({}, {}) == releases.list_releases({}) == []


@pytest.mark.parametrize(
    ("served", "chosen"),
    [(None, B), ({"shop": A}, B), ({}, B), ({"shop": D}, A), ({"shop": B}, C)],
    ids=["nobody knows", "the last good one", "none", "another went live", "one that was gone back to"],
)
def test_the_release_before_the_one_that_is_served_is_gone_back_to(served: dict[str, str] | None, chosen: str) -> None:
    assert releases.choose(make_outputs(), "", "", served) == ("shop", chosen)


def serves(
    monkeypatch: pytest.MonkeyPatch, state: dict[str, Any] | Exception, engine: Watched | None
) -> dict[str, str] | None:
    def read(stack: str) -> dict[str, Any]:
        assert stack == "prod"
        if isinstance(state, Exception):
            raise state
        return state

    monkeypatch.setattr("portico.cli.export.read_export", read)
    monkeypatch.setattr("portico.cli.engine.find_engine", lambda _: engine)
    return releases.read_served("prod")


def test_what_is_served_is_read_from_nginx(monkeypatch: pytest.MonkeyPatch) -> None:
    engine = Watched(listed=[EDGE], target="trees/t1", files=serve(A))
    assert serves(monkeypatch, export(), engine) == {"shop": A}


@pytest.mark.parametrize(
    ("state", "engine"),
    [
        (Refused("pulumi is not installed here"), None),
        ({}, None),
        (export(), None),
        (export(), Watched(listed=None)),
        (export(), Watched(listed=[])),
        ({"deployment": {}}, Watched(listed=[EDGE], target="trees/t1", files=serve(A))),
    ],
    ids=["no state", "no stack", "no engine", "no answer", "no NGINX there", "no NGINX in the state"],
)
def test_where_nobody_can_tell_the_last_good_update_is_believed(
    monkeypatch: pytest.MonkeyPatch, state: dict[str, Any] | Exception, engine: Watched | None
) -> None:
    assert serves(monkeypatch, state, engine) is None


@pytest.mark.parametrize(
    ("outputs", "site", "release", "chosen"),
    [
        (make_outputs(), "", "", ("shop", B)),
        (make_outputs(), "shop", "", ("shop", B)),
        (make_outputs(), "", C, ("shop", C)),
        (make_outputs({"shop": B}, B), "", "", ("shop", C)),
        (make_outputs({"shop": C}, C), "", A, ("shop", A)),
        (make_outputs({"shop": B}, "d" * 12), "", "", ("shop", C)),
        (BOTH, "shop", "", ("shop", B)),
    ],
)
def test_the_release_to_go_back_to(outputs: dict[str, Any], site: str, release: str, chosen: tuple[str, str]) -> None:
    assert releases.choose(outputs, site, release) == chosen


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda: releases.choose({}, "", ""), "nothing was released yet"),
        (lambda: releases.choose(BOTH, "", ""), "which site? Write portico rollback --site and one of: shop blog"),
        (lambda: releases.choose(BOTH, "shep", ""), '"shep" is not among: shop blog'),
        (lambda: releases.choose(BOTH, "blog", ""), f"no release of blog before {B} is kept"),
        (lambda: releases.choose(make_outputs({"shop": C}, C), "", ""), f"no release of shop before {C} is kept"),
        (lambda: releases.choose(make_outputs(), "", "x"), f'"x" is no release of shop that is kept; .*: {A} {B} {C}'),
        (lambda: releases.choose_pinned({}, ""), "no site is pinned"),
        (lambda: releases.choose_pinned({"shop": A, "blog": B}, ""), "which site? Write portico resume --site"),
        (lambda: releases.choose_pinned({"shop": A}, "blog"), '"blog" is not among: shop'),
    ],
)
def test_what_cannot_be_chosen_is_said(ask: Callable[[], object], message: str) -> None:
    with pytest.raises(Refused, match=message.replace("?", r"\?")):
        ask()


def list_of(
    outputs: dict[str, Any], served: dict[str, str] | None, monkeypatch: pytest.MonkeyPatch, *words: str
) -> str:
    monkeypatch.setattr(releases, "prepare", lambda stack: Place(Path(), stack))
    monkeypatch.setattr(releases, "require_stack", lambda *_: None)
    monkeypatch.setattr(releases, "read_outputs", lambda _: outputs)
    monkeypatch.setattr(releases, "read_served", lambda _: served)
    done = CliRunner().invoke(portico, ["releases", "-s", "prod", *words])
    assert done.exit_code == 0, done.output
    return done.output


def test_the_command_lists_what_nginx_serves(monkeypatch: pytest.MonkeyPatch) -> None:
    assert D in list_of(make_outputs(), {"shop": D}, monkeypatch)
    assert list_of({}, None, monkeypatch) == "Nothing was released yet; portico up -s prod does it.\n"


def test_a_script_reads_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    reported = json.loads(list_of(make_outputs({"shop": B}, B), {"shop": B}, monkeypatch, "--json"))
    assert reported["shop"]["live"] == reported["shop"]["pinned"] == B
    assert [one["release"] for one in reported["shop"]["kept"]] == [A, B, C]
