"""A site's further processes: what may be set of them, and what their containers are."""

from pathlib import Path
from typing import Any

import pytest

from portico.config.release.assemble import make_release
from portico.config.release.process import PROCESS, describe_process
from portico.config.release.release import Release
from portico.config.release.release_command import KEY, describe_command, key_command
from portico.config.release.replica import Place, describe_replica
from portico.config.release.worker import SINGLE, STOP, describe_worker, digest_workers
from portico.config.settings.command import split_command
from tests.config.sample import make_site, make_values, read_settings, refuse

PLACE = Place(project="portico", stack="test", sockets="s", static="t", secrets="k", network="n")
UPGRADE = {"command": "flask db upgrade"}


def queue(**changes: Any) -> dict[str, Any]:
    return {"name": "queue", "command": "celery --app web worker", **changes}


def release(root: Path, secrets: dict[str, str] | None = None, stack: Any = None, **site: Any) -> Release:
    settings = read_settings(root, make_site(**site), **(stack or {}))
    return make_release(settings, settings.sites[0], root, secrets or {})


BAD: list[tuple[dict[str, Any], str]] = [
    ({"release": {}}, "sites[0].release.command: is required; write command: flask db upgrade"),
    (
        {"release": {"command": ""}},
        "sites[0].release.command: the command is empty; write one such as flask db upgrade",
    ),
    (
        {"release": {"command": "flask db 'upgrade"}},
        'sites[0].release.command: "flask db \'upgrade" cannot be split into words (no closing quotation); '
        "close each quote that is opened",
    ),
    (
        {"release": {"command": "flask db upgrade && flask seed"}},
        'sites[0].release.command: "flask db upgrade && flask seed" holds &&, which only a shell understands, and none '
        "is there; write sh -c '...' around it, or quotes around what is meant as it stands",
    ),
    (
        {"release": {"command": "flask\ndb"}},
        'sites[0].release.command: "flask\\ndb" is not a command; write one line of at most 2000 printable letters, '
        "such as flask db upgrade",
    ),
    (
        {"release": {**UPGRADE, "timeout": 30}},
        'sites[0].release.timeout: "30" is not a duration; write a whole number and a unit (ms, s, m or h), such as '
        "30s",
    ),
    (
        {"workers": [queue(name="web")]},
        'sites[0].workers[0].name: "web" is not the name of a process; write 1 to 32 lower-case letters, digits and '
        "dashes, starting with a letter, such as queue; web and release are taken",
    ),
    ({"workers": [queue(), queue()]}, 'sites[0].workers: "queue" names two workers; write another name'),
    (
        {"workers": [queue(single=True, replicas=2)]},
        "sites[0].workers[0]: single means one container, and replicas is 2; leave one of them out",
    ),
    ({"workers": [queue(replicas=33)]}, "sites[0].workers[0].replicas: 33 does not fit; write at most 32"),
]


SHELL = [
    ("A=1 python x.py", "A="),
    ("A='1 2' python x.py", "A="),
    ("~/x", "~/x"),
    ("python ~", "~"),
    ("echo $HOME", "$HOME"),
    ('echo "$HOME"', "$HOME"),
    ("echo ${HOME}", "${"),
    ("echo $(date)", "$("),
    ("echo `date`", "`"),
    ("a;b", ";"),
    ("a|b", "|"),
    ("a &", "&"),
    ("a || b", "||"),
    ("a>b", ">"),
    ("a 2>/dev/null", "2>"),
    ("a 2>&1", "2>&1"),
    ("a < b", "<"),
    ("rm /tmp/*", "*"),
    ("cd /app", "cd"),
    ("exec flask tidy", "exec"),
]


@pytest.mark.parametrize(("command", "found"), SHELL)
@pytest.mark.parametrize("whose", ["release", "workers", "schedule"])
def test_a_command_that_needs_a_shell_is_refused(root: Path, whose: str, command: str, found: str) -> None:
    given = {
        "release": {"command": command},
        "workers": [queue(command=command)],
        "schedule": [{"name": "a", "cron": "0 3 * * *", "command": command}],
    }[whose]
    (line,) = refuse(root, make_values(make_site(**{whose: given})))
    assert f" holds {found}, which only a shell understands" in line and "write sh -c '...' around it" in line


@pytest.mark.parametrize(
    "command",
    [
        "sh -c 'cd /app && A=1 exec python ~/x > $HOME/y'",
        "python -c 'print(1) ; print(\"$x\")'",
        "flask call 'http://a/?b=1&c=*'",
        r"echo \$HOME \* a\;b",
        "celery --app=web worker -E -Q a,b",
        "env A=1 python x.py",
        'grep "foo$"',
        "python x.py A=1 a~b",
    ],
)
def test_what_is_quoted_or_plain_is_handed_on_as_it_stands(root: Path, command: str) -> None:
    made = release(root, release={"command": command}).site.release
    assert made and made.command == command


@pytest.mark.parametrize(("site", "line"), BAD)
def test_a_bad_setting_is_named_with_its_path_and_what_to_write(root: Path, site: dict[str, Any], line: str) -> None:
    assert refuse(root, make_values(make_site(**site))) == [line]


def test_a_command_is_split_as_a_shell_would() -> None:
    assert split_command("sh -c 'flask db upgrade && flask seed'") == ["sh", "-c", "flask db upgrade && flask seed"]


