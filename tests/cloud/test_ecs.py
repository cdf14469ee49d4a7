"""The program on ECS, from nothing to nothing: a page, releases, one that is given up, a secret, and the end.

AWS is the double of the plugin (tests/cloud/plugin); the engine, images, registry, tasks and every request are real.
One deployment lives through all of it, so the tests run in this order.
"""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import docker
import docker.errors
import pytest

from tests.cloud.caller import Caller, make_certificate
from tests.cloud.fleet_deployment import FleetDeployment, choose_range
from tests.cloud.leftovers import list_leftovers
from tests.cloud.plugin.clock.runs import list_runs
from tests.cloud.plugin.fargate.tasks import list_tasks
from tests.cloud.plugin.fleet_kinds import BALANCER, DEFINITION, FILES, REPOSITORY
from tests.cloud.plugin.owner import LABEL, name_owner
from tests.cloud.plugin.registry import end_logins
from tests.docker.applications import small, write_offline, write_small
from tests.docker.ask import get
from tests.docker.commands import Door
from tests.docker.engine import HELLO, execute
from tests.docker.figures import Figures
from tests.docker.killed import Running
from tests.docker.load import Client, Load, Target, json_is, json_values, standard_clients

pytestmark = [pytest.mark.docker, pytest.mark.machine, pytest.mark.timeout(2400)]

RATE = 25.0  # requests a second, by 12 clients: tasks, balancer, engine and clients share two cores
STORE: Final = "/var/lib/hello"
# A request may take 8 s here, so that a release waits less for those that leave.
SITE = {
    **HELLO,
    "gunicorn": {"workers": 2, "timeout": "8s"},
    # All of them of the new release, as its variables say, with its secret.
    "release": {
        "command": f"sh -c 'echo upgrade of $PORTICO_RELEASE, secret $(wc -c </run/secrets/API_KEY) | "
        f"tee -a {STORE}/upgrades; while test -e {STORE}/busy; do sleep 0.2; done; test ! -e {STORE}/broken || exit 3'",
        "timeout": "20m",
    },
    "workers": [
        {"name": "queue", "command": "sh -c 'echo at work for $PORTICO_RELEASE; exec sleep 3600'", "stop": "5s"},
    ],
    "data": [{"name": "store", "path": STORE}],
    "schedule": [
        {
            "name": "minutely",
            "cron": "* * * * *",
            "command": f"sh -c 'echo job of $PORTICO_RELEASE, secret $(wc -c </run/secrets/API_KEY) >>{STORE}/jobs'",
            "overlap": "allow",
        }
    ],
}


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FleetDeployment]:
    deployment = FleetDeployment(tmp_path_factory.mktemp("fleet"), SITE, ecs={"cpu": 512}, healthTimeout=15)
    write_offline(deployment, "hello")
    with deployment:
        deployment.set_secret("hello", "API_KEY", "correct horse")
        yield deployment


def load(fleet: FleetDeployment, *clients: Client) -> Load:
    mixed = standard_clients(12, [Target(host="localhost", expect=json_is(site="hello"))])
    return Load(
        fleet.address,
        fleet.port,
        clients or mixed,
        rate=RATE,
        observe=json_values("site", "release"),
        most_seconds=1800,
    )


def ask(fleet: FleetDeployment, path: str = "/whoami", **more: Any) -> dict[str, Any]:
    return get(fleet.port, "localhost", path, address=fleet.address, **more).json()


def read_log(fleet: FleetDeployment, task: str, container: str) -> str:
    """What a container of a task has written until now, or until its end."""
    engine = docker.from_env()
    try:
        return engine.containers.get(f"{task}-{container}").logs().decode()
    except docker.errors.NotFound:
        return (fleet.cloud.folder / "logs" / f"{task}-{container}.log").read_text()
    finally:
        engine.close()


def run_in(task: str, container: str, command: str) -> str:
    """What a command prints in a container of a task, as its user."""
    engine = docker.from_env()
    found = engine.containers.get(f"{task}-{container}")
    said = execute(found, "sh", "-c", command)
    engine.close()
    return said


def read_upgrades(fleet: FleetDeployment) -> list[str]:
    """What the release commands until now have written into the data."""
    return run_in(fleet.tasks("hello")[0]["id"], "gunicorn", f"cat {STORE}/upgrades").splitlines()


