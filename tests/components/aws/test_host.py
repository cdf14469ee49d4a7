"""AwsHost: which VM it makes or keeps, how it is reached, and when the address leads there."""

import asyncio
import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import docker.errors
import pulumi
import pulumi_docker
import pytest

from portico.components.docker.engine_client import Engine
from portico.components.hosts.aws import AwsHost
from portico.components.hosts.connection import Connection
from portico.components.hosts.deferred_engine import LateEngine
from tests.components.aws.sample import ASSOCIATION, INSTANCE, OLD, leave, make_host, read
from tests.components.recorder import PROVIDER, VOLUME, Recorder, Resource, run
from tests.program.stackfile import ROOT

OTHER = "ami-0fedcba9876543210"


def vms(made: Recorder) -> list[str]:
    return [one.name.removeprefix("host-eu-central-1-") for one in made.of_type(INSTANCE)]


def test_the_first_vm_is_number_1_and_nothing_is_on_it(root: Path) -> None:
    hosts: list[AwsHost] = []
    made = make_host(root, hosts=hosts)
    assert vms(made) == ["vm-1-instance"]
    assert (hosts[0].engine, hosts[0].place) == (None, "-vm-1")


def test_a_vm_that_is_what_the_settings_say_stays_and_its_docker_is_asked(root: Path) -> None:
    hosts: list[AwsHost] = []
    made = make_host(root, resources=leave(3), alive=[OLD], hosts=hosts)
    assert vms(made) == ["vm-3-instance"] and hosts[0].place == "-vm-3"
    engine = hosts[0].engine
    assert engine and engine.address == f"ssh://portico@{OLD}:22"


@pytest.mark.parametrize(
    "section",
    [{"ami": OTHER}, {"instanceType": "t4g.medium"}, {"disk": "40G"}, {"swap": "2G"}, {"zone": "eu-central-1b"}],
)
def test_another_machine_has_another_number_and_nothing_is_on_it(root: Path, section: Mapping[str, Any]) -> None:
    hosts: list[AwsHost] = []
    made = make_host(root, section, resources=leave(3), alive=[OLD], hosts=hosts)
    assert vms(made) == ["vm-4-instance"]
    assert (hosts[0].engine, hosts[0].place) == (None, "-vm-4")


def test_a_lost_vm_is_followed_by_another(root: Path) -> None:
    hosts: list[AwsHost] = []
    made = make_host(root, resources=leave(3), alive=["i-00000000000000001"], hosts=hosts)
    assert vms(made) == ["vm-4-instance"] and hosts[0].engine is None


def test_a_lost_vm_is_followed_by_another_also_where_a_refresh_has_forgotten_it(root: Path) -> None:
    hosts: list[AwsHost] = []
    made = make_host(root, resources=leave(3, refreshed=True), hosts=hosts)
    assert vms(made) == ["vm-4-instance"] and hosts[0].engine is None
    assert [one.name for one in made.of_type(PROVIDER)] == ["host-docker-4"]


def test_a_vm_that_somebody_stopped_is_refused_before_anything_is_made(root: Path) -> None:
    seen: list[Any] = []
    with pytest.raises(pulumi.RunError) as caught:
        make_host(root, resources=leave(), stopped=[OLD], seen=seen)
    assert str(caught.value) == (
        f"The VM {OLD} is stopped; nothing was changed. Start it, then run this again: "
        f"aws ec2 start-instances --region eu-central-1 --instance-ids {OLD}"
    )
    assert {one.type for one in seen} <= {"portico:index:AwsHost", "pulumi:providers:aws"}


def test_ports_are_looked_for_on_the_vm_that_stays_before_the_firewall_hears_of_them(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Engine | None] = []
    monkeypatch.setattr("portico.components.docker.free_ports.require_vacant", lambda engine, _: asked.append(engine))
    make_host(root)
    hosts: list[AwsHost] = []
    make_host(root, resources=leave(3), alive=[OLD], hosts=hosts)
    assert asked == [None, hosts[0].engine]

    def refuse(*_: object) -> None:
        raise pulumi.RunError("taken")

    monkeypatch.setattr("portico.components.docker.free_ports.require_vacant", refuse)
    seen: list[Any] = []
    with pytest.raises(pulumi.RunError, match="taken"):
        make_host(root, resources=leave(3), alive=[OLD], seen=seen)
    assert {one.type for one in seen} <= {"portico:index:AwsHost", "pulumi:providers:aws"}


def test_one_that_a_failed_update_left_behind_is_filled_by_the_next(root: Path) -> None:
    hosts: list[AwsHost] = []
    resources = {**leave(3), **leave(4, "i-00000000000000001", filled=False, ami=OTHER)}
    made = make_host(root, {"ami": OTHER}, resources=resources, alive=[OLD, "i-00000000000000001"], hosts=hosts)
    # Nothing that lasts is known to be on it yet.
    assert vms(made) == ["vm-4-instance"] and hosts[0].engine is None


