"""Two commands do not change one stack at once, and one that was killed stands in nobody's way."""

import subprocess
import sys
from pathlib import Path

import pytest

from portico.cli.lock import take_lock
from portico.cli.prepare import Place
from portico.cli.refused import Refused

WAITS = """
import sys, time
from pathlib import Path
from portico.cli.lock import take_lock
from portico.cli.prepare import Place
take_lock(Place(Path(sys.argv[1]), "dev"))
print("taken", flush=True)
time.sleep(60)
"""


def test_a_command_that_changes_the_stack_keeps_others_out_until_it_ends(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", WAITS, str(tmp_path)], stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout and other.stdout.readline() == "taken\n"
        said = rf"Another run is working on the stack dev: process {other.pid}, since .*\. Nothing was changed"
        with pytest.raises(Refused, match=said):
            take_lock(Place(tmp_path, "dev"))
        # Another stack is nobody's.
        take_lock(Place(tmp_path, "prod"))
        other.kill()
    take_lock(Place(tmp_path, "dev"))
    # A command that calls another one of them has it already.
    take_lock(Place(tmp_path, "dev"))