def spell_upgrade(release: str) -> str:
    return f"upgrade of {release}, secret {len('correct horse')}"


def ensure(fleet: FleetDeployment) -> None:
    """A test that is run alone begins with what the ones before it have left."""
    if not fleet.cloud.things(BALANCER):
        fleet.up()


def break_health(fleet: FleetDeployment, note: str) -> str:
    """Let the next release say that it is not healthy; the source before. Another `note` makes another release."""
    file = fleet.source("hello") / "hello.py"
    before = file.read_text()
    broken = before.replace('return Response("ok", mimetype="text/plain")', 'return Response("no", status=500)')
    file.write_text(f"{broken}\n# {note}\n")
    assert broken != before
    return before


def test_from_nothing_to_a_page(fleet: FleetDeployment, figures: Figures) -> None:
    first = fleet.up(door="make")
    page = ask(fleet)
    figures.record(
        "A3",
        "from nothing to a page: network, balancer, registry, images and two tasks",
        target="a page",
        measured=f"{first.seconds:.0f} s",
        met=page["release"] == fleet.outputs()["releases"]["hello"],
    )
    assert fleet.outputs()["address"] == fleet.address
    assert "plain HTTP" in first.output
    tasks = fleet.tasks("hello")
    assert [task["status"] for task in tasks] == ["RUNNING", "RUNNING"]
    assert [task["status"] for task in fleet.tasks("hello-worker-queue")] == ["RUNNING"]
    begin = choose_range().removesuffix(".0.0/16")
    assert {task["address"].rpartition(".")[0] for task in tasks} == {f"{begin}.0", f"{begin}.1"}
    assert get(fleet.port, "nobody.example", address=fleet.address).status == 404
    # Before its web, once, with its secret and its data.
    assert read_upgrades(fleet) == [spell_upgrade(page["release"])]


def test_nothing_to_do_changes_nothing(fleet: FleetDeployment) -> None:
    ensure(fleet)
    known = fleet.cloud.journal()
    # Half a day later: a refresh needs a login of its own, or it would take the images for gone.
    end_logins(fleet.cloud)
    again = fleet.up("--refresh")
    print(f"\necs: {again.seconds:.0f} s for nothing to do")
    assert again.changes == 0, again.tail()
    assert fleet.cloud.journal() == known


def test_the_client_is_who_the_balancer_says_and_nobody_can_say_otherwise(fleet: FleetDeployment) -> None:
    ensure(fleet)
    found = ask(fleet, headers={"X-Forwarded-For": "192.0.2.9", "X-Forwarded-Proto": "https"})
    assert (found["client"], found["scheme"], found["host"]) == ("127.0.0.1", "http", "localhost")


def test_tasks_are_as_closed_as_they_can_be(fleet: FleetDeployment) -> None:
    ensure(fleet)
    engine = docker.from_env()
    found = engine.containers.list(filters={"label": f"{LABEL}={name_owner(fleet.cloud.folder)}"})
    ours = [one for one in found if str(one.name).endswith(("-nginx", "-gunicorn"))]
    assert len(ours) == 4
    for one in ours:
        host = one.attrs["HostConfig"]
        assert host["ReadonlyRootfs"] and host["CapDrop"] == ["ALL"] and host["Memory"] > 0, one.name
        assert execute(one, "id", "-u").strip() != "0"
        assert execute(one, "sh", "-c", "touch /etc/portico/x 2>/dev/null || echo refused") == "refused\n"
    engine.close()


