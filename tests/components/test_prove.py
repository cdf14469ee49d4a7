"""The questions of the switch, asked by the very script: who is proven, who is given up, and how soon."""

import socket
import time
from pathlib import Path

import pytest

from tests.components.judged import JUDGE, judge, starts
from tests.components.switch_folder import Server, SwitchFolder, status


@pytest.mark.parametrize("code", [200, 204, 301, 302, 307, 399, 401, 403, 404, 405, 429])
def test_an_answer_of_a_working_application_is_good(here: SwitchFolder, code: int) -> None:
    here.add(answer=status(code))
    assert judge(here) == ([], [])


@pytest.mark.parametrize("code", [400, 402, 410, 500, 502, 503])
def test_any_other_answer_is_none(here: SwitchFolder, code: int) -> None:
    here.add(answer=status(code), host="www.shop.example", path="/healthz")
    said = [f"shop-gunicorn-0: GET /healthz with Host: www.shop.example is answered with {code}"]
    assert judge(here, wait=1) == (said, ["shop"])


def test_the_switch_and_the_health_check_agree_on_what_is_good(here: SwitchFolder) -> None:
    health = (Path(__file__).parents[2] / "components" / "in_container" / "health.py").read_text()
    line = next(line for line in health.splitlines() if "status[:1] not in" in line)
    ran = here.prove('for code in $(seq 200 599); do if is_good "$code"; then echo "$code"; fi; done')
    names = {"status": ""}
    for code in range(200, 600):
        names["status"] = str(code)
        bad = eval(line.strip().removeprefix("if ").removesuffix(":"), names)
        assert (str(code) in ran.said) != bad, code
    assert here.prove("if is_good 000; then echo good; fi").said == []


def test_one_good_answer_is_not_health(here: SwitchFolder) -> None:
    found = here.add()
    assert judge(here) == ([], [])
    assert len(found.asked) == 3


def test_whoever_was_proven_before_needs_one_answer(here: SwitchFolder) -> None:
    found, other = here.add(proven=True), here.add(index=1)
    assert judge(here) == ([], [])
    assert len(other.asked) == 3
    here.replicas = [found]
    found.asked.clear()
    assert judge(here) == ([], []) and len(found.asked) == 1


def test_whoever_was_proven_before_and_does_not_answer_is_refused(here: SwitchFolder) -> None:
    here.add(answer=None, proven=True)
    assert judge(here, wait=1) == (["shop-gunicorn-0: nothing answers GET /"], ["shop"])


@pytest.mark.parametrize(
    ("lines", "bad"),
    [
        (["start NOW", *(f"lost {pid}" for pid in range(6))], True),
        (["start NOW", *(f"lost {pid}" for pid in range(5))], False),
        (["start NOW", "worker 7", *(f"lost {pid}" for pid in range(10))], False),
        (["start NOW", *(f"lost {pid}" for pid in range(4)), "start NOW", "lost 5", "lost 6"], False),
    ],
    ids=["three each", "fewer", "after one that loaded", "before the last start"],
)
def test_a_gunicorn_that_loses_three_times_its_workers_is_given_up(
    here: SwitchFolder, lines: list[str], bad: bool
) -> None:
    here.add(answer=None, boots=[line.replace("NOW", str(int(time.time()))) for line in lines])
    said, refused = judge(here, wait=1)
    vain = "shop-gunicorn-0: 6 workers ended, and none has loaded the application"
    assert (said, refused) == ([vain if bad else "shop-gunicorn-0: nothing answers GET /"], ["shop"])


@pytest.mark.parametrize("gone", [False, True], ids=["a socket without a listener", "no socket"])
def test_a_dead_replica_is_refused(here: SwitchFolder, gone: bool) -> None:
    found = here.add(answer=None)
    if gone:
        found.own.unlink()
    assert judge(here, wait=1) == (["shop-gunicorn-0: nothing answers GET /"], ["shop"])


