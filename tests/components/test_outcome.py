"""The end of an update: what the switch said, and what the engine shows."""

from pathlib import Path
from typing import Any

import pulumi
import pytest

from portico.components.docker.engine_client import Engine
from portico.components.docker.replica import Replica
from portico.components.docker.switch_verdict import Ended, Outcome, compare
from tests.components.sample import BLOG, make_stack
from tests.components.watched import EDGE, Watched, serve, show
from tests.config.sample import make_site

A, B, C = ("1" * 12, "2" * 12, "3" * 12)
LONG = [id.ljust(64, "0") for id in (A, B, C)]
OLD = "a" * 12
REFUSED = f"@refused shop 0 {A} nothing answers GET /"
WHY = "shop-gunicorn-0: nothing answers GET /"


@pytest.fixture
def asked(root: Path) -> list[Replica]:
    """Two replicas of shop and one of blog."""
    stack = make_stack(root, make_site(), BLOG)
    container: Any = None
    return [
        Replica(release=release, index=index, container=container)
        for release in stack.releases
        for index in range(release.replicas)
    ]


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is said as an error; "settled" where the program was informed of a good end."""
    reported: list[str] = []
    monkeypatch.setattr(pulumi.log, "error", lambda text: reported.append(text))
    monkeypatch.setattr("portico.components.docker.switch_verdict.settle", lambda: reported.append("settled"))
    monkeypatch.setattr(
        "portico.components.docker.switch_verdict.stop_superseded", lambda *_: reported.append("stopped")
    )
    return reported


def watch(*listed: dict[str, Any], **more: Any) -> Watched:
    """An engine that shows what the switch to the tree t1 left."""
    shown = list(listed) or [show(A), show(B), show(C, site="blog")]
    return Watched(listed=[EDGE, *shown], **{"target": "trees/t1", "files": serve(OLD), **more})


def end(
    asked: list[Replica],
    *logs: str,
    code: int | None = 1,
    engine: Engine | None = None,
    served: dict[str, str] | None = None,
) -> str:
    ended = Ended("t1", EDGE["Id"], LONG, code, "\n".join(logs))
    return Outcome(engine=engine or watch(), asked=asked, served=served or {}).require_live(ended)


def fail(asked: list[Replica], *logs: str, **more: Any) -> list[str]:
    with pytest.raises(pulumi.RunError) as caught:
        end(asked, *logs, **more)
    return str(caught.value).splitlines()


@pytest.mark.parametrize("code", [0, None])
def test_a_good_end_is_the_tree_and_the_verdict(asked: list[Replica], said: list[str], code: int | None) -> None:
    assert end(asked, "the tree t1 is live", "@live shop", "@drained", code=code) == "t1"
    assert said == ["settled"]


def test_where_no_engine_can_be_asked_the_switch_has_the_last_word(asked: list[Replica], said: list[str]) -> None:
    alone = Outcome(engine=None, asked=asked, served={})
    assert alone.require_live(Ended("t1", EDGE["Id"], LONG, 0, "")) == "t1"
    assert said == ["settled"]
    with pytest.raises(pulumi.RunError, match="shop did not go live"):
        alone.require_live(Ended("t1", EDGE["Id"], LONG, 1, f"{WHY}\n{REFUSED}\n@drained"))
    assert said[1].endswith("yet.\nnothing answers GET /") and len(said) == 2


def test_a_preview_asks_nobody_and_settles_nothing(
    asked: list[Replica], said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pulumi.runtime, "is_dry_run", lambda: True)
    assert end(asked, engine=Watched(listed=None)) == "t1" and said == []


# --- what the switch said


def test_a_refused_site_is_explained_once_and_no_verdict_is_given(asked: list[Replica], said: list[str]) -> None:
    other = REFUSED.replace("shop 0", "shop 1").replace(A, B)
    lines = [WHY, REFUSED, WHY.replace("-0", "-1"), other, "the tree t0 is live", "@live blog", "@drained"]
    reported = fail(
        asked, *lines, served={"shop": OLD}, engine=watch(logs="ModuleNotFoundError: No module named 'redis'")
    )
    live = "blog is live with the release that was asked for."
    assert reported == ["shop did not go live; see the error above.", live]
    why, stopped = said
    assert stopped == "stopped"
    assert why.splitlines()[0] == (
        f"shop-gunicorn-0 did not become healthy. It gets no request; the release before it ({OLD}) keeps serving."
    )
    assert "Likely cause: the package redis is missing" in why
    assert "Portico stopped waiting for it: nothing answers GET /." in why


def test_a_first_release_does_not_say_that_one_before_it_serves(asked: list[Replica], said: list[str]) -> None:
    fail(asked, WHY, REFUSED, "@drained", served={"blog": OLD})
    assert "there is no release of shop before it, so nothing answers for shop yet" in said[0]
    assert "keeps serving" not in said[0]


def test_what_did_not_go_live_is_not_said_to_be(asked: list[Replica], said: list[str]) -> None:
    """The switch was turned back, or NGINX refused the mixture: the other sites are as they were, too."""
    line = "NGINX does not accept the other sites' new files beside the live ones of shop; nothing was switched"
    assert fail(asked, WHY, REFUSED, line, "the tree t0 is live", "@drained") == [
        "shop did not go live; see the error above.",
        line,
    ]
    lost = "shop-gunicorn-0 stopped answering GET / just after NGINX was switched to it (502)"
    reported = fail(asked, lost, f"@refused shop 0 {A} it stopped answering just after the switch", "@drained")
    assert reported == ["shop did not go live; see the error above."]
    assert said


def test_several_sites_are_listed(asked: list[Replica], said: list[str]) -> None:
    blog = f"@refused blog 0 {C} GET / with Host: blog.example is answered with 500"
    reported = fail(asked, REFUSED, blog, "@live docs", "@live forum", "@live wiki", "@drained")
    assert reported == [
        "shop and blog did not go live; see the error above.",
        "docs, forum and wiki are live with the release that was asked for.",
    ]
    assert [line.split()[0] for line in said] == ["shop-gunicorn-0", "blog-gunicorn-0", "stopped"]
    assert "Portico stopped waiting for it: GET / with Host: blog.example is answered with 500." in said[1]


def test_while_an_old_worker_may_ask_them_no_replica_is_stopped(asked: list[Replica], said: list[str]) -> None:
    fail(asked, REFUSED, "the tree t0 is live", "an old worker of NGINX did not end within 70 s")
    assert "stopped" not in said


def test_a_switch_that_went_with_nginx_is_reported(asked: list[Replica], said: list[str]) -> None:
    reported = fail(asked, code=137)
    assert reported[1] == "  it was killed: NGINX's container ended meanwhile, or somebody stopped it; run this again"


@pytest.mark.parametrize(
    ("logs", "reported"),
    [
        (["the tree t1 is not there any more"], ["NGINX was not switched.", "  the tree t1 is not there any more"]),
        ([], ["NGINX was not switched.", "  it printed nothing, and ended with 1"]),
        (["sh: curl: not found", "@drained"], ["NGINX was not switched.", "  sh: curl: not found"]),
        (
            ["the tree t1 is live", "@live shop", "an old worker of NGINX did not end within 70 s"],
            [
                "The new releases are live, but the switch ended with an error.",
                "  the tree t1 is live",
                "  an old worker of NGINX did not end within 70 s",
            ],
        ),
    ],
    ids=["no tree", "silence", "no program", "old workers"],
)
def test_any_other_failure_is_reported_in_the_switchs_own_lines(
    asked: list[Replica], said: list[str], logs: list[str], reported: list[str]
) -> None:
    assert fail(asked, *logs) == reported
    assert "settled" not in said


# --- what the engine shows

SHORT = "What should be live is not: "


@pytest.mark.parametrize(
    ("engine", "lacking"),
    [
        (watch(target="trees/t0"), "NGINX does not serve the tree t1"),
        (watch(target="trees/t1-1700000000"), "NGINX does not serve the tree t1"),
        (watch(show(A), show(C)), "shop-gunicorn-1 is gone"),
        (watch(show(A), show(B, State="exited"), show(C)), "shop-gunicorn-1 does not run"),
        (watch(show(A), show(B, State="restarting"), show(C)), "shop-gunicorn-1 does not run"),
        (watch(show(A), show(B), show(C, Status="Up 1 s (unhealthy)")), "blog-gunicorn-0 does not pass its health"),
        (watch(show(A), show(B, State="exited"), target=""), "t1; shop-gunicorn-1 does not run; blog-gunicorn-0 is go"),
        (Watched(listed=None), "Docker could not be asked: nobody answers"),
    ],
    ids=["another tree", "a mixture", "gone", "ended", "restarts", "unhealthy", "much", "no answer"],
)
def test_a_good_end_that_the_engine_does_not_show_is_none(
    asked: list[Replica], said: list[str], engine: Watched, lacking: str
) -> None:
    """Pulumi would delete what serves, for a switch that was undone since or whose record was fixed by hand."""
    (reported,) = fail(asked, "@live shop", "@drained", code=0, engine=engine)
    assert reported.startswith(SHORT) and lacking in reported and "Nothing was removed. Run this again" in reported
    assert said == []


def test_a_replica_that_is_only_checked_for_the_first_time_is_well(asked: list[Replica]) -> None:
    """The switch has asked it already; Docker's own check comes later."""
    engine = watch(show(A, Status="Up 2 seconds (health: starting)"), show(B), show(C))
    assert compare(engine, asked, Ended("t1", EDGE["Id"], LONG, 0, "")) == []


