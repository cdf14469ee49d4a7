"""How set-up installs packages of the system: on a machine that has no lists, that is busy, or was interrupted."""

import os
import subprocess
from pathlib import Path

import pytest

from tests.docker.command import ROOT

# Says which of the locks of set-up it was handed, 8 and 9. The lists are somebody else's the first time.
APT = """#!/bin/bash
kept=; for fd in 8 9; do [ -e /proc/self/fd/$fd ] && kept="$kept $fd"; done
echo "apt-get $1 $(umask)$kept ${*: -1}" >>"$LOG"
if [ "$1" = update ] && [ ! -e "$LOG.updated" ]; then
  touch "$LOG.updated"
  echo "E: $SAYS"
  exit 100
fi
"""
DPKG = '#!/bin/bash\necho "dpkg $*" >>"$LOG"\n'


@pytest.fixture
def log(tmp_path: Path) -> Path:
    (tmp_path / "bin").mkdir()
    for name, text in (("apt-get", APT), ("dpkg", DPKG), ("sleep", "#!/bin/bash\n")):
        (tmp_path / "bin" / name).write_text(text)
        (tmp_path / "bin" / name).chmod(0o755)
    return tmp_path / "log"


def install(log: Path, says: str) -> int:
    text = f'set -e; . "{ROOT}/scripts/setup/lib.sh"; TOOLS=$1; exec 9>>"$TOOLS/lock"; umask 077; apt_install tree'
    env = {**os.environ, "PATH": f"{log.parent}/bin:{os.environ['PATH']}", "LOG": str(log), "SAYS": says}
    return subprocess.run(["bash", "-c", text, "-", str(log.parent)], env=env, capture_output=True).returncode


def test_it_fixes_waits_and_hands_on_no_lock(log: Path) -> None:
    assert install(log, "Could not get lock /var/lib/apt/lists/lock. It is held by process 1 (apt-get)") == 0
    assert log.read_text().splitlines() == [
        "dpkg --configure -a",
        "apt-get update 0022 -q",
        "apt-get update 0022 -q",
        "apt-get install 0022 tree",
    ]


def test_another_failure_is_one(log: Path) -> None:
    assert install(log, "The repository does not have a Release file.") != 0
    assert "install" not in log.read_text()