def test_a_replica_whose_second_worker_never_loads_is_refused(here: SwitchFolder) -> None:
    here.add(boots=["start 1000", "worker 7"])
    said = ["shop-gunicorn-0: 1 of its 2 workers have loaded the application"]
    assert judge(here, wait=1) == (said, ["shop"])


def test_a_replica_that_wrote_nothing_down_is_refused(here: SwitchFolder) -> None:
    here.add(boots=[])
    said = ["shop-gunicorn-0: 0 of its 2 workers have loaded the application"]
    assert judge(here, wait=1) == (said, ["shop"])


@pytest.mark.parametrize("lines", [["lost 8", "worker 9"], ["start NOW", "worker 9", "worker 10"]], ids=str)
def test_a_worker_lost_or_a_start_between_two_answers_begins_the_count_anew(
    here: SwitchFolder, lines: list[str]
) -> None:
    found = here.add()
    now = [line.replace("NOW", str(int(time.time()))) for line in lines]
    assert found.server
    found.server.before = lambda times: found.note(*now) if times == 2 else None
    # Seen with the third answer at the latest, which counts as no more than the first.
    assert judge(here) == ([], [])
    assert len(found.asked) in (4, 5)


def test_a_worker_that_is_lost_again_and_again_is_refused(here: SwitchFolder) -> None:
    """The first worker answers; the second one starts, and ends, forever."""
    found = here.add()
    assert found.server
    found.server.before = lambda times: found.note("lost 8", "worker 8")
    assert judge(here, wait=1) == (["shop-gunicorn-0: it has not answered often enough in a row"], ["shop"])


def test_a_bad_answer_between_good_ones_begins_the_count_anew(here: SwitchFolder) -> None:
    found = here.add()

    def choose(times: int) -> None:
        assert found.server
        found.server.answer = status(500 if times == 3 else 200)

    assert found.server
    found.server.before = choose
    assert judge(here) == ([], [])
    assert len(found.asked) == 6


def test_four_starts_are_given_up_at_once(here: SwitchFolder) -> None:
    here.add(answer=None, boots=starts(4))
    ran = here.prove(JUDGE, wait=30, quick=False)
    assert ran.said == ["shop-gunicorn-0: Gunicorn ended 3 times while it started", "refused: shop"]
    assert ran.seconds < 5


def test_three_starts_are_waited_for(here: SwitchFolder) -> None:
    here.add(answer=None, boots=starts(3))
    ran = here.prove(JUDGE, wait=2, quick=False)
    assert ran.said == ["shop-gunicorn-0: nothing answers GET /", "refused: shop"]
    assert ran.seconds > 1


def test_starts_of_long_ago_are_no_reason(here: SwitchFolder) -> None:
    here.add(boots=["start 1000"] * 9 + ["worker 7", "worker 8"])
    assert judge(here) == ([], [])


def test_others_are_waited_for_when_one_is_given_up_and_no_longer_than_they_need(here: SwitchFolder) -> None:
    here.add("blog", answer=None, boots=starts(4))
    slow = here.add(answer=status(503))
    assert slow.server
    came = time.monotonic() + 2
    slow.server.before = lambda _: setattr(slow.server, "answer", status(200 if time.monotonic() > came else 503))
    ran = here.prove(JUDGE, wait=30, quick=False)
    assert ran.said == ["blog-gunicorn-0: Gunicorn ended 3 times while it started", "refused: blog"]
    assert 3 < ran.seconds < 15


def test_a_replica_that_hangs_is_refused_in_time(here: SwitchFolder) -> None:
    """It accepts connections and never answers; many at once take no longer than one."""
    for index in range(6):
        here.add(index=index, answer=b"")
    ran = here.prove(JUDGE, wait=3, quick=False)
    assert ran.said == [*(f"shop-gunicorn-{n}: nothing answers GET /" for n in range(6)), "refused: shop"]
    assert ran.seconds < 3 + 4 + 2


