"""The questions of the switch, asked by the very script: who is proven, who is given up, and how soon."""

import os
import socket
import time
from pathlib import Path

import pytest

from tests.components.switch_folder import QUICK, Ran, Server, SwitchFolder, status

JUDGE = 'prove; list_refused; echo "refused:$refused"'


def judge(here: SwitchFolder, wait: int = 30) -> tuple[list[str], list[str]]:
    """What is said of those that are refused, and their sites."""
    ran = here.prove(JUDGE, wait=wait)
    assert (ran.code, ran.errors) == (0, ""), ran
    return ran.said[:-1], ran.said[-1].removeprefix("refused:").split()


def starts(times: int) -> list[str]:
    return [f"start {int(time.time())}"] * times


BOOTS = {
    "no file": ([], "0 0 0"),
    "started": (["start NOW"], "0 1 1"),
    "one worker": (["start NOW", "worker 7"], "1 1 2"),
    "two workers": (["start NOW", "worker 7", "worker 8"], "2 1 3"),
    "the first is lost": (["start NOW", "worker 7", "worker 8", "worker 9", "lost 7"], "2 1 5"),
    "the middle one is lost": (["start NOW", "worker 7", "worker 8", "worker 9", "lost 8"], "2 1 5"),
    "the last is lost": (["start NOW", "worker 7", "worker 8", "worker 9", "lost 9"], "2 1 5"),
    "all are lost": (["start NOW", "worker 7", "worker 8", "lost 8", "lost 7"], "0 1 5"),
    "one is replaced": (["start NOW", "worker 7", "worker 8", "lost 7", "worker 9"], "2 1 5"),
    "one that never loaded is lost": (["start NOW", "worker 7", "lost 8"], "1 1 3"),
    "lost twice": (["start NOW", "worker 7", "worker 8", "lost 7", "lost 7"], "1 1 5"),
    "a number in another": (["start NOW", "worker 1", "worker 11", "worker 111", "lost 11", "lost 1"], "1 1 6"),
    "a number in another is lost": (["start NOW", "worker 11", "lost 1", "lost 111"], "1 1 4"),
    "lost before it came": (["start NOW", "lost 7", "worker 7"], "1 1 3"),
    "started again": (["start NOW", "worker 7", "worker 8", "start NOW"], "0 2 4"),
    "started again, and up": (["start NOW", "worker 7", "start NOW", "worker 9", "worker 10"], "2 2 5"),
    "one of the time before is lost": (["start NOW", "worker 7", "start NOW", "worker 9", "lost 7"], "1 2 5"),
    "started long ago": (["start 1000", "start 1000", "start NOW", "worker 7"], "1 1 4"),
    "an empty file": ([""], "0 0 1"),
}


@pytest.mark.parametrize(("lines", "read"), BOOTS.values(), ids=BOOTS.keys())
def test_boots_are_counted(here: SwitchFolder, lines: list[str], read: str) -> None:
    here.add(boots=[line.replace("NOW", str(int(time.time()))) for line in lines])
    ran = here.prove('replica 1; read_boots; echo "$up $started $lines"')
    assert (ran.said, ran.errors) == ([read], "")


def test_half_a_line_is_not_read(here: SwitchFolder) -> None:
    found = here.add(boots=["start 1000", "worker 7"])
    with found.boots.open("a") as file:
        file.write("worker 8")
    assert here.prove('replica 1; read_boots; echo "$up $lines"').said == ["1 2"]


@pytest.mark.parametrize("kind", ["pipe", "folder"])
def test_what_an_application_lays_there_instead_does_not_stop_the_switch(here: SwitchFolder, kind: str) -> None:
    found = here.add(boots=[])
    os.mkfifo(found.boots) if kind == "pipe" else found.boots.mkdir()
    assert here.prove('replica 1; read_boots; echo "$up $started $lines"').said == ["0 0 0"]


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


# --- names

NAMED = "all=$(seq $(count)); refused=; mkdir -p $work/1 $work/2; name_replicas"


def name(here: SwitchFolder, code: str = NAMED) -> Ran:
    ran = here.prove(code)
    assert (ran.code, ran.errors) == (0, ""), ran
    return ran


