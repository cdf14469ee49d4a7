"""scripts/portico: on a machine that has nothing it sets up side by side, for the stack that is named."""

import os
import shutil
import signal
import subprocess
from contextlib import suppress
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


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT], ids=lambda number: number.name)
def test_a_signal_to_the_command_alone_ends_its_set_up(folder: Path, number: signal.Signals) -> None:
    """`kill` names one process, and make hands on what it gets to its own child only."""
    setup = folder / "scripts" / "setup.sh"
    setup.write_text(
        "#!/usr/bin/env bash\ntrap 'echo ended; exit 130' TERM\necho begun\nsleep 30 &\nwait $!\necho late\n"
    )
    words = (
        ["make", "-f", str(ROOT / "Makefile"), "up"]
        if number == signal.SIGTERM
        else [str(folder / "scripts/portico"), "up"]
    )
    # In a group of its own, of which one process alone gets the signal.
    process = subprocess.Popen(
        words, cwd=folder, env={"PATH": "/usr/bin:/bin"}, stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    try:
        assert process.stdout and process.stdout.readline() == "begun\n"
        process.send_signal(number)
        # Its end closes the pipe; `sleep` has it too.
        assert process.stdout.readline() == "ended\n"
        assert process.wait(60) != 0
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
