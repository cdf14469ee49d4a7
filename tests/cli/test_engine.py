"""Which engine a stack is on, what of it is deployed there, and how docker's own command is called there."""

import json
import subprocess
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from click.testing import CliRunner

from portico.cli.commands.logs import split_lines
from portico.cli.deployed import STACK, Deployed
from portico.cli.engine import PROVIDER, find_engine, list_serving, name_docker
from portico.cli.export import read_export
from portico.cli.main import portico
from portico.cli.refused import Refused
from portico.components.docker.engine_client import Engine

PROXY = "ProxyCommand=aws ssm start-session --target %h --parameters portNumber=%p"
ENGINES = {
    "this machine's": ({}, Engine()),
    "one at an address": ({"host": "unix:///run/other.sock"}, Engine("unix:///run/other.sock")),
    "one behind SSH": (
        {"host": "ssh://deploy@shop.example:22", "sshOpts": json.dumps(["-o", "BatchMode=yes"])},
        Engine("ssh://deploy@shop.example:22", ("-o", "BatchMode=yes")),
    ),
    "one on a VM without an open port": (
        {"host": "ssh://portico@i-0123456789abcdef0:22", "sshOpts": json.dumps(["-o", PROXY])},
        Engine("ssh://portico@i-0123456789abcdef0:22", ("-o", PROXY)),
    ),
}


def export(*resources: dict[str, Any], **outputs: Any) -> dict[str, Any]:
    stack = {"type": STACK, "urn": "urn:pulumi:prod::portico::pulumi:pulumi:Stack::portico-prod", "outputs": outputs}
    return {"deployment": {"resources": [stack, *resources]}}


def provide(**inputs: Any) -> dict[str, Any]:
    return {"type": PROVIDER, "inputs": inputs}


@pytest.mark.parametrize(("inputs", "engine"), ENGINES.values(), ids=ENGINES.keys())
def test_the_engine_is_the_one_of_the_state(inputs: dict[str, str], engine: Engine) -> None:
    assert find_engine(export(provide(**inputs))) == engine


def test_a_provider_that_only_waits_to_be_deleted_is_none() -> None:
    gone = provide(host="ssh://portico@i-0aaaaaaaaaaaaaaaa:22") | {"delete": True}
    assert find_engine(export(gone)) is None
    assert find_engine(export(gone, provide(host="ssh://portico@i-0bbbbbbbbbbbbbbbb:22"))) == Engine(
        "ssh://portico@i-0bbbbbbbbbbbbbbbb:22"
    )


@pytest.mark.parametrize("failed", [{}, {"initErrors": ["it did not start"]}, {"outputs": {"exitCode": 1}}], ids=str)
def test_of_two_machines_it_is_the_one_where_the_configuration_is_live(failed: dict[str, Any]) -> None:
    new, old = (
        provide(host=f"ssh://portico@i-0{one * 16}:22") | {"urn": f"urn:pulumi:prod::portico::{PROVIDER}::{one}"}
        for one in "ab"
    )
    switches = [
        {
            "type": "docker:index/container:Container",
            "inputs": {"labels": [{"label": "portico.role", "value": "switch"}]},
            "provider": f"{provider['urn']}::some-id",
            # The new machine's has not ended.
            **({"outputs": {"exitCode": 0}} | failed if provider is new else {}),
        }
        for provider in (new, old)
    ]
    state = export(new, old, *switches)
    assert list_serving(state) == [switches[bool(failed)]]
    found = find_engine(state)
    assert found == Engine((old if failed else new)["inputs"]["host"])
    assert find_engine(export(new, old, switches[1])) == Engine(old["inputs"]["host"])


def test_dockers_command_is_called_here() -> None:
    assert name_docker(Engine(), "ps", terminal=True) == ["docker", "ps"]
    assert name_docker(Engine("tcp://a:2375"), "ps", terminal=False) == ["docker", "--host", "tcp://a:2375", "ps"]


def test_dockers_command_is_called_there_with_its_words_as_they_are() -> None:
    engine = Engine("ssh://deploy@shop.example:2222", ("-o", "BatchMode=yes"))
    words = name_docker(engine, "exec", "c", "sh", "-c", "echo \"$HOME\" 'x'; ls", terminal=True)
    assert words[:6] == ["ssh", "-o", "BatchMode=yes", "-t", "-p", "2222"] and words[6] == "deploy@shop.example"
    # The host's shell splits it again: `docker` gets the same words.
    reported = subprocess.run(
        ["sh", "-c", words[7].replace("docker", "printf '%s\\n'", 1)], capture_output=True, text=True
    )
    assert reported.stdout.splitlines() == ["exec", "c", "sh", "-c", "echo \"$HOME\" 'x'; ls"]
    assert "-T" in name_docker(engine, "ps", terminal=False)


@pytest.mark.parametrize(
    ("pieces", "lines"),
    [
        ([], []),
        ([b"one\ntw", b"o\n"], ["one", "two"]),
        ([b"a\n\nb"], ["a", "", "b"]),
        ([b"caf\xc3", b"\xa9\n\xff\n"], ["café", "�"]),
    ],
)
def test_pieces_of_a_log_are_put_together_to_lines(pieces: list[bytes], lines: list[str]) -> None:
    assert list(split_lines(pieces)) == lines


# --- what is deployed


def test_nothing_deployed_is_said_with_what_to_do() -> None:
    with pytest.raises(Refused, match="nothing of the stack prod is deployed yet; portico up -s prod does it"):
        Deployed.of("prod", export())
    with pytest.raises(Refused, match="nothing of the stack prod is deployed yet"):
        Deployed.of("prod", {})
    with pytest.raises(Refused, match="no release of the stack prod went live yet"):
        Deployed.of("prod", export(provide())).choose_site("", "exec")