def test_to_go_back_after_a_failed_update_is_another_vm_again(root: Path) -> None:
    resources = {**leave(3), **leave(4, "i-00000000000000001", filled=False, ami=OTHER)}
    made = make_host(root, resources=resources, alive=[OLD, "i-00000000000000001"])
    assert vms(made) == ["vm-5-instance"]


NEW = "i-00000000000000001"


@pytest.mark.parametrize(
    ("resources", "alive", "serving"),
    [
        ({}, [], None),
        (leave(3), [OLD], None),
        (leave(3, ami=OTHER), [OLD], OLD),
        (leave(3, ami=OTHER), [NEW], None),
        # A failed update has left a VM that nobody is sent to.
        ({**leave(3), **leave(4, NEW, filled=False)}, [OLD, NEW], OLD),
        ({**leave(3), **leave(4, NEW, filled=False)}, [NEW], None),
    ],
    ids=["the first", "it stays", "another image", "it is lost", "half made", "half made, and the other lost"],
)
def test_the_vm_that_serves_is_asked_while_another_one_takes_its_place(
    root: Path, resources: Mapping[str, Any], alive: list[str], serving: str | None
) -> None:
    hosts: list[AwsHost] = []
    make_host(root, resources=resources, alive=alive, hosts=hosts)
    found = hosts[0].serving
    assert (found.address if found else None) == (serving and f"ssh://portico@{serving}:22")


def test_a_vm_that_serves_and_that_somebody_stopped_is_not_asked(root: Path) -> None:
    hosts: list[AwsHost] = []
    resources = {**leave(3), **leave(4, NEW, filled=False)}
    make_host(root, resources=resources, alive=[NEW], stopped=[OLD], hosts=hosts)
    assert hosts[0].serving is None


def test_what_another_region_has_is_not_looked_for_here(root: Path) -> None:
    made = make_host(root, {"region": "eu-west-1"}, resources=leave(3), stopped=[OLD])
    assert [one.name for one in made.of_type(INSTANCE)] == ["host-eu-west-1-vm-4-instance"]


def test_the_provider_of_containers_belongs_to_the_vm(root: Path) -> None:
    made = make_host(root, resources=leave(3), alive=[OLD])
    provider = made.find(PROVIDER, "host-docker-3")
    assert provider.inputs["host"] == "ssh://portico@host-eu-central-1-vm-3-instance-id:22"
    assert made.find(INSTANCE, "host-eu-central-1-vm-3-instance").urn in provider.dependencies


def test_what_lies_on_a_vm_goes_with_it_without_being_asked(root: Path) -> None:
    settings = read(root)

    def build() -> None:
        host = AwsHost("host", settings, {})
        above = pulumi.ComponentResource("test:index:Above", "above", None, host.options)
        pulumi_docker.Volume("volume", opts=pulumi.ResourceOptions(parent=above))

    made = run(build)
    provider = made.find(PROVIDER, "host-docker-1").urn
    # The engine hands it on to everything below.
    assert made.find("test:index:Above", "above").deleted_with == provider
    assert made.find(VOLUME, "volume").provider.startswith(f"{provider}::")


def test_the_address_leads_there_only_once_a_release_is_live(root: Path) -> None:
    settings = read(root)
    made: list[Resource] = []
    before: list[str] = []

    async def wait() -> str:
        # All that could come does: the VM, and time for what would not wait.
        while INSTANCE not in [one.type for one in made]:
            await asyncio.sleep(0.05)
        await asyncio.sleep(0.3)
        before.extend(one.type for one in made)
        return "tree"

    def build() -> None:
        AwsHost("host", settings, {}).publish(pulumi.Output.from_input(wait()))

    run(build, seen=made)
    assert INSTANCE in before and ASSOCIATION not in before
    assert [one.type for one in made].count(ASSOCIATION) == 1


