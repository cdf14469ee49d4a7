"""A clone of the project on a bare machine, and what its user does there."""

import shlex
import subprocess
from pathlib import Path

from tests.bare.machine import SOURCE, Machine
from tests.bare.record import Wrong

# A space is a thing that shells trip over.
PLACE = "/srv/my sites/portico"
URL = "http://localhost:8080/"
SITES = ("localhost:8080", "httpbin.localhost:8080")

# Below .tools; see scripts/setup/pulumi.sh. Where the vendor's were downloaded, there is nothing to save.
BUILT = ("bin", "pulumi", "docker-plugin.built", "pulumi.version")

# A user whose files nobody else may read, without a home, in the plainest of languages.
_STRICT = ("env", "--unset=HOME", "LC_ALL=POSIX", "sh", "-c", 'umask 077; exec "$@"', "-")

_GET = """
import sys, urllib.request
request = urllib.request.Request(sys.argv[1], headers={"Host": sys.argv[2]})
answer = urllib.request.urlopen(request, timeout=20)
print(answer.status, len(answer.read()))
"""


class Clone:
    """It is made first. `strict`: by a user who is not as one expects."""

    def __init__(self, machine: Machine, *, strict: bool = False) -> None:
        self.machine = machine
        self._as = _STRICT if strict else ()
        machine.run(*self._as, "git", "clone", "--quiet", SOURCE, PLACE)

    def make(self, target: str, *before: str) -> tuple[int, str]:
        """Run `make`, with these words before it, and show what it says; the exit code, and what it said."""
        process = subprocess.Popen(
            self.machine.spell(*self._as, *before, "make", target, folder=PLACE),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        said = ""
        assert process.stdout is not None
        for line in process.stdout:
            said += line
            print(f"   | {line}", end="", flush=True)
        return process.wait(), said

    def succeed(self, target: str) -> str:
        code, said = self.make(target)
        if code != 0:
            raise Wrong(f"make {target} ended with exit code {code}")
        return said

    def sh(self, text: str) -> str:
        """What a shell prints that begins in the clone."""
        try:
            return self.machine.run("sh", "-c", f"cd {shlex.quote(PLACE)} && {text}")
        except RuntimeError as error:
            raise Wrong(str(error)) from None

    def copy_built(self, tools: Path) -> None:
        """Copy what set-up built from Go modules, and the notes of what it was built from, into this folder."""
        tools.mkdir(parents=True, exist_ok=True)
        for part in BUILT:
            self.machine.copy_out(f"{PLACE}/.tools/{part}", tools / part)

    def ask_for_pages(self, *, times: int = 1) -> None:
        """Of each site, as often as reported; every answer must be 200."""
        for host in SITES:
            for _ in range(times):
                try:
                    status, length = self.machine.run("python3", "-c", _GET, URL, host).split()
                except RuntimeError as error:
                    raise Wrong(f"{host}: {str(error).splitlines()[-1]}") from None
                if status != "200" or length == "0":
                    raise Wrong(f"{host}: {status}, {length} bytes")
