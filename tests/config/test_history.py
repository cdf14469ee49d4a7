"""The history of releases, and what `rollback` makes of it. No source is read for a site that is pinned."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from portico.config.plan import Plan, make_plan
from portico.config.release.history import Record, keep_pinned, read_history, remember, spell_history
from portico.config.settings import Mistakes
from tests.config.sample import HASH, make_site, make_values, write_files

TIMES = [f"2026-01-0{day}T00:00:00Z" for day in range(1, 10)]


def record(name: str, at: str = TIMES[0], site: str = "{}") -> Record:
    return Record(release=name * 12, image=name * 12, at=at, site=site, static="")


A, B, C, D = (record(name) for name in "abcd")


@pytest.mark.parametrize(
    ("earlier", "live", "keep", "after"),
    [
        pytest.param((), A, 5, (A,), id="the first"),
        pytest.param((B, C), A, 5, (A, B, C), id="a new one comes first"),
        pytest.param((B, C), A, 2, (A, B), id="the oldest falls out"),
        pytest.param((A, B), A, 5, (A, B), id="nothing new"),
        pytest.param((A, B, C), C, 5, (C, A, B), id="one that was there comes first again"),
        pytest.param((A, B, C, D), D, 2, (D, A), id="and others fall out"),
        pytest.param((A, B, C), A, 1, (A,), id="fewer are kept"),
    ],
)
def test_the_history_after_a_release(
    earlier: tuple[Record, ...], live: Record, keep: int, after: tuple[Record, ...]
) -> None:
    assert remember(earlier, live, keep) == after


def test_a_release_keeps_its_time_and_has_its_newest_settings() -> None:
    again = record("a", TIMES[5], site='{"body": "9M"}')
    assert remember((A, B), again, 5)[0] == record("a", TIMES[0], site='{"body": "9M"}')


@pytest.mark.parametrize(
    ("pinned", "keep", "after"),
    [(B, 5, (A, B, C)), (C, 2, (A, C)), (C, 1, (C,)), (A, 1, (A,)), (B, 2, (A, B))],
)
def test_a_pinned_release_leaves_the_order_alone_and_never_falls_out(
    pinned: Record, keep: int, after: tuple[Record, ...]
) -> None:
    assert keep_pinned((A, B, C), pinned, keep) == after


def test_it_is_read_as_it_was_spelled() -> None:
    plain = spell_history({"shop": (A, B)})
    assert json.loads(json.dumps(plain)) == plain and read_history(plain) == {"shop": (A, B)}


@pytest.mark.parametrize(
    "plain",
    [None, [], "x", {"shop": None}, {"shop": [1, {}]}, {"shop": [{"release": "a", "image": 1}]}],
    ids=str,
)
def test_what_is_no_history_is_none(plain: Any) -> None:
    assert not any(read_history(plain).values())


def release_thrice(root: Path, **changes: Any) -> tuple[list[Plan], Any]:
    """Three releases of the shop, each with another line of code and another limit; the history after them."""
    plans, history = [], None
    for number in range(3):
        write_files(root / "shop", {"web.py": f"app = {number}\n"})
        values = make_values(make_site(body=f"{number + 1}M", environment={"N": str(number)}), **changes)
        plans.append(make_plan(values, root, history))
        history = spell_history(plans[-1].remember(TIMES[number]))
    return plans, history


def hold_shop(root: Path, history: Any, release: str, **changes: Any) -> Plan:
    values = make_values(make_site(body="3M"), rollback={"shop": release})
    return make_plan({**values, **changes}, root, history)


def test_every_release_is_recorded_with_what_makes_it(root: Path) -> None:
    plans, history = release_thrice(root)
    assert [one["release"] for one in history["shop"]] == [plan.releases[0].id for plan in reversed(plans)]
    assert [one["at"] for one in history["shop"]] == TIMES[2::-1]
    assert [json.loads(one["site"])["body"] for one in history["shop"]] == ["3M", "2M", "1M"]
    assert {one["static"] for one in history["shop"]} == {"static"}


def test_a_pinned_site_is_the_very_same_release_without_its_source(root: Path) -> None:
    (first, *_), history = release_thrice(root)
    shutil.rmtree(root / "shop")
    plan = hold_shop(root, history, first.releases[0].id)
    (now,), (then,) = plan.releases, first.releases
    assert (now.id, now.image, now.static, now.bind) == (then.id, then.image, then.static, then.bind)
    assert now.site == then.site and now.context == {}
    assert plan.render().files["conf.d/shop.conf"] == first.render().files["conf.d/shop.conf"]
    assert plan.pinned["shop"].release == then.id
    assert spell_history(plan.remember(TIMES[8])) == history


@pytest.mark.parametrize("broken", ["def (:\n", ""], ids=["syntax", "no app"])
def test_a_broken_source_is_no_mistake_while_its_site_is_pinned(root: Path, broken: str) -> None:
    (first, *_), history = release_thrice(root)
    write_files(root / "shop", {"web.py": broken})
    with pytest.raises(Mistakes):
        make_plan(make_values(), root, history)
    assert hold_shop(root, history, first.releases[0].id).releases[0].id == first.releases[0].id


def test_other_sites_are_read_from_their_source(root: Path) -> None:
    (first, *_), history = release_thrice(root)
    write_files(root / "blog", {"requirements.txt": "flask\n", "web.py": "app = 1\n"})
    blog = make_site(name="blog", source="blog", hosts=["blog.example"])
    changes = {"sites": [blog, make_site()]}
    plan = hold_shop(root, history, first.releases[0].id, **changes)
    assert [bool(release.context) for release in plan.releases] == [True, False]
    assert set(plan.remember(TIMES[5])) == {"blog", "shop"}
    write_files(root / "blog", {"web.py": "\n"})
    with pytest.raises(Mistakes, match=r"sites\[0\]\.entry"):
        hold_shop(root, history, first.releases[0].id, **changes)


def test_secrets_and_users_are_todays(root: Path) -> None:
    users = {"ann": HASH}
    old = make_plan(make_values(make_site(users=users), secrets={"shop": {"KEY": "correct horse"}}), root)
    history = spell_history(old.remember(TIMES[0]))
    assert HASH not in repr(history) and "correct horse" not in repr(history)
    release = old.releases[0].id
    plan = hold_shop(root, history, release, sites=[make_site(users={"bob": HASH})], secrets={"shop": {"KEY": "new"}})
    assert list(plan.settings.sites[0].users) == ["bob"]
    # What replaces a replica is in the id: it is not the recorded one.
    assert plan.releases[0].id != release and plan.releases[0].image == old.releases[0].image
    assert plan.pinned["shop"].release == release


def refuse(root: Path, history: Any, rollback: Any, **changes: Any) -> list[str]:
    with pytest.raises(Mistakes) as caught:
        make_plan(make_values(**changes) | {"rollback": rollback}, root, history)
    return [str(mistake) for mistake in caught.value.all]


def test_a_release_that_is_not_kept_is_refused_with_those_that_are(root: Path) -> None:
    plans, history = release_thrice(root)
    known = ", ".join(f"{plan.releases[0].id} ({at})" for plan, at in zip(plans[::-1], TIMES[2::-1], strict=True))
    assert refuse(root, history, {"shop": "0" * 12}) == [
        f'rollback.shop: "000000000000" is no release that shop can go back to; write one of {known}'
    ]


@pytest.mark.parametrize(
    ("rollback", "line"),
    [
        ({"shop": "0" * 12}, 'rollback.shop: "000000000000" is no release that shop can go back to; none was kept yet'),
        ({"shep": "0" * 12}, "rollback.shep: there is no such site; write one of shop"),
        ({"shop": 123456789012}, "rollback.shop: 123456789012 does not fit; write a text, in quotes"),
        ({"shop": "latest"}, 'rollback.shop: "latest" is not a release\'s id; write 12 hexadecimal digits'),
        ("shop", 'rollback: "shop" does not fit; write key: value pairs'),
        (["shop"], "rollback: a list does not fit; write key: value pairs"),
    ],
    ids=str,
)
def test_a_wrong_rollback_is_an_ordinary_mistake(root: Path, rollback: Any, line: str) -> None:
    assert any(said.startswith(line) for said in refuse(root, None, rollback))


def test_a_clash_with_earlier_settings_says_where_they_come_from(root: Path) -> None:
    old = make_plan(make_values(make_site(hosts=["old.example"])), root)
    history, release = spell_history(old.remember(TIMES[0])), old.releases[0].id
    blog = make_site(name="blog", hosts=["old.example"])
    (said,) = refuse(root, history, {"shop": release}, sites=[blog, make_site()])
    assert said.startswith('sites[1].hosts[0]: "old.example" is used at sites[0].hosts[0] already')
    assert said.endswith(f"; shop has the settings of release {release} (rollback.shop)")


@pytest.mark.parametrize("keep", [0, 51, "all"])
def test_so_many_releases_cannot_be_kept(root: Path, keep: Any) -> None:
    (said,) = refuse(root, None, {}, keepReleases=keep)
    assert said.startswith("keepReleases: ")
