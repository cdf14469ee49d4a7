"""The way to a machine: safe by default, and the same words in every run."""

import shlex
import subprocess
from pathlib import Path
from typing import Any

import pytest

from portico.components.hosts.connection import Connection, connect
from portico.config.settings import Ssh

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIIcjJtpPjOoD4Ojo7JOqFRFX9QgRz2G5rAHUwsl8RTb1"


def reach(root: Path, **settings: Any) -> Connection:
    values = {"host": "shop.example", "user": "deploy"} | settings
    return connect(Ssh.model_validate(values), "staging", root)


def options(connection: Connection) -> dict[str, str]:
    assert connection.options[::2] == ("-o",) * (len(connection.options) // 2)
    return dict(option.split("=", 1) for option in connection.options[1::2])


def understood(connection: Connection) -> dict[str, str]:
    """What ssh itself makes of the options; it sends nothing."""
    done = subprocess.run(
        ["ssh", "-F", "/dev/null", "-G", *connection.options, connection.url], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return dict(line.partition(" ")[::2] for line in done.stdout.splitlines())


@pytest.mark.parametrize(
    ("settings", "url"),
    [
        ({}, "ssh://deploy@shop.example:22"),
        ({"port": 2222}, "ssh://deploy@shop.example:2222"),
        ({"host": "192.0.2.7"}, "ssh://deploy@192.0.2.7:22"),
        ({"host": "2001:db8::7"}, "ssh://deploy@[2001:db8::7]:22"),
    ],
)
def test_the_address(tmp_path: Path, settings: dict[str, Any], url: str) -> None:
    assert reach(tmp_path, **settings).url == url


def test_the_first_key_is_kept_in_a_file_of_the_stack_and_no_other_is_taken(tmp_path: Path) -> None:
    said = understood(reach(tmp_path))
    assert said["stricthostkeychecking"] == "accept-new"
    assert said["userknownhostsfile"] == ".portico/known_hosts/staging"
    assert said["globalknownhostsfile"] == "/dev/null"
    assert said["updatehostkeys"] == "false"
    assert not (tmp_path / ".portico/known_hosts/staging").exists()


@pytest.mark.parametrize(("port", "name"), [(22, "shop.example"), (2222, "[shop.example]:2222")])
def test_a_pinned_key_is_the_only_one_that_is_known(tmp_path: Path, port: int, name: str) -> None:
    (tmp_path / ".portico/known_hosts").mkdir(parents=True)
    file = tmp_path / ".portico/known_hosts/staging"
    file.write_text("shop.example ssh-rsa accepted-before\n")
    assert understood(reach(tmp_path, port=port, hostKey=KEY))["stricthostkeychecking"] == "true"
    assert file.read_text() == f"{name} {KEY}\n"


def test_nothing_asks_for_a_terminal_or_takes_the_agent_along(tmp_path: Path) -> None:
    said = options(reach(tmp_path))
    # Whatever the user's own settings say.
    assert (said["BatchMode"], said["ForwardAgent"], said["RequestTTY"]) == ("yes", "no", "no")
    assert (said["ClearAllForwardings"], said["PermitLocalCommand"]) == ("yes", "no")


def test_a_machine_that_is_gone_is_noticed(tmp_path: Path) -> None:
    said = understood(reach(tmp_path))
    assert int(said["connecttimeout"]) <= 15
    assert int(said["serveraliveinterval"]) * int(said["serveralivecountmax"]) <= 20


def test_one_connection_serves_all_in_a_folder_that_is_the_users_alone(tmp_path: Path) -> None:
    said = options(reach(tmp_path))
    assert (said["ControlMaster"], said["ControlPath"]) == ("auto", ".portico/ssh/%C")
    assert (tmp_path / ".portico/ssh").stat().st_mode & 0o777 == 0o700


def test_the_words_are_the_same_wherever_the_folder_is(tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    settings = {"key": "~/.ssh/id", "jump": "deploy@gate.example"}
    assert reach(tmp_path / "one", **settings) == reach(tmp_path / "two", **settings)


@pytest.mark.parametrize(
    ("key", "reported"), [("~/.ssh/id", "~/.ssh/id"), ("keys/my id", "keys/my id"), ("100%h", "100%h")]
)
def test_only_the_named_key_is_shown(tmp_path: Path, key: str, reported: str) -> None:
    said = understood(reach(tmp_path, key=key))
    assert said["identityfile"].replace("%%", "%") == reported
    assert said["identitiesonly"] == "yes"


def test_without_a_key_the_agent_is_asked(tmp_path: Path) -> None:
    assert not {"IdentityFile", "IdentitiesOnly"} & set(options(reach(tmp_path)))


def test_a_command_of_the_users_own_leads_there(tmp_path: Path) -> None:
    assert (
        options(reach(tmp_path, proxyCommand="corkscrew proxy 80 %h %p"))["ProxyCommand"] == "corkscrew proxy 80 %h %p"
    )


@pytest.mark.parametrize("jump", ["deploy@gate.example", "deploy@gate.example:2222"])
def test_the_machine_on_the_way_is_judged_as_strictly(tmp_path: Path, jump: str) -> None:
    command = options(reach(tmp_path, jump=jump, key="my %key"))["ProxyCommand"]
    words = shlex.split(command.replace("%%", "%"))
    there = Connection("", "", options=tuple(words[1 : words.index("-W")]))
    said = options(there)
    assert words[words.index("-W") + 1 :] == ["[%h]:%p", f"ssh://{jump}"]
    assert said["StrictHostKeyChecking"] == "accept-new"
    assert said["UserKnownHostsFile"] == ".portico/known_hosts/staging.jump"
    assert (said["BatchMode"], said["ControlMaster"]) == ("yes", "no")
    assert said["IdentityFile"] == '"my %%key"'
