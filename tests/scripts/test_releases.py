"""What make releases lists, and what make rollback and make resume choose."""

import io
import json
from collections.abc import Callable
from typing import Any

import pytest

from scripts import releases, summary

A, B, C = ("a" * 12, "b" * 12, "c" * 12)


def make_outputs(held: dict[str, str] | None = None, live: str = A, **more: Any) -> dict[str, Any]:
    records = [{"release": name, "at": f"2026-01-0{day}T12:00:00Z"} for name, day in ((A, 3), (B, 2), (C, 1))]
    return {"releases": {"shop": live}, "history": {"shop": records}, "held": held or {}} | more


BOTH = make_outputs(
    releases={"shop": A, "blog": B}, history={"shop": make_outputs()["history"]["shop"], "blog": [{"release": B}]}
)


@pytest.mark.parametrize(
    ("outputs", "states"),
    [
        (make_outputs(), ["live", "kept", "kept"]),
        (make_outputs({"shop": B}, B), ["kept", "live, held", "kept"]),
        (
            make_outputs({"shop": B}, "d" * 12),
            ["kept", "live, held (as dddddddddddd: what it is made with is newer)", "kept"],
        ),
    ],
)
def test_the_list(outputs: dict[str, Any], states: list[str]) -> None:
    assert releases.list_releases(outputs) == ["shop"] + [
        f"  {name}  2026-01-0{day} 12:00:00 UTC  {state}"
        for name, day, state in zip((A, B, C), (3, 2, 1), states, strict=True)
    ]


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
        (lambda: releases.choose(BOTH, "", ""), "which site? Write make rollback SITE= and one of: shop blog"),
        (lambda: releases.choose(BOTH, "shep", ""), '"shep" is not among: shop blog'),
        (lambda: releases.choose(BOTH, "blog", ""), f"no release of blog before {B} is kept"),
        (lambda: releases.choose(make_outputs({"shop": C}, C), "", ""), f"no release of shop before {C} is kept"),
        (lambda: releases.choose(make_outputs(), "", "x"), f'"x" is no release of shop that is kept; .*: {A} {B} {C}'),
        (lambda: releases.choose_held({}, ""), "no site is held"),
        (lambda: releases.choose_held({"shop": A, "blog": B}, ""), "which site? Write make resume SITE="),
        (lambda: releases.choose_held({"shop": A}, "blog"), '"blog" is not among: shop'),
    ],
)
def test_what_cannot_be_chosen_is_said(ask: Callable[[], object], message: str) -> None:
    with pytest.raises(releases.Refused, match=message.replace("?", r"\?")):
        ask()


def test_a_refusal_is_one_line_and_an_exit_code(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(json.dumps(BOTH)))
    assert releases.main("choose", "test", "", "") == 1
    said = capsys.readouterr()
    assert said.out == "" and said.err.startswith("error: which site?") and said.err.count("\n") == 1


def test_what_is_chosen_is_two_words_for_the_shell(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(json.dumps(make_outputs())))
    assert releases.main("choose", "test", "", "") == 0
    assert capsys.readouterr().out == f"shop {B}\n"
    assert releases.main("held", "", json.dumps({"shop": B})) == 0
    assert capsys.readouterr().out == "shop\n"


@pytest.mark.parametrize("held", [{}, {"shop": B}])
def test_the_summary_of_up_says_what_is_held(
    held: dict[str, str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    stack = {"type": summary.STACK, "outputs": make_outputs(held) | {"url": "http://shop.example"}}
    monkeypatch.setattr("sys.stdin", io.StringIO(json.dumps({"deployment": {"resources": [stack]}})))
    assert summary.main("up", "1") == 0
    lines = capsys.readouterr().out.splitlines()
    told = [f"shop is held at release {B}; its source is not deployed: make resume SITE=shop"] if held else []
    assert lines[-1] == "http://shop.example" and [line for line in lines if "held" in line] == told
