"""Settings without the namespace `portico:`, which nobody would read, are refused."""

from pathlib import Path

import pulumi
import pytest
from pulumi.runtime.config import set_all_config

from portico.config.load import load
from portico.config.mistake import Mistakes
from portico.config.namespace import list_misplaced
from portico.config.stack_plan import plan_stack
from tests.config.sample import make_values
from tests.program.stackfile import spell_config

ALONE = "{0}: is not used without its namespace; write portico:{0}"


@pytest.mark.parametrize(
    ("key", "said"),
    [
        *((f"shop:{name}", ALONE.format(name)) for name in ("healthTimeout", "sites", "secrets", "aws", "rollback")),
        ("Portico:port", "Portico:port: is not used; write portico:port"),
        ("PORTICO:anything", "PORTICO:anything: is not used; write portico:anything"),
        ("portco:port", "portco:port: is not used; write portico:port"),
        ("portico:portico", "portico: is not a section; write each setting by itself, such as portico:sites"),
        ("shop:portico", "portico: is not a section; write each setting by itself, such as portico:sites"),
    ],
)
def test_what_nobody_would_read_is_refused(key: str, said: str) -> None:
    assert [str(one) for one in list_misplaced({key: "1"}, "shop")] == [said]


def test_what_a_group_holds_is_named_as_it_is_to_be_written() -> None:
    (one,) = list_misplaced({"shop:portico": '{"port": 1, "sites": [], "other": 2}'}, "shop")
    assert str(one).endswith("such as portico:port and portico:sites")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("config:\n  port: 8111\n  {sites}", [ALONE.format("port")]),
        ("config:\n  Portico:port: 8111\n  {sites}", ["Portico:port: is not used; write portico:port"]),
        ("config:\n  sites: []\n", [ALONE.format("sites")]),
        (
            "config:\n  portico: {{port: 8111}}\n",
            ["portico: is not a section; write each setting by itself, such as portico:port"],
        ),
        (
            "portico:port: 8111\n",
            ["portico:port: is not used outside of `config`; write it below `config:`, indented"],
        ),
        (
            "config:\n  port: 8111\n  portico:replicas: 0\n  {sites}",
            [ALONE.format("port"), "replicas: 0 does not fit; write at least 1"],
        ),
    ],
)
def test_commands_that_read_the_file_themselves_refuse_it_too(root: Path, text: str, said: list[str]) -> None:
    (root / "Pulumi.yaml").write_text("name: shop\nruntime: python\n")
    sites = 'portico:sites: [{name: shop, source: shop, entry: "web:app", hosts: [shop.example]}]\n'
    (root / "Pulumi.x.yaml").write_text(text.format(sites=sites))
    with pytest.raises(Mistakes) as refused:
        plan_stack(root, "x")
    assert [str(one) for one in refused.value.all] == said


@pytest.mark.parametrize(
    "key", ["portico:port", "shop:color", "aws:region", "docker:host", "pulumi:tags", "other:port"]
)
def test_what_is_somebody_elses_is_left_alone(key: str) -> None:
    assert not [*list_misplaced({key: "1"}, "shop")]


def test_in_a_project_called_portico_there_is_no_difference() -> None:
    assert not [*list_misplaced({"portico:port": "1", "portico:sites": "[]"}, "portico")]


def test_it_is_said_with_all_else_that_is_wrong(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pulumi, "get_project", lambda: "shop")
    set_all_config(spell_config(make_values(port=0)) | {"shop:replicas": "9"})
    with pytest.raises(pulumi.RunError) as refused:
        load(root)
    assert "2 mistakes" in str(refused.value) and ALONE.format("replicas") in str(refused.value)
