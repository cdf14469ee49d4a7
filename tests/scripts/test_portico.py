"""scripts/portico: on a machine that has nothing it sets up side by side, for the stack that is named."""

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A checkout whose set-up says what it is asked for; it has no packages yet."""
    scripts = tmp_path / "scripts"
    shutil.copytree(ROOT / "scripts", scripts)
    for name, text in (
        ("setup.sh", 'echo "all for $1"'),
        ("setup/python.sh", '[ -n "${PORTICO_LOOK:-}" ] && exit "${LACKS:-3}"\necho packages'),
    ):
        (scripts / name).write_text(f"#!/usr/bin/env bash\n{text}\n")
    python = tmp_path / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text('#!/bin/sh\necho "$@"\n')
    python.chmod(0o755)
    return tmp_path


@pytest.mark.parametrize(
    ("words", "lacks", "said"),
    [
        (["up"], "3", ["all for dev"]),
        (["up", "-s", "prod"], "3", ["all for prod"]),
        (["preview", "--stack=prod"], "3", ["all for prod"]),
        (["render", "-s", "prod"], "3", ["packages"]),
        (["exec", "--", "up", "-s", "prod"], "3", ["packages"]),
        (["up", "-s", "prod"], "0", []),
    ],
)
def test_what_is_missing_is_installed_first(folder: Path, words: list[str], lacks: str, said: list[str]) -> None:
    script = [str(folder / "scripts" / "portico"), *words]
    done = subprocess.run(script, env={"PATH": "/usr/bin:/bin", "LACKS": lacks}, capture_output=True, text=True)
    assert done.stdout.splitlines() == [*said, " ".join(["-m portico.cli", *words])], done.stderr


def test_what_its_user_has_to_fix_ends_it(folder: Path) -> None:
    done = subprocess.run([str(folder / "scripts" / "portico"), "up"], env={"PATH": "/usr/bin:/bin", "LACKS": "1"})
    assert done.returncode == 1