@pytest.mark.parametrize(
    ("releases", "broken"),
    [
        pytest.param(1, False, id="1"),
        pytest.param(1, True, id="after a command that failed", marks=pytest.mark.extended),
        pytest.param(10, True, id="10", marks=pytest.mark.soak),
    ],
)
def test_releases_lose_no_request(fleet: FleetDeployment, figures: Figures, releases: int, broken: bool) -> None:
    """Where the first one is `broken`, its release command fails, and it is tried again."""
    ensure(fleet)
    seconds = []
    first, second = (task["id"] for task in fleet.tasks("hello"))
    run_in(first, "gunicorn", f"echo kept >{STORE}/lines")
    # All tasks of the site have the folder.
    assert run_in(second, "gunicorn", f"cat {STORE}/lines") == "kept\n"
    live = ask(fleet)["release"]
    before = read_upgrades(fleet)
    failed = None
    with load(fleet) as load_:
        load_.wait(3)
        for number in range(releases):
            fleet.edit("hello", f"# release {number} of {releases} {broken}")
            if broken and not number:
                run_in(first, "gunicorn", f"touch {STORE}/broken")
                # Its command fails: nothing of it starts, and the same `up` goes live once that is fixed.
                failed = fleet.up(fails=True)
                assert [task["id"] for task in fleet.tasks("hello")] == [first, second]
                run_in(first, "gunicorn", f"rm {STORE}/broken")
            seconds.append(fleet.up().seconds)
        load_.wait(3)
    report = load_.report()
    print(f"\n{report.details()}")
    figures.record(
        "A3",
        f"requests lost in {releases} releases of {min(seconds):.0f}-{max(seconds):.0f} s",
        target="0",
        measured=f"{report.failed} of {report.sent:,}",
        met=report.lossless and len(report.seen) == releases + 1,
    )
    assert len(fleet.tasks("hello")) == 2
    ran = read_upgrades(fleet)[len(before) :]
    if failed:
        assert "failed with exit code 3. No task of release " in failed.output, failed.tail()
        assert f"the release before it ({live}) keeps serving." in failed.output
        # It was tried again.
        first_new = ran.pop(0)
        assert f"  {first_new}\n" in failed.output and first_new != spell_upgrade(live) and ran[0] == first_new
    # Each release has run it once.
    assert len(ran) == releases and len({*ran}) == releases
    # The worker is of the same release, and there is one.
    (worker,) = fleet.tasks("hello-worker-queue")
    words, end = f"at work for {fleet.outputs()['releases']['hello']}", time.monotonic() + 120
    while words not in (said := read_log(fleet, worker["id"], "queue")):
        assert time.monotonic() < end, said
        time.sleep(0.2)
    assert run_in(worker["id"], "queue", f"cat {STORE}/lines") == "kept\n"
    assert ask(fleet)["release"] == fleet.outputs()["releases"]["hello"]


@pytest.mark.extended
def test_a_release_command_outlives_the_update_that_began_it_and_none_runs_beside_it(fleet: FleetDeployment) -> None:
    ensure(fleet)
    live, before, started = ask(fleet)["release"], read_upgrades(fleet), len(list_tasks(fleet.cloud))
    fleet.edit("hello", "# a release whose update is killed")
    with hold(fleet):
        killed = Running(fleet, 1)
        await_upgrades(fleet, len(before) + 1, killed)
        assert killed.kill()
        assert "was interrupted" in fleet.up(fails=True, door="make").output
        again = Running(fleet, 2, target="recover")
        task = list_tasks(fleet.cloud)[-1]
        again.await_line(f"The release command of hello still runs (task {task['taskArn'].rpartition('/')[2]}).")
        again.await_line("hello: the release command of a run before this one still runs; this update waits", 600)
        assert ask(fleet)["release"] == live and len(list_tasks(fleet.cloud)) == started + 1
    assert again.process.wait(600) == 0, again.log.read_text()
    # It has run once, and what it did is what went live.
    assert len(list_tasks(fleet.cloud)) == started + 1
    assert read_upgrades(fleet)[len(before) :] == [spell_upgrade(ask(fleet)["release"])] != [spell_upgrade(live)]


@pytest.mark.extended
def test_a_site_that_goes_back_and_returns_runs_no_release_command(fleet: FleetDeployment) -> None:
    ensure(fleet)
    if len(fleet.outputs()["history"]["hello"]) < 2:
        fleet.edit("hello", "# a release to go back from")
        fleet.up()
    live, before = ask(fleet)["release"], read_upgrades(fleet)
    fleet.rollback("hello")
    assert ask(fleet)["release"] != live
    fleet.resume("hello")
    assert ask(fleet)["release"] == live and read_upgrades(fleet) == before


