"""What is done by hand on a stack that serves: its logs, a shell in a replica, a command of one's own."""

import os
import signal
import subprocess
import time
from collections.abc import Callable

import pytest

import docker
from portico.components.docker.container_command import run_in
from tests.docker.ask import get
from tests.docker.by_hand import command, type_into_shell, type_into_terminal
from tests.docker.engine import Deployment, execute
from tests.docker.traffic import light
from tests.docker.vault import HOST, Vault

pytestmark = pytest.mark.docker

# --- a command of one's own


def test_it_has_what_a_replica_has_and_the_code_is_its_own(vault: Vault) -> None:
    replica = vault.containers("gunicorn", "shop")[0]
    uid = replica.attrs["Config"]["User"]
    release = vault.outputs()["releases"]["shop"]
    # Its network is the replicas': NGINX is found there by its name.
    edge = vault.container("nginx").name
    asked = {
        'echo "$(id -u):$(id -g) $COLOUR $PORTICO_SITE $HOME"': f"{uid} green shop /tmp",
        'echo "$PORTICO_RELEASE"': release,
        "cat /run/secrets/TOKEN; echo": vault.value,
        "stat -c '%a %u:%g' /run/secrets/TOKEN": f"400 {uid}",
        "python -c 'import web, flask; print(flask.__name__, web.app.name)'": "flask web",
        f'python -c \'import socket; socket.gethostbyname("{edge}"); print("resolved")\'': "resolved",
    }
    *said, name = command(vault, "; ".join([*asked, "hostname"])).splitlines()
    assert said == list(asked.values()) and "shop-gunicorn" not in name
    assert command(vault, "exit 3", code=3) == ""
    assert command(vault, "kill -9 $$", code=137) == ""
    assert command(vault, "tr a-z A-Z", stdin="from outside") == "FROM OUTSIDE"
    assert list_left(vault) == []


def list_left(deployment: Deployment) -> list[object]:
    """What commands have left: containers, and the volumes of their secrets."""
    labels = {"label": [f"portico.stack={deployment.name}", "portico.role=exec"]}
    return [*deployment.containers("exec"), *deployment.engine.volumes.list(filters=labels)]


def test_a_command_is_hardened_as_a_replica_is_and_gets_no_request(vault: Vault) -> None:
    def look() -> None:
        (own,) = vault.containers("exec")
        replica = vault.containers("gunicorn", "shop")[0]
        assert list_powers(own.attrs["HostConfig"]) == list_powers(replica.attrs["HostConfig"])
        assert own.attrs["Config"]["User"] == replica.attrs["Config"]["User"]
        assert own.attrs["HostConfig"]["RestartPolicy"]["Name"] == "no" and own.attrs["HostConfig"]["AutoRemove"]
        assert own.attrs["Image"] == replica.attrs["Image"]
        (network,) = own.attrs["NetworkSettings"]["Networks"].values()
        assert {own.name, str(own.id)[:12]} >= set(network["Aliases"] or [])
        assert [one["Destination"] for one in own.attrs["Mounts"]] == ["/run/secrets"]
        assert vault.value not in str(own.attrs)
        status = execute(own, "sh", "-c", "cat /proc/1/status")
        assert "CapEff:\t0000000000000000" in status and "NoNewPrivs:\t1" in status
        assert run_in(own, ["touch", "/app/new"]).code != 0
        assert [get(vault.port, HOST, "/whoami").status for _ in range(20)] == [200] * 20

    with Running(vault, "sleep 60"):
        look()
    assert list_left(vault) == []


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
        assert self.process.wait(120) == 128 + signal.SIGTERM


def until(holds: Callable[[], object]) -> None:
    end = time.monotonic() + 120
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.2)


@pytest.mark.extended
def test_a_release_meanwhile_waits_for_no_command(vault: Vault) -> None:
    """A release has a volume of secrets of its own, and the old one goes."""
    with Running(vault, "sleep 100; cat /run/secrets/TOKEN") as running:
        vault.edit("shop", "# while a command runs")
        with light(vault, HOST) as load:
            vault.up()
        assert load.report().lossless, load.report().details()
        assert running.process.poll() is None
        (own,) = vault.containers("exec")
        assert execute(own, "cat", "/run/secrets/TOKEN") == vault.value
        assert vault.present() - vault.wanted() == {("exec", "shop", own.labels["portico.release"]): 1}


