"""Compiled templates are kept, and never used where they would make another text."""

import sys
from pathlib import Path
from typing import Any

import pytest
from jinja2 import DictLoader, Environment

from portico.config.render.bytecode import Bytecode
from portico.config.render.templates import _load

TEXT = "{% if it %}\n  {{ it }}\n{% endif %}\n"


def make(folder: Path, text: str = TEXT, **options: Any) -> Environment:
    return Environment(loader=DictLoader({"one": text}), bytecode_cache=Bytecode(folder, options), **options)


def render(environment: Environment) -> str:
    return environment.get_template("one").render(it="x")


def test_a_second_run_compiles_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = render(make(tmp_path))

    def refuse(*_: object, **__: object) -> Any:
        raise AssertionError("compiled again")

    monkeypatch.setattr(Environment, "compile", refuse)
    assert render(make(tmp_path)) == first


def test_another_text_or_option_is_compiled_anew(tmp_path: Path) -> None:
    assert render(make(tmp_path)) == "\n  x\n"
    assert render(make(tmp_path, trim_blocks=True)) == "  x\n"
    assert render(make(tmp_path, "{{ it }}!")) == "x!"


def test_another_version_of_jinja_compiles_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    render(make(tmp_path))
    monkeypatch.setattr("portico.config.render.bytecode.version", lambda _: "0.0")
    render(make(tmp_path))
    assert len([*(tmp_path / "__pycache__").iterdir()]) == 2


def test_where_nothing_can_be_kept_each_run_compiles(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    assert render(make(tmp_path / "file")) == "\n  x\n"
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    assert render(make(tmp_path)) == "\n  x\n"
    assert not (tmp_path / "__pycache__").exists()


def test_spoilt_bytecode_is_compiled_anew(tmp_path: Path) -> None:
    render(make(tmp_path))
    for file in (tmp_path / "__pycache__").iterdir():
        file.write_bytes(file.read_bytes()[:40])
    assert render(make(tmp_path)) == "\n  x\n"


def test_the_program_keeps_its_own() -> None:
    assert isinstance(_load().bytecode_cache, Bytecode)
