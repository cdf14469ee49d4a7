"""Stack files are read as Pulumi's command line reads them."""

from pathlib import Path
from typing import Any

import pytest

from portico.config.stackfile import UnreadableStack, read_stack

PROJECT = (
    "name: shop\nconfig:\n  shop:port:\n    type: integer\n    default: 8080\n  address:\n    default: 127.0.0.1\n"
)
LOCKED = """encryptionsalt: v1:oVlF7xvLkH4=:v1:x
config:
  shop:secrets:
    shop:
      KEY:
        secure: {locked}
"""


def read(folder: Path, text: str) -> dict[str, Any]:
    (folder / "Pulumi.yaml").write_text(PROJECT)
    (folder / "Pulumi.dev.yaml").write_text(text)
    return read_stack(folder, "dev")


def test_a_stack_lies_over_the_projects_defaults(tmp_path: Path) -> None:
    assert read(tmp_path, "config:\n  shop:port: 80\n  docker:host: tcp://a.example:1\n") == {
        "port": 80,
        "address": "127.0.0.1",
    }


def test_a_file_without_settings_has_the_defaults(tmp_path: Path) -> None:
    assert read(tmp_path, "") == {"port": 8080, "address": "127.0.0.1"}


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("80", 80),
        ('"80"', 80),  # as `pulumi config set` writes it
        ("true", True),
        ("yes", "yes"),
        ("0x50", "0x50"),
        ("12:30", "12:30"),
        ("1.30.6", "1.30.6"),
        ("", ""),
        ("{a: 0x50, b: yes, c: 010, d: 1_000, e: ~, f: '1', g: 1e3, h: 2026-11-23}", None),
        ("[on, off, True, 1.5]", ["on", "off", True, 1.5]),
        ("{1: a}", {"1": "a"}),
    ],
)
def test_values_are_what_pulumi_takes_them_for(tmp_path: Path, written: str, value: object) -> None:
    value = value or {"a": 80, "b": "yes", "c": 8, "d": 1000, "e": None, "f": "1", "g": 1000.0, "h": "2026-11-23"}
    value = "" if written == "" else value
    assert read(tmp_path, f"config:\n  shop:key: {written}\n")["key"] == value


def test_an_unknown_stack_is_named_with_the_known_ones(tmp_path: Path) -> None:
    read(tmp_path, "")
    with pytest.raises(UnreadableStack, match=r"no environment 'prod'; write Pulumi\.prod\.yaml, .* one of: dev"):
        read_stack(tmp_path, "prod")


@pytest.mark.parametrize("text", ["config: [", "a: b: c", "config: {a: \x01}"])
def test_broken_yaml_is_a_sentence(tmp_path: Path, text: str) -> None:
    with pytest.raises(UnreadableStack, match=r"Pulumi\.dev\.yaml is not valid YAML"):
        read(tmp_path, text)


def test_a_wrong_passphrase_is_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", "wrong")
    with pytest.raises(UnreadableStack, match="the passphrase does not open the secrets"):
        read(tmp_path, LOCKED.format(locked="v1:6+7fdlH2UvbESLCF:NW/03R617a4QMTkc+dHZ9DbQy9BWnw=="))


def test_secrets_of_a_service_are_a_sentence(tmp_path: Path) -> None:
    text = "secretsprovider: awskms://alias/x\nconfig:\n  shop:secrets: {shop: {KEY: {secure: AAAA}}}\n"
    with pytest.raises(UnreadableStack, match="kept by a service"):
        read(tmp_path, text)


def test_a_secret_opens_with_its_passphrase(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", "")
    # The salt's own check, as Pulumi writes it, holds the word "pulumi".
    locked = "v1:6+7fdlH2UvbESLCF:NW/03R617a4QMTkc+dHZ9DbQy9BWnw=="
    text = LOCKED.format(locked=locked).replace("oVlF7xvLkH4=", "byPoVuQw6vo=")
    assert read(tmp_path, text)["secrets"] == {"shop": {"KEY": "pulumi"}}
