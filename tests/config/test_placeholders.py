"""What the shipped stack files leave to their user is reported, all of it, before anything is touched."""

from typing import Any

import pulumi
import pytest
from pulumi.runtime import set_all_config

from portico.config.placeholders import AMI, KEY, list_placeholders
from tests.components.recorder import Resource, run
from tests.program.conftest import reach_everything
from tests.program.stackfile import ROOT, merge_values, run_program, spell_config

ACME: dict[str, Any] = {"tls": {"acme": {"email": "ops@shop.net"}}}
ASKED = {
    "staging": ["sites[0].hosts[0]", "ssh.host", "tls.acme.email"],
    "prod": ["aws.ami", "aws.keys[0]", "sites[0].hosts[0]", "sites[0].hosts[1]", "tls.acme.email"],
}


@pytest.mark.parametrize("stack", ASKED)
def test_a_stack_file_as_it_comes_is_refused(stack: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("signal.signal", lambda *_: None)
    # Where this fails, it must not look for machines.
    reach_everything(monkeypatch)
    monkeypatch.setattr("portico.config.load.list_placeholders", list_placeholders)
    seen: list[Resource] = []

    def build() -> None:
        set_all_config(spell_config(merge_values(stack)))
        run_program(ROOT)

    with pytest.raises(pulumi.RunError) as caught:
        run(build, seen=seen)
    first, *lines = str(caught.value).splitlines()
    assert seen == [] and first.endswith("nothing was changed.")
    assert sorted(line.strip().partition(": ")[0] for line in lines) == ASKED[stack]
    assert all(" is an example; write " in line for line in lines)


def list_places(**values: Any) -> list[str]:
    return [mistake.path for mistake in list_placeholders(values)]


@pytest.mark.parametrize(
    "name", ["example", "shop.example", "a.b.EXAMPLE", "example.com", "www.example.org", "example.net"]
)
def test_names_that_are_nobodys_are_examples(name: str) -> None:
    site = {"hosts": ["shop.net", name], "aliases": [name]}
    assert list_places(**ACME, sites=[{}, site]) == ["sites[1].hosts[1]", "sites[1].aliases[0]"]
    assert list_places(tls={"acme": {"email": f"ops@{name}"}}) == ["tls.acme.email"]
    assert list_places(target="ssh", ssh={"host": name}) == ["ssh.host"]


@pytest.mark.parametrize(
    "values",
    [
        {"sites": [{"hosts": ["shop.example"]}]},
        {"sites": [{"hosts": ["shop.example"], "certificate": {"certificate": "a", "key": "b"}}], **ACME},
        {
            "sites": [{"hosts": ["shop.example"]}],
            "tls": {"acme": {"email": "a@b.example", "directory": "https://ca.b"}},
        },
        {"sites": [{"hosts": ["anexample.com", "example.com.net", "shop.example.de"]}], **ACME},
        {"target": "ssh", "ssh": {"host": "notexample"}},
        {"target": "local", "ssh": {"host": "a.example"}, "aws": {"ami": AMI, "keys": [f"ssh-ed25519 {KEY}"]}},
        {"target": "aws", "aws": {"ami": "ami-0123456789abcdef0", "keys": ["ssh-ed25519 AAAA you@example"]}},
    ],
)
def test_what_may_work_is_none(values: dict[str, Any]) -> None:
    assert list_places(**values) == []


@pytest.mark.parametrize("odd", [None, 5, "x", [], {}, [5], {"acme": 5}, {"acme": {"email": 5}}])
def test_values_of_a_wrong_form_are_reported_elsewhere(odd: Any) -> None:
    for key in ("tls", "ssh", "aws", "sites", "target"):
        assert list_places(**{"target": "ssh", **ACME, key: odd}) == []
    assert list_places(**ACME, sites=[{"hosts": odd, "aliases": odd}]) == []
    assert list_places(target="aws", aws={"keys": odd, "ami": odd}) == []
