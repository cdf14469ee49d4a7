"""Opens a shell in a running replica of a site: shell.py STACK [SITE]."""

import signal
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from scripts.deployed import Deployed, Refused, report
from scripts.engine import has_terminal, name_docker


def main(stack: str, site: str = "") -> int:
    deployed = Deployed.read(stack)
    site = deployed.choose_site(site, "make shell")
    replica = deployed.list_replicas(site)[0]
    if replica.status != "running":
        raise Refused(f"no replica of {site} is running; make logs SITE={site} says why, make up starts them")
    terminal = has_terminal()
    # Who pipes commands in wants nothing else on the output.
    if terminal:
        print(f"In {replica.name}, as the user of {site}, while it serves. Leave with exit.", flush=True)
    options = ["--interactive", *(["--tty"] if terminal else [])]
    shell = ["sh", "-c", "exec $(command -v bash || command -v sh)"]
    process = subprocess.Popen(
        name_docker(deployed.engine, "exec", *options, str(replica.id), *shell, terminal=terminal)
    )
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # it is for the shell
    return process.wait()


if __name__ == "__main__":
    sys.exit(report(lambda: main(*sys.argv[1:])))
