"""Settings without the namespace `portico:`, which nobody would read, are refused."""

from pathlib import Path

import pulumi
import pytest
from pulumi.runtime.config import set_all_config

from portico.config.load import load
from portico.config.namespace import list_misplaced
from tests.config.sample import make_values
from tests.program.stackfile import spell_config

ALONE = "{0}: is read by nobody without its namespace; write portico:{0}"


@pytest.mark.parametrize(
    ("key", "said"),
    [
        *((f"shop:{name}", ALONE.format(name)) for name in ("healthTimeout", "sites", "secrets", "aws", "rollback")),
        ("Portico:port", "Portico:port: is read by nobody; write portico:port"),
        ("PORTICO:anything", "PORTICO:anything: is read by nobody; write portico:anything"),
        ("shop:portico", "portico: is no section; write each setting with its namespace, such as portico:sites"),
    ],
)
def test_what_nobody_would_read_is_refused(key: str, said: str) -> None:
    assert [str(one) for one in list_misplaced({key: "1"}, "shop")] == [said]


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
