"""What make is given reaches the commands as it was written, and is no command itself."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TARGETS = re.findall(r"(?m)^([a-z-]+):.*## ", (ROOT / "Makefile").read_text())
NAMES = (
    "ENV",
    "SITE",
    "PROCESS",
    "OUT",
    "LAYOUT",
    "TO",
    "FORCE",
    "TAIL",
    "CMD",
    "DATA",
    "RELEASE",
    "JSON",
    "UP",
    "WRITE",
)
# Of these a command is made that lies in no script.
OWN = ("help", "test-unit", "docs", "format", "clean")
STUB = '#!/bin/sh\nfor word in "$0" "$@" "ENV=$ENV" "WRITE=$WRITE"; do printf "%s\\0" "$word" >>asked; done\n'


@pytest.mark.parametrize(
    "value", ["`touch pwned`", "$(touch pwned)", "$(shell touch pwned)", "'; touch pwned; '", '" x']
)
def test_a_value_is_no_command(tmp_path: Path, value: str) -> None:
    shutil.copy(ROOT / "Makefile", tmp_path)
    (tmp_path / "scripts").mkdir()
    for name in ("portico", *(path.name for path in (ROOT / "scripts").glob("*.sh"))):
        (tmp_path / "scripts" / name).write_text(STUB)
        (tmp_path / "scripts" / name).chmod(0o755)
    for target in set(TARGETS) - set(OWN):
        (tmp_path / "asked").unlink(missing_ok=True)
        given = [f"{name}={value}" for name in NAMES]
        done = subprocess.run(["make", target, *given], cwd=tmp_path, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, (target, done.stderr)
        words = (tmp_path / "asked").read_text().split("\0")
        assert f"ENV={value}" in words and f"WRITE={value}" in words, target
        assert not (tmp_path / "pwned").exists(), target
    assert len(TARGETS) > 20


def test_what_is_not_said_is_not_passed_on(tmp_path: Path) -> None:
    said = subprocess.run(["make", "-n", "up", "logs", "render"], cwd=ROOT, capture_output=True, text=True, check=True)
    commands = [line.rstrip() for line in said.stdout.splitlines()]
    assert commands == [f'scripts/portico {name} -s "$ENV"' for name in ("up", "logs", "render")]
