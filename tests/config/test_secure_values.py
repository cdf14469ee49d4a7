"""Encrypted values that are no secrets of Portico's are refused, wherever in the configuration they stand."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pulumi
import pytest
import yaml
from pulumi.runtime import set_all_config, set_mocks

from portico.config.load import load
from portico.config.secure_values import list_exposed
from portico.config.settings import Mistakes
from portico.config.stackfile import read_stack, read_written
from tests.components.recorder import Recorder, use_loop
from tests.config.sample import HASH, make_site, make_values
from tests.program.stackfile import spell_config

LOCKED = {"secure": "v1:AAAA:BBBB"}
SHOWN = "is encrypted, which would be in plain text in Pulumi's state and in what runs, as every setting does; "
TOKEN = (
    f"sites[0].environment.TOKEN: {SHOWN}make it a secret: pulumi config set --secret --path "
    "portico:secrets.shop.TOKEN (asks for the value), pulumi config rm --path 'portico:sites[0].environment.TOKEN', "
    "and write secretsAs: {TOKEN: environment} for the site"
)
PLAIN = f"{SHOWN}write it in plain text; if the application needs it as a secret, put it below portico:secrets"


def lines(written: dict[str, Any], *secret: str) -> list[str]:
    return [str(one) for one in list_exposed(written, secret)]


@pytest.mark.parametrize(
    ("written", "reported"),
    [
        (make_values(make_site(environment={"TOKEN": LOCKED, "LEVEL": "info"})), [TOKEN]),
        (make_values(make_site(health=LOCKED)), [f"sites[0].health: {PLAIN}"]),
        (make_values(make_site(hosts=["a.example", LOCKED])), [f"sites[0].hosts[1]: {PLAIN}"]),
        (make_values(make_site(workers=[{"command": LOCKED}])), [f"sites[0].workers[0].command: {PLAIN}"]),
        ({"sites": LOCKED}, [f"sites: {PLAIN}"]),
        ({"ssh": {"host": LOCKED}}, [f"ssh.host: {PLAIN}"]),
        ({"sites": [LOCKED]}, [f"sites[0]: {PLAIN}"]),
        ({"secrets": {"shop": {"KEY": LOCKED}}}, []),
        ({"secrets": LOCKED}, []),
        (make_values(make_site(users={"ann": LOCKED})), []),
        (make_values(make_site(users=LOCKED)), [f"sites[0].users: {PLAIN}"]),
        # A variable of that name is a plain value.
        (make_values(make_site(environment={"secure": "no", "b": "c"})), []),
    ],
)
def test_each_is_reported_by_its_place(written: dict[str, Any], reported: list[str]) -> None:
    assert lines(written) == reported
    if reported:
        # Pulumi says of the key too that it is a secret one: that makes no second line.
        assert lines(written, *written) == reported


def test_a_key_is_reported_whose_encrypted_value_stands_in_no_file(root: Path) -> None:
    said = (
        "holds an encrypted value, which would be in plain text in Pulumi's state and in what runs, as every setting "
    )
    assert lines({}, "sites", "secrets") == [f"sites: {said}does; write it in plain text, or below portico:secrets"]


@pytest.fixture
def stack(root: Path) -> Iterator[Path]:
    use_loop()
    set_mocks(Recorder(), project="portico", stack="test")
    (root / "Pulumi.yaml").write_text("name: portico\nruntime: python\n")
    yield root
    set_all_config({}, [])


def write(stack: Path, values: dict[str, Any]) -> None:
    config = {f"portico:{key}": value for key, value in values.items()}
    document = {"encryptionsalt": "v1:oVlF7xvLkH4=:v1:x", "config": config}
    (stack / "Pulumi.test.yaml").write_text(yaml.safe_dump(document))


def hand_over(values: dict[str, Any], *secret: str) -> None:
    set_all_config(spell_config(values), [f"portico:{key}" for key in secret])


def test_the_program_refuses_it_together_with_all_other_mistakes(stack: Path) -> None:
    write(stack, make_values(make_site(environment={"TOKEN": LOCKED})))
    hand_over(make_values(make_site(environment={"TOKEN": "hunter2"}), port=0), "sites")
    with pytest.raises(pulumi.RunError) as caught:
        load(stack)
    reported = str(caught.value).splitlines()
    assert reported[1:] == [f"  {TOKEN}", "  port: 0 does not fit; write at least 1"] and "hunter2" not in str(reported)
    assert reported[0] == "2 mistakes in the settings; nothing was changed."


def test_the_program_refuses_a_key_whose_place_it_cannot_see(stack: Path) -> None:
    hand_over(make_values(make_site(environment={"TOKEN": "hunter2"})), "sites")
    with pytest.raises(pulumi.RunError, match="sites: holds an encrypted value"):
        load(stack)


def test_the_program_takes_secrets_and_password_hashes(stack: Path) -> None:
    site = make_site(users={"ann": LOCKED})
    write(stack, make_values(site, secrets={"shop": {"KEY": LOCKED}}))
    hand_over(make_values(make_site(users={"ann": HASH}), secrets={"shop": {"KEY": "x"}}), "sites", "secrets")
    assert load(stack).settings.sites[0].users == {"ann": HASH}


def test_what_runs_without_pulumi_refuses_it_too(stack: Path) -> None:
    """make render and make diff: before a passphrase is asked for."""
    write(stack, make_values(make_site(environment={"TOKEN": LOCKED})))
    with pytest.raises(Mistakes) as caught:
        read_stack(stack, "test")
    assert [str(one) for one in caught.value.all] == [TOKEN]


def test_a_stack_file_that_lies_elsewhere_says_nothing(stack: Path) -> None:
    assert read_written(stack, "other") == {}