# --- whether anybody needs the port


@pytest.mark.parametrize(
    ("code", "logs", "served", "answers"),
    [
        (0, "@live shop", {}, True),
        (1, f"{REFUSED}\n@live blog", {}, True),
        (1, REFUSED, {"shop": OLD}, True),
        (1, REFUSED, {}, False),
        (1, "NGINX did not take the tree", {}, False),
    ],
    ids=["all is live", "another site is live", "the release before serves", "nothing serves", "not switched"],
)
def test_the_port_is_opened_for_an_answer(
    asked: list[Replica], said: list[str], code: int, logs: str, served: dict[str, str], answers: bool
) -> None:
    outcome = Outcome(engine=watch(), asked=asked, served=served)
    ended = Ended("t1", EDGE["Id"], LONG, code, logs)
    if answers:
        assert outcome.require_answers(ended) == "t1" and said == []
    else:
        with pytest.raises(pulumi.RunError):
            outcome.require_answers(ended)


def test_what_could_not_be_made_is_named_without_another_cause(asked: list[Replica], said: list[str]) -> None:
    """Its error hook has reported why already."""
    lines = fail(asked, "@refused shop 0 - it could not be made", "@live blog", "@drained")
    assert lines == ["shop did not go live; see the error above.", "blog is live with the release that was asked for."]
    assert said == ["stopped"]


def test_a_site_in_maintenance_that_could_not_be_made_is_no_success(asked: list[Replica], said: list[str]) -> None:
    outcome = Outcome(engine=watch(), asked=asked, served={})
    with pytest.raises(pulumi.RunError, match=r"^closed did not go live; see the error above\.$"):
        outcome.require_live(Ended("t1", EDGE["Id"], LONG, 0, "the tree t1 is live"), ["closed"])
    assert not said