def test_a_stack_on_ecs_has_no_engine_to_ask() -> None:
    service = {"type": "aws:ecs/service:Service", "urn": "urn:service"}
    with pytest.raises(Refused, match=r"the stack prod is on ECS, .* docs/hosts/ecs\.md"):
        Deployed.of("prod", export(provide(), service))


def test_a_site_is_the_only_one_or_the_one_that_is_named() -> None:
    one, two = (
        Deployed.of("prod", export(provide(), releases=releases))
        for releases in ({"shop": "a" * 12}, {"shop": "a" * 12, "blog": "b" * 12})
    )
    assert one.choose_site("", "exec") == "shop" and two.choose_site("blog", "exec") == "blog"
    with pytest.raises(Refused, match=r"which site\? Write portico exec --site and one of: shop blog"):
        two.choose_site("", "exec")
    with pytest.raises(Refused, match='there is no site "shep" in the stack prod; write --site and one of: shop blog'):
        two.choose_site("shep", "exec")
    assert one.label(role="gunicorn", site="") == [
        "portico.project=portico",
        "portico.stack=prod",
        "portico.role=gunicorn",
    ]


def test_the_best_replica_is_the_healthy_one(monkeypatch: pytest.MonkeyPatch) -> None:
    found = [
        SimpleNamespace(name=name, status=status, health=health)
        for name, status, health in (
            ("a", "exited", "unknown"),
            ("b", "running", "unhealthy"),
            ("c", "running", "healthy"),
        )
    ]
    deployed = Deployed.of("prod", export(provide(), releases={"shop": "a" * 12}))
    monkeypatch.setattr(Deployed, "list_containers", lambda self, **labels: found)
    assert [one.name for one in deployed.list_replicas("shop")] == ["c", "b", "a"]
    monkeypatch.setattr(Deployed, "list_containers", lambda self, **labels: [])
    with pytest.raises(Refused, match="release aaaaaaaaaaaa of shop has no container any more; portico up -s prod"):
        deployed.list_replicas("shop")


def test_pulumi_is_asked_for_the_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pulumi = tmp_path / "pulumi"
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("PULUMI_BACKEND_URL", "s3://bucket")
    (tmp_path / "Pulumi.yaml").write_text("name: portico\n")
    with pytest.raises(Refused, match="pulumi is not installed here: portico setup"):
        read_export("prod", tmp_path)
    for said, outcome in (("no stack named 'prod' found", {}), ("passphrase must be set", None)):
        pulumi.write_text(f'#!/bin/sh\necho "error: {said}" >&2\nexit 255\n')
        pulumi.chmod(0o755)
        if outcome is None:
            with pytest.raises(Refused, match="the state of the stack prod cannot be read: error: passphrase"):
                read_export("prod", tmp_path)
        else:
            assert read_export("prod", tmp_path) == outcome


def test_a_state_in_a_folder_is_read_without_pulumi(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("PULUMI_BACKEND_URL", raising=False)
    (tmp_path / "Pulumi.yaml").write_text("name: portico\nbackend:\n  url: file://./.state?create_dir=true\n")
    file = tmp_path / ".state/.pulumi/stacks/portico/prod.json"
    file.parent.mkdir(parents=True)
    file.write_text(json.dumps({"version": 3, "checkpoint": {"latest": {"resources": [{"type": "x"}]}}}))
    assert read_export("prod", tmp_path) == {"deployment": {"resources": [{"type": "x"}]}}


@pytest.mark.parametrize(
    ("raised", "said"),
    [
        (Refused("nothing to do"), "error: nothing to do.\n"),
        (ConnectionError("no route to host"), "error: Docker could not be asked: no route to host.\n"),
    ],
)
def test_a_mistake_is_one_line_and_an_engine_that_is_away_too(
    monkeypatch: pytest.MonkeyPatch, raised: Exception, said: str
) -> None:
    def fail(_: str) -> None:
        raise raised

    monkeypatch.setattr("portico.cli.commands.shell.prepare", fail)
    done = CliRunner().invoke(portico, ["shell"])
    assert (done.exit_code, done.stderr) == (1, said)


def test_what_nobody_expects_is_not_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: str) -> None:
        raise ValueError("a mistake of ours")

    monkeypatch.setattr("portico.cli.commands.shell.prepare", fail)
    assert isinstance(CliRunner().invoke(portico, ["shell"]).exception, ValueError)


# --- the commands before


def test_recover_and_check_ask_the_same_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    from portico.cli.commands import check, recover

    there = provide(host="ssh://deploy@shop.example:22", sshOpts=json.dumps(["-o", "BatchMode=yes"]))
    edge = {
        "type": "docker:index/container:Container",
        "outputs": {"id": "1", "name": "edge", "labels": [{"label": "portico.role", "value": "nginx"}]},
    }
    urn = "urn:pulumi:prod::portico::x::y"
    text = json.dumps(export(there | {"urn": urn}, edge | {"urn": "u", "provider": f"{urn}::some-id"}))
    monkeypatch.setattr(recover, "run", lambda *words, **more: text)
    asked: list[Engine] = []

    def connect(engine: Engine) -> Any:
        asked.append(engine)
        raise ConnectionError("not now")

    monkeypatch.setattr(Engine, "connect", connect)
    state = recover.read_state("prod")
    with pytest.raises(ConnectionError):
        recover.connect(state)
    with pytest.raises(ConnectionError):
        check.judge("prod", json.loads(text))
    assert asked == [Engine("ssh://deploy@shop.example:22", ("-o", "BatchMode=yes"))] * 2