def test_the_time_limit_is_kept(here: SwitchFolder) -> None:
    here.add(answer=None)
    ran = here.prove(JUDGE, wait=3, quick=False)
    assert ran.said[-1] == "refused: shop" and 2 < ran.seconds < 6


def test_of_two_sites_the_bad_one_is_refused(here: SwitchFolder) -> None:
    here.add(), here.add(index=1)
    here.add("blog"), here.add("blog", 1, answer=status(500), boots=starts(4))
    said, refused = judge(here)
    assert refused == ["blog"] and [line.split(":")[0] for line in said] == ["blog-gunicorn-1"]


def test_sites_whose_names_begin_alike_are_distinguished(here: SwitchFolder) -> None:
    here.add("shop-b", answer=None, boots=starts(4)), here.add("shop"), here.add("b")
    assert judge(here)[1] == ["shop-b"]
    ran = here.prove('refused=" shop-b"; for site in shop b shop-b; do is_refused $site && echo $site; done; true')
    assert ran.said == ["shop-b"]


def test_all_can_be_refused(here: SwitchFolder) -> None:
    here.add(answer=None), here.add("blog", answer=status(500))
    assert judge(here, wait=1)[1] == ["shop", "blog"]


def test_more_than_nine_replicas_are_distinguished(here: SwitchFolder) -> None:
    for index in range(11):
        here.add(index=index, boots=starts(4) if index == 10 else None)
    assert here.replicas[10].server
    here.replicas[10].server.answer = status(500)
    ran = here.prove(JUDGE)
    why = "Gunicorn ended 3 times while it started"
    assert ran.said == [f"shop-gunicorn-10: {why}", "refused: shop"]
    assert ran.reported == [f"@refused shop 10 {here.replicas[10].id} {why}"]
    assert all(one.asked for one in here.replicas[:10])


def test_no_replica_is_no_question(here: SwitchFolder) -> None:
    ran = here.prove(JUDGE, wait=30, quick=False)
    assert (ran.said, ran.seconds < 3) == (["refused:"], True)


def test_the_program_is_reported_which_container_and_why(here: SwitchFolder) -> None:
    found = here.add("blog", 1, answer=status(500))
    reported = f"@refused blog 1 {found.id} GET / with Host: shop.example is answered with 500"
    assert here.prove(JUDGE, wait=1).reported == [reported]


def test_it_is_asked_as_by_nginx(here: SwitchFolder) -> None:
    found = here.add(host="www.shop.example", path="/health/z~1")
    judge(here)
    lines = found.asked[0].split("\r\n")
    assert lines[0] == "GET /health/z~1 HTTP/1.1" and "Host: www.shop.example" in lines
    assert "User-Agent: portico-switch" in lines


@pytest.mark.parametrize("path", ["/h?a=1&b=[1-2]", "/h?q={a,b}", "/a/../b", "/h;x='y'", "/$HOME/`id`/*", "/%20"])
def test_a_path_arrives_as_it_is_written(here: SwitchFolder, path: str) -> None:
    found = here.add(path=path)
    assert judge(here) == ([], [])
    assert {text.split("\r\n")[0] for text in found.asked} == {f"GET {path} HTTP/1.1"}
    assert len(found.asked) == 3


def test_one_that_is_found_by_name_is_asked_there_and_by_no_proxy(here: SwitchFolder) -> None:
    listener = socket.create_server(("127.0.0.1", 0))
    server = Server(listener, status(200))
    found = here.add()
    place = f"127.0.0.1:{listener.getsockname()[1]}"
    found.line = found.line.replace(f"unix:{found.own}", place).replace(f"unix:{found.known}", place)
    ran = here.prove(JUDGE + "; name_replicas; prove_again && echo again", http_proxy="http://127.0.0.1:9")
    assert ran.said == ["refused:", "again"]
    assert (len(server.asked), len(found.asked)) == (6, 0)
    server.stop()
