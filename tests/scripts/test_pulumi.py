"""How set-up gets Pulumi where only package registries can be reached: what is built, and when it is built again."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.docker.command import ROOT

# Stands in for what takes minutes: it writes down what it is asked for, and makes programs that do as little as needed.
ENGINE = """#!/bin/bash
set -eu
echo "$@" >>"$ROOT/asked"
mkdir -p "$TOOLS/engine/built" "$TOOLS/go/build"
for part; do printf '%s' "$PROGRAM" >"$TOOLS/engine/built/$part"; chmod 755 "$TOOLS/engine/built/$part"; done
case " $* " in *" language-host "*) touch "$TOOLS"/engine/built/pulumi-language-python{,-exec} ;; esac
"""
PROGRAM = """#!/bin/bash
case "$1 ${2:-}" in
version*) echo v0.0.0 ;;
"plugin install") place=$PULUMI_HOME/plugins/$3-$4-v$5 && mkdir -p "$place" && cp "${@: -1}" "$place/pulumi-$3-$4" ;;
esac
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of set-up on a machine that reaches no vendor."""
    folder = tmp_path / "a checkout"
    shutil.copytree(ROOT / "scripts" / "setup", folder / "scripts" / "setup")
    shutil.copytree(ROOT / "contrib" / "registry_only", folder / "contrib" / "registry_only")
    engine = folder / "contrib" / "registry_only" / "engine.sh"
    engine.write_text(ENGINE.replace("set -eu\n", f'set -eu\nROOT="{folder}" TOOLS="{folder}/.tools"\n'))
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "curl").write_text("#!/bin/sh\nexit 6\n")
    (tmp_path / "bin" / "curl").chmod(0o755)
    return folder


def set_up(folder: Path) -> list[str]:
    """What was built."""
    asked = folder / "asked"
    asked.unlink(missing_ok=True)
    env = {name: value for name, value in os.environ.items() if not name.startswith(("PORTICO_", "PULUMI_"))}
    path = f"{folder.parent}/bin:/usr/local/bin:/usr/bin:/bin"
    script = folder / "scripts" / "setup" / "pulumi.sh"
    done = subprocess.run(
        ["bash", str(script)], env={**env, "PATH": path, "PROGRAM": PROGRAM}, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return asked.read_text().splitlines() if asked.exists() else []


def test_all_is_built_at_once_and_never_again(folder: Path) -> None:
    assert set_up(folder) == ["pulumi language-host docker-plugin"]
    assert set_up(folder) == []
    left = {file.name for file in (folder / ".tools").iterdir()}
    assert not left & {"go", "engine"}, "3 GB that nothing needs any more"


@pytest.mark.parametrize("part", ["language-host", "docker-plugin"])
def test_a_part_whose_source_has_changed_is_built_again(folder: Path, part: str) -> None:
    set_up(folder)
    (folder / "contrib" / "registry_only" / "engine" / part / "more.go").write_text("package main\n")
    assert set_up(folder) == [part]
    assert set_up(folder) == []


def test_another_release_is_built(folder: Path) -> None:
    set_up(folder)
    (folder / ".tools" / "pulumi.version").write_text("3.0.0\n")
    assert set_up(folder) == ["pulumi language-host"]


@pytest.mark.parametrize("left", ["bin/pulumi", "bin/pulumi-language-python-host", "pulumi.version"])
def test_a_set_up_that_was_killed_while_it_put_them_in_place(folder: Path, left: str) -> None:
    """Nothing that is there by half is taken for whole: without this the rest would be missing forever."""
    set_up(folder)
    (folder / ".tools" / left).unlink()
    if "pulumi.version" not in left:
        (folder / ".tools" / "pulumi.version").unlink()
    assert set_up(folder) == ["pulumi language-host"]
    assert (folder / ".tools" / "bin" / "pulumi-language-python-host").exists()


def test_the_vendors_plugin_is_left_alone(folder: Path) -> None:
    set_up(folder)
    (folder / ".tools" / "docker-plugin.built").unlink()
    (folder / "contrib" / "registry_only" / "engine" / "docker-plugin" / "more.go").write_text("package main\n")
    assert set_up(folder) == []