@pytest.mark.extended
def test_a_release_command_that_takes_too_long_is_stopped_and_the_release_before_serves(fleet: FleetDeployment) -> None:
    ensure(fleet)
    live, before, source = ask(fleet)["release"], read_upgrades(fleet), fleet.source("hello") / "hello.py"
    text = source.read_text()
    fleet.edit("hello", "# a release whose command hangs")
    fleet.configure_site("hello", release={**SITE["release"], "timeout": "5s"})
    try:
        with hold(fleet):
            failed = fleet.up(fails=True)
    finally:
        fleet.configure_site("hello", release=SITE["release"])
        source.write_text(text)
    print(f"\n{failed.tail()}")
    (ran,) = read_upgrades(fleet)[len(before) :]
    assert "failed with exit code 124. No task of release " in failed.output
    assert f"the release before it ({live}) keeps serving." in failed.output
    assert f"  {ran}\n" in failed.output and "it took longer than 5 s" in failed.output
    assert {one["lastStatus"] for one in list_tasks(fleet.cloud)} == {"STOPPED"} and ask(fleet)["release"] == live
    # What it was tried with is taken back, so nothing is to be done.
    fleet.up()
    assert ask(fleet)["release"] == live and len(read_upgrades(fleet)) == len(before) + 1


@contextmanager
def hold(fleet: FleetDeployment) -> Iterator[None]:
    """Let release commands not end meanwhile."""
    run_in(fleet.tasks("hello")[0]["id"], "gunicorn", f"touch {STORE}/busy")
    try:
        yield
    finally:
        # A busy machine may have lost that task meanwhile.
        for left in reversed(range(5)):
            try:
                run_in(fleet.tasks("hello")[0]["id"], "gunicorn", f"rm -f {STORE}/busy")
                break
            except docker.errors.APIError:
                if not left:
                    raise
                time.sleep(5)


def await_upgrades(fleet: FleetDeployment, count: int, running: Running) -> None:
    """Wait until so many release commands have begun."""
    end = time.monotonic() + 600
    while len(read_upgrades(fleet)) < count:
        assert running.process.poll() is None and time.monotonic() < end, running.log.read_text()
        time.sleep(0.5)


def test_commands_by_hand_run_in_tasks_of_the_live_release(fleet: FleetDeployment) -> None:
    ensure(fleet)
    command = f"echo $PORTICO_RELEASE; wc -c </run/secrets/API_KEY; test -e {STORE}/upgrades && exit 4"
    done = fleet.portico("exec", "--site", "hello", "--", "sh", "-c", command, fails=True)
    live = ask(fleet)["release"]
    assert done.code == 4 and done.output.splitlines()[-2:] == [live, str(len("correct horse"))], done.tail()
    assert spell_upgrade(live) in fleet.portico("logs", "--process", "release").output
    assert f"at work for {live}" in fleet.portico("logs", "--process", "queue").output
    assert "ended with exit code 0 after" in fleet.portico("status").output
    assert "no shell can be opened in a task on ECS" in fleet.portico("shell", fails=True).output


@pytest.mark.parametrize(
    ("silent", "again"),
    [
        pytest.param(False, (), id="once"),
        pytest.param(False, ("make",), id="and again", marks=pytest.mark.extended),
        pytest.param(True, ("pulumi", "make"), id="as the provider was informed before", marks=pytest.mark.soak),
    ],
)
def test_a_release_that_never_gets_healthy_is_rolled_back_and_up_says_so(
    fleet: FleetDeployment, figures: Figures, silent: bool, again: tuple[Door, ...]
) -> None:
    ensure(fleet)
    live = ask(fleet)["release"]
    before = break_health(fleet, f"{silent} {again}")
    fleet.let_rollbacks_pass(silent)
    # It answers at once, and wrongly: nobody has to wait for it.
    fleet.configure(healthTimeout=5)
    try:
        with load(fleet, Client(host="localhost", path="/whoami", expect=json_is(release=live))) as load_:
            load_.wait(2)
            failed = fleet.up(fails=True)
            load_.wait(2)
        report = load_.report()
        print(f"\n{report.details()}\n{failed.tail()}")
        figures.record(
            "A4",
            f"requests lost while a release was given up and `up` failed, in {failed.seconds:.0f} s",
            target="0",
            measured=f"{report.failed} of {report.sent:,}",
            met=report.lossless,
        )
        reported = "were not healthy and AWS has given it up" if not silent else "was not healthy and AWS went back to"
        assert reported in failed.output
        # It is not forgotten by the next one, which has nothing to do, nor by make's, which refreshes the state first.
        for door in again:
            assert "was not healthy and AWS went back to" in fleet.up(fails=True, door=door).output
        assert ask(fleet)["release"] == live
    finally:
        fleet.let_rollbacks_pass(False)
        fleet.configure(healthTimeout=15)
        (fleet.source("hello") / "hello.py").write_text(before)
    if again:
        fleet.up()
    assert ask(fleet)["release"] == live


