"""The commands of make on a machine over SSH, which they find by the stack's state."""

import os
import subprocess
import time

import pytest

from tests.cloud.ssh.place import Place
from tests.docker.by_hand import change_files, command, type_into_terminal

pytestmark = [pytest.mark.docker, pytest.mark.timeout(1200), pytest.mark.extended]
VALUE = "postgres://shop:clear-text@db.example/shop"


@pytest.fixture(scope="module")
def clone(place: Place) -> Place:
    """The deployment's folder as a clone of the project, and a secret."""
    place.deployment.set_secret("shop", "DATABASE_URL", VALUE)
    place.deployment.up()
    return place


def test_logs_are_those_of_the_machines_containers(clone: Place) -> None:
    clone.release()
    said = clone.deployment.make("logs", TAIL="20").output
    names = {str(one.name) for role in ("nginx", "gunicorn") for one in clone.deployment.containers(role)}
    assert len(names) == 3 and names <= {line.partition(" | ")[0] for line in said.splitlines()}
    log = clone.deployment.folder / "logs" / "follow.log"
    words = clone.deployment.spell_make("logs", FOLLOW="1", TAIL="0")
    with log.open("wb") as file:
        process = subprocess.Popen(
            words,
            cwd=clone.deployment.folder,
            env=clone.deployment.environment,
            stdout=file,
            start_new_session=True,
        )
    try:
        end = time.monotonic() + 60
        while "/whoami" not in log.read_text():
            assert time.monotonic() < end and process.poll() is None, log.read_text()
            clone.release()
            time.sleep(0.5)
    finally:
        os.killpg(process.pid, 2)
        process.wait(120)
    assert "Traceback" not in log.read_text()


def test_a_command_runs_there_with_what_a_replica_has(clone: Place) -> None:
    deployment = clone.deployment
    assert (
        command(deployment, "cat /run/secrets/DATABASE_URL; echo; echo \"$PORTICO_SITE 'x'\"") == f"{VALUE}\nshop 'x'\n"
    )
    assert command(deployment, "exit 3", code=3) == ""
    assert command(deployment, "tr a-z A-Z", stdin="from here") == "FROM HERE"
    assert deployment.containers("exec") == [] and deployment.present() == deployment.wanted()


def test_a_terminal_is_passed_on(clone: Place) -> None:
    text = "test -t 0 && echo a $((40 + 2)) person in $(hostname); exit\n"
    said = type_into_terminal(clone.deployment, clone.deployment.spell_make("shell"), text)
    replicas = [str(one.id)[:12] for one in clone.deployment.containers("gunicorn")]
    assert any(f"a 42 person in {replica}" in said for replica in replicas), said


def test_what_was_changed_by_hand_is_found(clone: Place) -> None:
    deployment = clone.deployment
    assert "is what the last update" in deployment.check().output
    assert "Nothing differs" in deployment.make("diff").output
    change_files(deployment, "sed", "-i", "$ a # by hand", "/etc/portico/live/conf.d/shop.conf")
    assert "NGINX's file conf.d/shop.conf is changed." in deployment.check(fails=True).output
    assert "-# by hand" in deployment.make("diff").output
    assert "http://" in deployment.make("up").output.splitlines()[-1]
    assert "is what the last update" in deployment.check().output


def test_back_and_forward_again(clone: Place) -> None:
    deployment, before = clone.deployment, clone.release()
    deployment.edit("shop", "# the next")
    deployment.make("up")
    after = clone.release()
    assert after != before and after in deployment.releases().output
    deployment.rollback()
    assert clone.release() == before
    deployment.resume()
    assert clone.release() == after


def test_what_a_killed_run_left_is_removed(clone: Place) -> None:
    deployment = clone.deployment
    replica = deployment.containers("gunicorn")[0]
    orphan = deployment.engine.containers.run(
        str(replica.attrs["Image"]),
        entrypoint=["sleep", "600"],
        labels={**replica.labels, "portico.release": "0" * 12},
        detach=True,
    )
    said = deployment.recover().output
    assert f"Removing container {orphan.name} (gunicorn)" in said
    assert deployment.present() == deployment.wanted() and clone.release()