def test_a_terminal_is_passed_on(vault: Vault) -> None:
    test = "test -t 0 && test -t 1 && echo a person; read line; echo [$line]"
    said = type_into_terminal(vault, vault.spell_portico("exec", "--site", "shop", "--", test), "typed\n")
    assert "a person" in said and "[typed]" in said, said


def test_make_passes_the_command_as_it_was_written(vault: Vault) -> None:
    said = vault.make("exec", SITE="shop", CMD="""echo "$COLOUR" '$HOME' $((6 * 7))""").output
    assert said.splitlines() == ["green $HOME 42"]
    failed = vault.make("exec", SITE="blog", CMD="echo $PORTICO_SITE; exit 5", fails=True).output
    assert failed.startswith("blog\n") and "Error 5" in failed


# --- a shell


def test_a_shell_is_in_a_replica_of_the_live_release(vault: Vault) -> None:
    done = type_into_shell(vault, "hostname; exit 7\n", SITE="shop")
    replicas = [str(one.id)[:12] for one in vault.containers("gunicorn", "shop")]
    assert done.stdout.strip() in replicas and "Error 7" in done.stderr, done


# --- logs


def test_logs_are_those_of_every_container_or_of_one_site(vault: Vault) -> None:
    get(vault.port, HOST, "/whoami?asked-for-this")
    said = vault.logs().output
    names = {str(one.name) for role in ("nginx", "gunicorn") for one in vault.containers(role)}
    assert names <= {line.partition(" | ")[0] for line in said.splitlines()}
    assert "asked-for-this" in said
    own = vault.make("logs", SITE="blog", TAIL="1").output.splitlines()
    assert len(own) == 1 and own[0].startswith(f"{vault.containers('gunicorn', 'blog')[0].name} | ")


@pytest.mark.extended
def test_logs_follow_the_replicas_of_a_release_to_come(vault: Vault) -> None:
    with subprocess.Popen(
        vault.spell_make("logs", SITE="blog", FOLLOW="1", TAIL="0"),
        cwd=vault.folder,
        env=vault.environment,
        stdout=(vault.folder / "logs" / "follow.log").open("wb"),
        start_new_session=True,
    ) as process:
        try:
            time.sleep(3)
            vault.edit("blog", "# a release to come")
            vault.up()
            (new,) = vault.containers("gunicorn", "blog")
            log = vault.folder / "logs" / "follow.log"
            until(lambda: f"{new.name} | " in log.read_text())
        finally:
            os.killpg(process.pid, 2)
        process.wait(120)
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
def test_a_mistake_is_one_line(vault: Vault, target: str, variables: dict[str, str], said: str) -> None:
    output = vault.make(target, fails=True, **variables).output
    lines = [line for line in output.splitlines() if not line.startswith("make: ***")]
    assert len(lines) == 1 and lines[0].startswith("error: ") and said in lines[0], output


@pytest.mark.extended
def test_a_protected_stack_is_not_removed_and_the_way_is_reported(vault: Vault) -> None:
    vault.configure(protect=True)
    vault.up()
    before = vault.ids()
    output = vault.make("down", fails=True).output
    assert f"Nothing was removed: the stack {vault.name} is protected." in output
    assert f"write 'portico:protect: false' in Pulumi.{vault.name}.yaml" in output
    assert vault.ids() == before
    vault.configure(protect=False)
    vault.up()
    assert vault.ids() == before


@pytest.mark.extended
def test_a_site_whose_replicas_are_gone_says_so(vault: Vault) -> None:
    engine: docker.DockerClient = vault.engine
    (replica,) = vault.containers("gunicorn", "blog")
    replica.stop()
    assert "no replica of blog is running" in vault.make("shell", SITE="blog", fails=True).output
    assert vault.make("exec", SITE="blog", CMD="echo still here").output == "still here\n"
    engine.containers.get(str(replica.id)).remove(force=True)
    assert "has no container any more; make up" in vault.make("exec", SITE="blog", CMD="true", fails=True).output
    # As the others expect it.
    vault.up("--refresh")
