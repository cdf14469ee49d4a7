"""The settings of a machine over SSH: what is refused, and in which words."""

from pathlib import Path
from typing import Any

import pytest

from tests.config.sample import make_values, read_settings, refuse

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIIcjJtpPjOoD4Ojo7JOqFRFX9QgRz2G5rAHUwsl8RTb1"
MACHINE = {"host": "shop.example", "user": "deploy"}
NO_KEY = (
    "is not a public host key; write the type and the key, as ssh-keyscan prints them after the host name, "
    'such as "ssh-ed25519 AAAA..."'
)
NO_JUMP = "is not a machine on the way; write user@host or user@host:port, such as deploy@gate.example"
NO_NAME = "is not a machine's name; write a host name, an address, or an alias of ~/.ssh/config, such as shop.example"


def over_ssh(**ssh: Any) -> dict[str, Any]:
    return make_values(target="ssh", ssh={key: value for key, value in {**MACHINE, **ssh}.items() if value is not None})


@pytest.mark.parametrize(
    ("values", "line"),
    [
        (make_values(target="ssh"), "ssh: is required for target ssh; write at least its host and user"),
        (
            make_values(ssh=MACHINE),
            "ssh: is for another target than local; write target: ssh, or leave it out",
        ),
        (
            over_ssh() | {"docker": "unix:///run/docker.sock"},
            "docker: is for another target than ssh; write target: local, or leave it out",
        ),
        (
            over_ssh(jump="me@gate.example", proxyCommand="nc %h %p"),
            "ssh.jump: cannot be used with ssh.proxyCommand: both say how to reach the machine; write one of them",
        ),
        (over_ssh(host=None), "ssh.host: is required; write host: shop.example"),
        (over_ssh(user=None), "ssh.user: is required; write user: deploy"),
        (over_ssh(hots="a"), "ssh.hots: there is no such setting; did you mean host?"),
        (over_ssh(host="-oProxyCommand=sh"), f'ssh.host: "-oProxyCommand=sh" {NO_NAME}'),
        (over_ssh(host="shop.example/x"), f'ssh.host: "shop.example/x" {NO_NAME}'),
        (over_ssh(host="deploy@shop.example"), f'ssh.host: "deploy@shop.example" {NO_NAME}'),
        (over_ssh(port=0), "ssh.port: 0 does not fit; write at least 1"),
        (
            over_ssh(user="-l"),
            'ssh.user: "-l" is not a login; write the name of a user of that machine, such as deploy',
        ),
        (
            over_ssh(key='a"b'),
            'ssh.key: "a"b" is not a key\'s path; write a path without quotes, such as ~/.ssh/id_ed25519',
        ),
        (over_ssh(jump="gate.example"), f'ssh.jump: "gate.example" {NO_JUMP}'),
        (over_ssh(jump="me@gate.example:0"), f'ssh.jump: "me@gate.example:0" {NO_JUMP}'),
        (
            over_ssh(proxyCommand="a\nb"),
            'ssh.proxyCommand: "a\\nb" is not a command; write it on one line, such as ssh -W %h:%p gate.example',
        ),
        (over_ssh(hostKey="AAAAC3NzaC1lZDI1NTE5"), f'ssh.hostKey: "AAAAC3NzaC1lZDI1NTE5" {NO_KEY}'),
        (over_ssh(hostKey="ssh-ed25519 AAAA"), f'ssh.hostKey: "ssh-ed25519 AAAA" {NO_KEY}'),
        (over_ssh(hostKey="ssh-ed25519 A"), f'ssh.hostKey: "ssh-ed25519 A" {NO_KEY}'),
        (
            over_ssh(hostKey=KEY.replace("ssh-ed25519", "ssh-rsa")),
            f'ssh.hostKey: "{KEY.replace("ssh-ed25519", "ssh-rsa")[:60]}" {NO_KEY}',
        ),
    ],
)
def test_a_bad_setting_is_named_with_its_path_and_what_to_write(root: Path, values: dict[str, Any], line: str) -> None:
    assert refuse(root, values) == [line]


@pytest.mark.parametrize("host", ["shop.example", "Shop_1", "192.0.2.7", "2001:db8::7", "vm", "i-0123456789abcdef0"])
def test_names_addresses_and_aliases_are_hosts(root: Path, host: str) -> None:
    settings = read_settings(root, target="ssh", ssh=MACHINE | {"host": host})
    assert settings.ssh is not None and (settings.ssh.host, settings.ssh.port) == (host, 22)


@pytest.mark.parametrize("written", [KEY, f"  {KEY}\n", f"{KEY} root@shop"])
def test_a_host_key_is_kept_without_what_stands_around_it(root: Path, written: str) -> None:
    settings = read_settings(root, target="ssh", ssh=MACHINE | {"hostKey": written})
    assert settings.ssh is not None and settings.ssh.host_key == KEY


def test_the_machine_is_no_part_of_what_is_served(root: Path) -> None:
    from portico.config.release.assemble import make_release

    here, there = read_settings(root), read_settings(root, target="ssh", ssh=MACHINE)
    assert make_release(here, here.sites[0], root, {}).id == make_release(there, there.sites[0], root, {}).id