def test_a_secret_is_a_file_and_in_nobodys_environment(fleet: FleetDeployment) -> None:
    ensure(fleet)
    engine = docker.from_env()
    found = engine.containers.list(filters={"label": f"{LABEL}={name_owner(fleet.cloud.folder)}"})
    ours = {str(one.name).rpartition("-")[2]: one for one in found}
    assert execute(ours["gunicorn"], "cat", "/run/secrets/API_KEY") == "correct horse"
    assert not [one.name for one in found if "correct horse" in json.dumps(one.attrs["Config"]["Env"])]
    engine.close()
    definitions = [one.inputs["containerDefinitions"] for one in fleet.cloud.things(DEFINITION)]
    assert not [text for text in definitions if "correct horse" in text]


def test_a_job_runs_at_its_time_in_a_task_of_a_release_that_was_live(fleet: FleetDeployment) -> None:
    ensure(fleet)
    until = time.monotonic() + 180
    while not (runs := list_runs(fleet.cloud)) and time.monotonic() < until:
        time.sleep(1)
    assert runs and {one["reason"] for one in runs} == {"Essential container in task exited: minutely with 0"}
    said = run_in(fleet.tasks("hello")[0]["id"], "gunicorn", f"tail -n 1 {STORE}/jobs")
    # The secret was there as a file.
    assert said.startswith("job of ") and said.endswith(f", secret {len('correct horse')}\n")


def name_repositories(fleet: FleetDeployment) -> list[str]:
    """The sites that have a registry of their own, two times each."""
    return sorted(str(one.inputs["name"]).split("/")[-2] for one in fleet.cloud.things(REPOSITORY))


@pytest.mark.extended
def test_a_site_of_a_protected_stack_is_renamed_and_refreshed_half_a_day_later(
    fleet: FleetDeployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    ensure(fleet)
    before = fleet.settings
    live = ask(fleet)["release"]
    caller = Caller(fleet.cloud.folder, monkeypatch, paper=False)
    # A protected stack speaks HTTPS.
    made = make_certificate(caller, "hello.example")
    guest = small("guest")
    write_small(fleet, "guest")
    write_offline(fleet, "guest")
    ecs = {**before["ecs"], "certificate": made[0].id}
    try:
        fleet.configure(protect=True, ecs=ecs, sites=[*before["sites"], guest])
        fleet.up()
        assert name_repositories(fleet) == ["guest", "guest", "hello", "hello"]
        end_logins(fleet.cloud)
        fleet.configure(sites=[*before["sites"], guest | {"name": "visitor"}])
        renamed = fleet.up("--refresh")
        # Its registries go with their images, and nothing is left to be done.
        assert name_repositories(fleet) == ["hello", "hello", "visitor", "visitor"], renamed.tail()
        assert fleet.outputs()["releases"].keys() == {"hello", "visitor"}
        assert len(fleet.tasks("visitor")) == 1 and fleet.tasks("hello")
        # Pulumi's own destroy would leave what is protected and take the rest.
        known = fleet.cloud.journal()
        fleet.destroy(fails=True, door="make")
        assert fleet.cloud.journal() == known
    finally:
        fleet.configure(protect=None, ecs=before["ecs"], sites=before["sites"])
        fleet.up()
        for one in reversed(made):
            caller.delete(one)
    assert name_repositories(fleet) == ["hello", "hello"] and ask(fleet)["release"] == live


def test_down_leaves_the_data_and_nothing_else_until_it_is_meant(fleet: FleetDeployment) -> None:
    ensure(fleet)
    (files,) = fleet.cloud.things(FILES)
    fleet.destroy()
    assert fleet.left_in_cloud() == [files.name]
    assert f"Deleted: hello: data store, volume {files.id}" in fleet.make("down", DATA="hello").output
    assert fleet.left_in_cloud() == []
    assert list_leftovers(name_owner(fleet.cloud.folder)) == []
    assert fleet.leftovers() == []
    with pytest.raises(ConnectionRefusedError):
        get(fleet.port, "localhost", address=fleet.address)