def test_a_process_is_as_a_replica_but_nobody_asks_it(root: Path) -> None:
    made = release(root, {"KEY": "x"}, environment={"LEVEL": "info"})
    process, replica = describe_process(made, PLACE, "job", ["a", "b"], memory=9), describe_replica(made, 0, PLACE)
    for same in ("user", "volumes", "tmpfs", "capabilities", "read_only", "security_opts", "ulimits", "init"):
        assert process[same] == replica[same], same
    assert (process["entrypoints"], process["command"], process["memory"]) == (["a"], ["b"], 9)
    assert process["networks_advanced"] == [{"name": "n"}] and process["healthcheck"] == {"tests": ["NONE"]}
    own = {"PORTICO_REPLICA", "PORTICO_ADDRESS", "PORTICO_PROGRESS", "PORTICO_BOOTS"}
    assert process["envs"] == {key: value for key, value in replica["envs"].items() if key not in own}
    assert own <= replica["envs"].keys()


def test_the_words_of_an_images_own_entrypoint_come_first(root: Path) -> None:
    made = release(root)
    object.__setattr__(made, "entrypoint", ("/start.sh",))
    assert describe_process(made, PLACE, "job", ["a", "b"], memory=9)["entrypoints"] == ["/start.sh", "a"]


def test_a_worker_is_known_by_its_name_and_has_its_time_to_end(root: Path) -> None:
    made = release(root, workers=[queue(stop="90s", memory="1G")])
    worker = describe_worker(made, made.site.workers[0], PLACE)
    labels = {one["label"]: one["value"] for one in worker["labels"]}
    assert (labels["portico.role"], labels[PROCESS], labels[STOP]) == ("worker", "queue", "90")
    assert (worker["destroy_grace_seconds"], worker["memory"], worker["restart"]) == (95, 1024, "unless-stopped")
    assert [*worker["entrypoints"], *worker["command"]] == ["celery", "--app", "web", "worker"]
    assert (worker["stop_signal"], worker["init"]) == ("SIGTERM", True)


def test_a_single_worker_begins_once_it_has_its_lock(root: Path) -> None:
    made = release(root, workers=[queue(single=True)])
    words = describe_worker(made, made.site.workers[0], PLACE)["command"]
    assert words[-7:] == ["/run/portico/shop", "queue", "queue", "celery", "--app", "web", "worker"]
    made = release(root, workers=[queue(single=True), queue(name="beat", single=True), queue(name="many")])
    reported = [describe_worker(made, worker, PLACE) for worker in made.site.workers]
    assert [one["command"][-6:-4] for one in reported[:2]] == [["queue", "beat,queue"], ["beat", "beat,queue"]]
    assert [{"label": SINGLE, "value": "yes"} in one["labels"] for one in reported] == [True, True, False]


def test_a_release_command_runs_to_its_end_and_leaves_no_word_in_the_state(root: Path) -> None:
    made = release(root, release={**UPGRADE, "timeout": "5m"})
    container = describe_command(made, PLACE)
    assert (container["attach"], container["must_run"], container["restart"]) == (True, False, "no")
    assert container["logs"] is False
    assert container["command"][-6:] == ["/run/portico/shop", key_command(made), "300", "flask", "db", "upgrade"]
    assert {"label": KEY, "value": key_command(made)} in container["labels"]


SAME: dict[str, dict[str, Any]] = {
    "replicas": {"replicas": 5},
    "memory of the replicas": {"gunicorn": {"memory": "1G"}},
    "NGINX": {"stack": {"nginx": {"workers": 4}}, "balance": "least_conn"},
    "another host name": {"hosts": ["other.example"]},
    "its own limits": {"release": {**UPGRADE, "timeout": "1m", "memory": "1G"}},
    "a worker": {"workers": [queue()]},
}
OTHER: dict[str, dict[str, Any]] = {
    "command": {"release": {"command": "flask db downgrade"}},
    "environment": {"environment": {"A": "1"}},
    "secret": {"secrets": {"A": "1"}},
    "image": {"packages": ["libpq5"]},
}


@pytest.mark.parametrize("name", SAME)
def test_what_a_release_command_does_not_see_makes_it_run_no_second_time(root: Path, name: str) -> None:
    changes = {"release": UPGRADE, **SAME[name]}
    assert key_command(release(root, **changes)) == key_command(release(root, release=UPGRADE))


@pytest.mark.parametrize("name", OTHER)
def test_what_it_depends_on_makes_it_run_again(root: Path, name: str) -> None:
    changes = {"release": UPGRADE, **OTHER[name]}
    assert key_command(release(root, **changes)) != key_command(release(root, release=UPGRADE))


def test_there_is_no_key_without_a_command(root: Path) -> None:
    assert key_command(release(root)) == ""


def test_a_worker_is_the_same_in_another_release_of_the_same_settings(root: Path) -> None:
    first, second = (release(root, workers=[queue()], hosts=[host]) for host in ("a.example", "b.example"))
    assert first.id != second.id and digest_workers(first) == digest_workers(second)
    assert digest_workers(first) != digest_workers(release(root, workers=[queue(replicas=2)]))


def test_a_site_without_further_processes_is_named_as_ever(root: Path) -> None:
    """What is new here must replace no replica of those who use none of it."""
    replica = describe_replica(release(root), 0, Place())
    assert replica["ulimits"] == [{"name": "nproc", "soft": 4096, "hard": 4096}]
