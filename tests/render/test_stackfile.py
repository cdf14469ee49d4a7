"""Stack files are read as Pulumi's command line reads them."""

import json
from pathlib import Path
from typing import Any

import pytest

from portico.config.stackfile import UnreadableStack, read_stack

PROJECT = (
    "name: shop\nconfig:\n  portico:port:\n    value: 8080\n  portico:address: 127.0.0.1\n"
    "  shop:size:\n    type: integer\n    default: 3\n  flag:\n    default: true\n"
)
LOCKED = """encryptionsalt: v1:oVlF7xvLkH4=:v1:x
config:
  portico:secrets:
    shop:
      KEY:
        secure: {locked}
"""


def read(folder: Path, text: str) -> dict[str, Any]:
    (folder / "Pulumi.yaml").write_text(PROJECT)
    (folder / "Pulumi.dev.yaml").write_text(text)
    return read_stack(folder, "dev")


def test_a_stack_lies_over_the_projects_defaults(tmp_path: Path) -> None:
    assert read(tmp_path, "config:\n  portico:port: 80\n  docker:host: tcp://a.example:1\n") == {
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
        # As `pulumi config --json` prints them.
        ("0x50", 80),
        ("010", 8),
        ("8_080", 8080),
        ("12:30", "12:30"),
        ("1.30.6", "1.30.6"),
        ("", ""),
        ("{a: 0x50, b: yes, c: 010, d: 1_000, e: ~, f: '1', g: 1e3, h: '2026-11-23'}", None),
        ("[on, off, True, 1.5]", ["on", "off", True, 1.5]),
        ("{1: a}", {"1": "a"}),
    ],
)
def test_values_are_what_pulumi_takes_them_for(tmp_path: Path, written: str, value: object) -> None:
    value = value or {"a": 80, "b": "yes", "c": 8, "d": 1000, "e": None, "f": "1", "g": 1000.0, "h": "2026-11-23"}
    value = "" if written == "" else value
    assert read(tmp_path, f"config:\n  portico:key: {written}\n")["key"] == value


@pytest.mark.parametrize("written", ["2026-11-23", "2026-1-2", "2026-01-01T10:00:00Z", "2026-01-01 10:00:00.5"])
@pytest.mark.parametrize("before", ["portico:key: ", "portico:key: {a: ", "portico:key: [b, "])
def test_a_date_without_quotes_is_refused(tmp_path: Path, before: str, written: str) -> None:
    """`pulumi config --json` prints 2026-11-23 as "2026-11-23 00:00:00 +0000 UTC", and an application gets that."""
    end = {"{": "}", "[": "]"}.get(before.rstrip("ab, :")[-1:], "")
    with pytest.raises(UnreadableStack) as refused:
        read(tmp_path, f"config:\n  {before}{written}{end}\n")
    said = f"line 2: {written} is a date in YAML and would be read in another form; put it in quotes"
    assert str(refused.value) == f"Pulumi.dev.yaml, {said}"
    quoted = f"config:\n  {before}'{written}'{end}\n"
    assert written in str(read(tmp_path, quoted)["key"])


@pytest.mark.parametrize("written", ["[]", "\n  - portico:port", "portico"])
def test_a_section_that_holds_no_settings_is_a_sentence(tmp_path: Path, written: str) -> None:
    with pytest.raises(UnreadableStack, match=r"^Pulumi.dev.yaml: config holds no settings; write each on a line as"):
        read(tmp_path, f"config: {written}\n")


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


SERVICE = (
    "secretsprovider: awskms://alias/x\nencryptedkey: AQID\n"
    "config:\n  portico:port: 80\n  portico:secrets: {shop: {KEY: {secure: AAAA}}}\n"
)


def answer(folder: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    """Stand in for Pulumi's command, and for the service that it asks: no KMS can be had here."""
    program = folder / "bin" / "pulumi"
    program.parent.mkdir()
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:/usr/bin:/bin")


def test_what_a_service_keeps_pulumi_is_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reported = {
        "portico:port": {"value": "80", "secret": False},
        "portico:secrets": {
            "value": '{"shop":{"KEY":"hush"}}',
            "objectValue": {"shop": {"KEY": "hush"}},
            "secret": True,
        },
        "shop:size": {"value": "3", "secret": False},
    }
    answer(tmp_path, monkeypatch, f"echo \"$PWD $*\" >{tmp_path}/asked\ncat <<'END'\n{json.dumps(reported)}\nEND")
    found = read(tmp_path, SERVICE)
    assert found == {"port": 80, "address": "127.0.0.1", "secrets": {"shop": {"KEY": "hush"}}}
    asked = f"{tmp_path} config --json --show-secrets --non-interactive --stack dev\n"
    assert (tmp_path / "asked").read_text() == asked


def test_a_service_that_refuses_is_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    answer(tmp_path, monkeypatch, "echo 'error: AccessDenied: no key for you' >&2; exit 255")
    with pytest.raises(UnreadableStack, match=r"kept by a service, which Pulumi asks: AccessDenied: no key for you$"):
        read(tmp_path, SERVICE)
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(UnreadableStack, match="pulumi is not installed here; install it: make setup"):
        read(tmp_path, SERVICE)


def test_without_a_secret_nobody_is_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    assert read(tmp_path, "secretsprovider: awskms://alias/x\nconfig:\n  portico:port: 80\n")["port"] == 80


def test_a_secret_opens_with_its_passphrase(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", "")
    # The salt's own check, as Pulumi writes it, holds the word "pulumi".
    locked = "v1:6+7fdlH2UvbESLCF:NW/03R617a4QMTkc+dHZ9DbQy9BWnw=="
    text = LOCKED.format(locked=locked).replace("oVlF7xvLkH4=", "byPoVuQw6vo=")
    assert read(tmp_path, text)["secrets"] == {"shop": {"KEY": "pulumi"}}


@pytest.mark.parametrize(
    "text",
    [
        "a: " + "1" * 5000,
        "a: [0o]",
        "a: [0x_]",
        "a: [!!int abc]",
        "a: {b: !!bool maybe}",
        "shop:a: &a [*a]",
        "a: " + "[" * 3000 + "]" * 3000,
        "shop:a: {b: 1, b: 2}",
        "shop:a: 1\n  shop:a: 2",
    ],
)
def test_what_is_no_stack_is_refused_without_a_traceback(tmp_path: Path, text: str) -> None:
    with pytest.raises(UnreadableStack) as caught:
        read(tmp_path, f"config:\n  {text}\n")
    assert all(line.isprintable() and len(line) < 700 for line in str(caught.value).split("\n"))


def test_a_key_without_a_name_before_it_is_the_projects(tmp_path: Path) -> None:
    assert read(tmp_path, "config:\n  size: 99\n")["port"] == 8080
    (tmp_path / "Pulumi.dev.yaml").write_text("config:\n  port: 99\n")
    (tmp_path / "Pulumi.yaml").write_text(PROJECT.replace("name: shop", "name: portico"))
    assert read_stack(tmp_path, "dev")["port"] == 99