def leads(known: Path) -> str | None:
    return os.readlink(known) if known.is_symlink() else None


def test_a_proven_replica_is_given_the_known_name_and_it_can_be_given_back(here: SwitchFolder) -> None:
    old, new = here.add(), here.add()
    here.replicas = [new]
    new.known.symlink_to(old.own.name)
    name(here)
    assert leads(new.known) == new.own.name
    new.known.unlink()
    new.known.symlink_to(old.own.name)
    name(here, NAMED + "; unname_replicas")
    assert leads(new.known) == old.own.name
    assert sorted(path.name for path in new.known.parent.iterdir() if path.suffix == ".switch") == []


def test_a_name_that_nobody_had_stays_with_whom_it_was_given(here: SwitchFolder) -> None:
    found = here.add()
    name(here, NAMED + "; unname_replicas")
    assert leads(found.known) == found.own.name


def test_a_refused_replica_is_given_no_name(here: SwitchFolder) -> None:
    old, new, blog = here.add(), here.add(), here.add("blog")
    here.replicas = [new, blog]
    new.known.symlink_to(old.own.name)
    for code in ("", "; unname_replicas"):
        name(here, NAMED.replace("refused=", "refused=' shop'") + code)
        assert leads(new.known) == old.own.name and leads(blog.known) == blog.own.name


@pytest.mark.parametrize("whose", ["its own", "another's"])
def test_a_name_that_was_laid_aside_is_taken(here: SwitchFolder, whose: str) -> None:
    """The health check lays aside the name of a replica that fails (components/in_container/health.py)."""
    old, new = here.add(), here.add()
    here.replicas = [new]
    aside, owner = Path(f"{new.known}.out"), new if whose == "its own" else old
    aside.symlink_to(owner.own.name)
    name(here)
    assert leads(new.known) == new.own.name and not aside.is_symlink()
    aside.symlink_to(owner.own.name)
    new.known.unlink()
    name(here, NAMED + "; unname_replicas")
    assert leads(new.known) == owner.own.name


def test_a_replica_that_has_its_name_keeps_it(here: SwitchFolder) -> None:
    found = here.add()
    found.known.symlink_to(found.own.name)
    before = found.known.lstat().st_ino
    name(here, NAMED + "; unname_replicas")
    assert found.known.lstat().st_ino == before


# --- after the switch

AGAIN = f"prove; list_refused; name_replicas; {QUICK} if prove_again; then echo well; else echo lost; fi"


def test_those_that_still_answer_are_well(here: SwitchFolder) -> None:
    found, other = here.add(), here.add("blog", answer=None, boots=starts(4))
    ran = here.prove(AGAIN)
    assert ran.said == ["blog-gunicorn-0: Gunicorn ended 3 times while it started", "well"]
    assert len(found.asked) >= 6 and other.server is None


def test_one_that_answers_no_more_after_the_switch_is_lost(here: SwitchFolder) -> None:
    here.add(index=0)
    found = here.add(index=1)
    assert found.server
    found.server.before = lambda times: setattr(found.server, "answer", status(200 if times < 5 else 500))
    ran = here.prove(AGAIN)
    assert ran.said == ["shop-gunicorn-1 stopped answering GET / just after NGINX was switched to it (500)", "lost"]
    assert ran.reported == [f"@refused shop 1 {found.id} it stopped answering just after the switch"]


@pytest.mark.parametrize("line", ["lost 8", "start NOW", "lost 99"])
def test_one_that_lost_a_worker_or_started_again_since_is_lost(here: SwitchFolder, line: str) -> None:
    found = here.add()
    assert found.server
    now = line.replace("NOW", str(int(time.time())))
    found.server.before = lambda times: found.note(now) if times == 5 else None
    assert here.prove(AGAIN).said[-1] == "lost"


def test_they_are_asked_at_the_name_that_nginx_uses(here: SwitchFolder) -> None:
    found = here.add()
    ran = here.prove("prove; list_refused; prove_again && echo well || echo lost")
    assert ran.said[-1] == "lost" and "(000)" in ran.said[0]
    found.known.symlink_to(found.own.name)
    assert here.prove("prove; list_refused; prove_again && echo well || echo lost").said == ["well"]
