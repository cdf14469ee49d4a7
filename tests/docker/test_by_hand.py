"""What is done by hand on a stack that serves: its logs, a shell in a replica, a command of one's own."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator

import pytest

import docker
from tests.docker.applications import small, write_small
from tests.docker.ask import get
from tests.docker.by_hand import command, type_into_shell, type_into_terminal
from tests.docker.conftest import Deploy
from tests.docker.engine import Deployment, execute
from tests.docker.traffic import light

pytestmark = pytest.mark.docker
VALUE = "postgres://shop:clear-text-of-a-password@db.example/shop"
SHOP = "shop.localhost"


@pytest.fixture(scope="module")
def stack(deploy: Deploy) -> Iterator[Deployment]:
    """Two sites, the first with a secret and two replicas."""
    deployment = deploy(small("shop", replicas=2, environment={"COLOUR": "green"}), small("blog"))
    for site in ("shop", "blog"):
        write_small(deployment, site)
    refused = deployment.logs(fails=True).output
    assert f"nothing of the stack {deployment.name} is deployed yet; make up ENV={deployment.name} does it" in refused
    deployment.set_secret("shop", "DATABASE_URL", VALUE)
    deployment.up()
    yield deployment


# --- a command of one's own


def test_it_has_what_a_replica_has_and_the_code_is_its_own(stack: Deployment) -> None:
    replica = stack.containers("gunicorn", "shop")[0]
    uid = replica.attrs["Config"]["User"]
    release = stack.outputs()["releases"]["shop"]
    # Its network is the replicas': NGINX is found there by its name.
    edge = stack.container("nginx").name
    asked = {
        'echo "$(id -u):$(id -g) $COLOUR $PORTICO_SITE $HOME"': f"{uid} green shop /tmp",
        'echo "$PORTICO_RELEASE"': release,
        "cat /run/secrets/DATABASE_URL; echo": VALUE,
        "stat -c '%a %u:%g' /run/secrets/DATABASE_URL": f"400 {uid}",
        "python -c 'import web, flask; print(flask.__name__, web.app.name)'": "flask web",
        f'python -c \'import socket; socket.gethostbyname("{edge}"); print("resolved")\'': "resolved",
    }
    *said, name = command(stack, "; ".join([*asked, "hostname"])).splitlines()
    assert said == list(asked.values()) and "shop-gunicorn" not in name
    assert command(stack, "exit 3", code=3) == ""
    assert command(stack, "kill -9 $$", code=137) == ""
    assert command(stack, "tr a-z A-Z", stdin="from outside") == "FROM OUTSIDE"
    assert list_left(stack) == []


def list_left(deployment: Deployment) -> list[object]:
    """What commands have left: containers, and the volumes of their secrets."""
    labels = {"label": [f"portico.stack={deployment.name}", "portico.role=exec"]}
    return [*deployment.containers("exec"), *deployment.engine.volumes.list(filters=labels)]


def test_a_command_is_hardened_as_a_replica_is_and_gets_no_request(stack: Deployment) -> None:
    def look() -> None:
        (own,) = stack.containers("exec")
        replica = stack.containers("gunicorn", "shop")[0]
        assert list_powers(own.attrs["HostConfig"]) == list_powers(replica.attrs["HostConfig"])
        assert own.attrs["Config"]["User"] == replica.attrs["Config"]["User"]
        assert own.attrs["HostConfig"]["RestartPolicy"]["Name"] == "no" and own.attrs["HostConfig"]["AutoRemove"]
        assert own.attrs["Image"] == replica.attrs["Image"]
        (network,) = own.attrs["NetworkSettings"]["Networks"].values()
        assert {own.name, str(own.id)[:12]} >= set(network["Aliases"] or [])
        assert [one["Destination"] for one in own.attrs["Mounts"]] == ["/run/secrets"]
        assert VALUE not in str(own.attrs)
        status = execute(own, "sh", "-c", "cat /proc/1/status")
        assert "CapEff:\t0000000000000000" in status and "NoNewPrivs:\t1" in status
        assert own.exec_run(["touch", "/app/new"]).exit_code != 0
        assert [get(stack.port, SHOP, "/whoami").status for _ in range(20)] == [200] * 20

    with Running(stack, "sleep 60"):
        look()
    assert list_left(stack) == []


def list_powers(host: dict[str, object]) -> dict[str, object]:
    names = (
        *("CapAdd", "CapDrop", "SecurityOpt", "ReadonlyRootfs", "Memory", "MemorySwap", "Ulimits", "Init", "Tmpfs"),
        *("LogConfig", "NetworkMode", "PidMode", "IpcMode", "Privileged", "UsernsMode", "PortBindings"),
    )
    return {name: host[name] for name in names}


class Running:
    """A command that runs meanwhile; at the end of the block it is asked to end."""

    def __init__(self, deployment: Deployment, text: str) -> None:
        self.deployment = deployment
        self.process = subprocess.Popen(
            deployment.spell_portico("exec", "--site", "shop", "--", text),
            env=deployment.environment,
            stdin=subprocess.DEVNULL,
        )

    def __enter__(self) -> "Running":
        until(lambda: [one for one in self.deployment.containers("exec") if one.status == "running"])
        return self

    def __exit__(self, *_: object) -> None:
        self.process.terminate()
        assert self.process.wait(30) == 128 + signal.SIGTERM


def until(holds: Callable[[], object]) -> None:
    end = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.2)


@pytest.mark.extended
def test_a_release_meanwhile_waits_for_no_command(stack: Deployment) -> None:
    """A release has a volume of secrets of its own, and the old one goes."""
    with Running(stack, "sleep 100; cat /run/secrets/DATABASE_URL") as running:
        stack.edit("shop", "# while a command runs")
        with light(stack, SHOP) as load:
            stack.up()
        assert load.report().lossless, load.report().details()
        assert running.process.poll() is None
        (own,) = stack.containers("exec")
        assert execute(own, "cat", "/run/secrets/DATABASE_URL") == VALUE
        assert stack.present() - stack.wanted() == {("exec", "shop", own.labels["portico.release"]): 1}


def test_a_terminal_is_passed_on(stack: Deployment) -> None:
    test = "test -t 0 && test -t 1 && echo a person; read line; echo [$line]"
    said = type_into_terminal(stack, stack.spell_portico("exec", "--site", "shop", "--", test), "typed\n")
    assert "a person" in said and "[typed]" in said, said


def test_make_passes_the_command_as_it_was_written(stack: Deployment) -> None:
    said = stack.make("exec", SITE="shop", CMD="""echo "$COLOUR" '$HOME' $((6 * 7))""").output
    assert said.splitlines() == ["green $HOME 42"]
    failed = stack.make("exec", SITE="blog", CMD="echo $PORTICO_SITE; exit 5", fails=True).output
    assert failed.startswith("blog\n") and "Error 5" in failed


# --- a shell


def test_a_shell_is_in_a_replica_of_the_live_release(stack: Deployment) -> None:
    done = type_into_shell(stack, "hostname; exit 7\n", SITE="shop")
    replicas = [str(one.id)[:12] for one in stack.containers("gunicorn", "shop")]
    assert done.stdout.strip() in replicas and "Error 7" in done.stderr, done


# --- logs


def test_logs_are_those_of_every_container_or_of_one_site(stack: Deployment) -> None:
    get(stack.port, SHOP, "/whoami?asked-for-this")
    said = stack.logs().output
    names = {str(one.name) for role in ("nginx", "gunicorn") for one in stack.containers(role)}
    assert names <= {line.partition(" | ")[0] for line in said.splitlines()}
    assert "asked-for-this" in said
    own = stack.make("logs", SITE="blog", TAIL="1").output.splitlines()
    assert len(own) == 1 and own[0].startswith(f"{stack.containers('gunicorn', 'blog')[0].name} | ")


@pytest.mark.extended
def test_logs_follow_the_replicas_of_a_release_to_come(stack: Deployment) -> None:
    with subprocess.Popen(
        stack.spell_make("logs", SITE="blog", FOLLOW="1", TAIL="0"),
        cwd=stack.folder,
        env=stack.environment,
        stdout=(stack.folder / "logs" / "follow.log").open("wb"),
        start_new_session=True,
    ) as process:
        try:
            time.sleep(3)
            stack.edit("blog", "# a release to come")
            stack.up()
            (new,) = stack.containers("gunicorn", "blog")
            log = stack.folder / "logs" / "follow.log"
            until(lambda: f"{new.name} | " in log.read_text())
        finally:
            os.killpg(process.pid, 2)
        process.wait(30)
    assert "Traceback" not in log.read_text()


# --- mistakes


@pytest.mark.parametrize(
    ("target", "variables", "said"),
    [
        ("exec", {"CMD": "true"}, "which site? Write make exec SITE= and one of: blog shop"),
        *(
            pytest.param(*mistake, marks=pytest.mark.extended)
            for mistake in [
                ("exec", {"SITE": "shop"}, 'which command? Write make exec CMD="flask routes"'),
                ("exec", {"SITE": "shep", "CMD": "true"}, 'there is no site "shep" in the stack'),
                ("shell", {}, "which site? Write make shell SITE= and one of: blog shop"),
                ("logs", {"SITE": "shep"}, "write SITE= and one of: blog shop"),
                ("logs", {"TAIL": "many"}, 'TAIL="many" is no number of lines; write TAIL=200, or TAIL=all'),
            ]
        ),
    ],
)
def test_a_mistake_is_one_line(stack: Deployment, target: str, variables: dict[str, str], said: str) -> None:
    output = stack.make(target, fails=True, **variables).output
    lines = [line for line in output.splitlines() if not line.startswith("make: ***")]
    assert len(lines) == 1 and lines[0].startswith("error: ") and said in lines[0], output


@pytest.mark.extended
def test_a_protected_stack_is_not_removed_and_the_way_is_reported(stack: Deployment) -> None:
    stack.configure(protect=True)
    stack.up()
    before = stack.ids()
    output = stack.make("down", fails=True).output
    assert f"Nothing was removed: the stack {stack.name} is protected." in output
    assert f"write 'portico:protect: false' in Pulumi.{stack.name}.yaml" in output
    assert stack.ids() == before
    stack.configure(protect=False)
    stack.up()
    assert stack.ids() == before


@pytest.mark.extended
def test_a_site_whose_replicas_are_gone_says_so(stack: Deployment) -> None:
    engine: docker.DockerClient = stack.engine
    (replica,) = stack.containers("gunicorn", "blog")
    replica.stop()
    assert "no replica of blog is running" in stack.make("shell", SITE="blog", fails=True).output
    assert stack.make("exec", SITE="blog", CMD="echo all the same").output == "all the same\n"
    engine.containers.get(str(replica.id)).remove(force=True)
    assert "has no container any more; make up" in stack.make("exec", SITE="blog", CMD="true", fails=True).output
