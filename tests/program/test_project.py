"""Pulumi.yaml declares what the settings know, with the same types and defaults."""

from typing import Any

import pytest

from portico.config.settings import Settings
from tests.program.stackfile import EVERY, ROOT, merge_values, read_project

DECLARED: dict[str, dict[str, Any]] = read_project()["config"]
FIELDS = {field.alias or name: field for name, field in Settings.model_fields.items()}
TYPES = {"string": str, "integer": int, "boolean": bool}


@pytest.mark.parametrize("key", DECLARED)
def test_a_declared_key_is_a_setting_with_the_same_default(key: str) -> None:
    name = key.removeprefix("portico:")
    assert key.startswith("portico:") and name in FIELDS
    assert FIELDS[name].default == DECLARED[key]["default"]


@pytest.mark.parametrize("key", DECLARED)
def test_a_declared_key_has_a_type_that_fits_and_a_description(key: str) -> None:
    entry = DECLARED[key]
    assert type(entry["default"]) is TYPES[entry["type"]]
    assert entry["description"].endswith(".") and len(entry["description"]) > 20


@pytest.mark.parametrize(
    "name",
    [name for name, field in FIELDS.items() if type(field.default) in TYPES.values()],
)
def test_a_setting_with_a_plain_default_is_declared(name: str) -> None:
    assert f"portico:{name}" in DECLARED


@pytest.mark.parametrize("name", FIELDS)
def test_a_setting_is_described(name: str) -> None:
    assert (FIELDS[name].description or "").endswith(".")


@pytest.mark.parametrize("stack", EVERY)
def test_a_stack_file_is_valid(stack: str) -> None:
    assert Settings.read(merge_values(stack), ROOT).sites


@pytest.mark.parametrize("stack", EVERY)
def test_a_stack_file_says_only_what_differs(stack: str) -> None:
    defaults = {key.removeprefix("portico:"): entry["default"] for key, entry in DECLARED.items()}
    merged = merge_values(stack)
    own = (ROOT / f"Pulumi.{stack}.yaml").read_text()
    assert [key for key, value in defaults.items() if f"portico:{key}:" in own and merged[key] == value] == []