@pytest.mark.parametrize(
    ("section", "way"),
    [
        (
            {},
            "ProxyCommand=aws ssm start-session --region eu-central-1 --target %h "
            "--document-name AWS-StartSSHSession --parameters portNumber=%p",
        ),
        (
            {"access": "ssh", "sshFrom": ["198.51.100.0/24"]},
            "ProxyCommand=.venv/bin/python components/hosts/ec2_proxy_command.py %h %p eu-central-1",
        ),
    ],
    ids=["ssm", "ssh"],
)
def test_the_way_there_is_the_same_for_every_vm(
    root: Path, section: Mapping[str, Any], way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And in every checkout: Pulumi starts the program and its plugins in the project's folder."""
    monkeypatch.chdir(ROOT)
    monkeypatch.setattr("sys.executable", str(ROOT / ".venv" / "bin" / "python"))
    made = make_host(root, {**section, "key": "~/.ssh/deploy"})
    written = made.find(PROVIDER, "host-docker-1").inputs["sshOpts"]
    options = json.loads(written)
    assert way in options and "StrictHostKeyChecking=accept-new" in options
    assert "UserKnownHostsFile=.portico/known_hosts/test" in options
    again = make_host(root, {**section, "key": "~/.ssh/deploy"}, resources=leave(7, **section), alive=[OLD])
    assert (
        again.find(PROVIDER, "host-docker-7").inputs["sshOpts"]
        == made.find(PROVIDER, "host-docker-1").inputs["sshOpts"]
    )


def test_containers_wait_until_the_vm_is_ready_for_as_long_as_the_settings_say(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    waited: list[tuple[str, float]] = []

    async def wait(connection: Connection, seconds: float) -> None:
        waited.append((connection.host, seconds))

    monkeypatch.setattr("portico.components.hosts.aws.wait_ready", wait)
    make_host(root, {"readyTimeout": 900})
    # One that has served has only to answer.
    make_host(root, {"readyTimeout": 900}, resources=leave(), alive=[OLD])
    assert waited == [("host-eu-central-1-vm-1-instance-id", 900), ("host-eu-central-1-vm-1-instance-id", 180)]


def test_an_update_ends_when_the_vm_is_found_again_behind_its_new_address(
    root: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    found: list[str] = []

    async def wait(connection: Connection, seconds: float) -> None:
        found.append(connection.host)
        if len(found) > 1:
            raise pulumi.RunError(f"The VM {connection.host} cannot take containers: TargetNotConnected\nMore.")

    monkeypatch.setattr("portico.components.hosts.vm_connection.wait_ready", wait)
    assert make_host(root).exports["address"] and len(found) == 1
    # It serves, so that is no failure.
    assert make_host(root).exports["address"]
    assert "do not reach the VM yet: The VM host-eu-central-1-vm-1-instance-id cannot take containers" in caplog.text
    # Where nothing moves, nobody is looked for.
    assert make_host(root, resources=leave(), alive=[OLD]).exports["address"] and len(found) == 2


def test_nothing_of_docker_is_made_where_the_vm_does_not_get_ready(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def wait(*_: object) -> None:
        raise pulumi.RunError("not ready")

    monkeypatch.setattr("portico.components.hosts.aws.wait_ready", wait)
    seen: list[Any] = []
    with pytest.raises(pulumi.RunError, match="not ready"):
        make_host(root, seen=seen)
    assert not [one.name for one in seen if one.type == PROVIDER]


def test_a_vm_whose_docker_cannot_be_used_is_refused_in_a_sentence(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("portico.components.hosts.preflight.find_obstacle", lambda there: f"{there.host} has 3 MB left")
    with pytest.raises(pulumi.RunError) as caught:
        make_host(root, resources=leave(), alive=[OLD])
    assert str(caught.value) == (
        "The VM host-eu-central-1-vm-1-instance-id has 3 MB left. What served before keeps serving."
    )


def test_who_has_no_aws_command_is_reported_before_anything_is_made(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()
    monkeypatch.setenv("PATH", "/nowhere")
    seen: list[Any] = []
    with pytest.raises(pulumi.RunError) as caught:
        make_host(root, seen=seen)
    assert str(caught.value) == (
        "aws.access: ssm needs the AWS CLI and its Session Manager plugin, and there is no `aws` on this machine; "
        "install it. Nothing was changed."
    )
    assert seen == []


def test_a_failed_container_of_a_vm_that_is_not_ready_is_not_asked(root: Path) -> None:
    with pytest.raises(docker.errors.DockerException, match="not ready yet"):
        LateEngine().connect()


def test_a_change_is_announced_in_a_preview_and_only_there(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reported: list[str] = []
    monkeypatch.setattr("pulumi.log.info", lambda text, *_, **__: reported.append(text))
    make_host(root, {"ami": OTHER}, resources=leave(), alive=[OLD])
    assert reported == []
    monkeypatch.setattr("pulumi.runtime.is_dry_run", lambda: True)
    make_host(root, {"ami": OTHER}, resources=leave(), alive=[OLD])
    make_host(root, resources=leave(), alive=[])
    make_host(root, resources=leave(), alive=[OLD])
    assert [text[:40] for text in reported] == [
        "VM: replaced, since its image (ami-01234",
        "VM: i-0123456789abcdef0 is gone, and not",
    ]


def test_who_deploys_elsewhere_never_reads_pulumi_aws() -> None:
    script = (
        "import sys; import portico.components.docker.deploy, portico.components.hosts.local; "
        "import portico.components.hosts.ssh, portico.config.load; "
        "print([name for name in sys.modules if name.startswith('pulumi_aws')])"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout == "[]\n", done.stderr


def test_only_what_is_for_aws_names_it() -> None:
    components = ROOT / "components"
    allowed = {components / "hosts" / "aws.py", *(components / "aws").glob("*.py")}
    allowed |= {*(components / "ecs").glob("*.py"), *(components / "managed").glob("*.py")}
    files = [*components.rglob("*.py"), *(ROOT / "config").rglob("*.py"), ROOT / "__main__.py"]
    assert [str(one) for one in files if "pulumi_aws" in one.read_text() and one not in allowed] == []
