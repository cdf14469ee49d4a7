"""How much later is `pulumi up` done for Portico than for an empty program, with nothing to do in both?

    python -m tests.bench.startup [TIMES]

Both run by turns, on a stack of the benchmark's own with the two sites of the stack dev.
"""

import shutil
import sys
import tempfile
from pathlib import Path
from statistics import median

from tests.docker.command import ROOT, run
from tests.docker.engine import HELLO, HTTPBIN, Deployment

EMPTY = "name: empty\nruntime:\n  name: python\n  options:\n    virtualenv: .venv\n"
LIMIT = 2.0  # seconds


def main(times: int = 5) -> int:
    with tempfile.TemporaryDirectory() as folder:
        full, empty = Path(folder) / "full", Path(folder) / "empty"
        full.mkdir()
        make_empty(empty)
        with Deployment(full, HELLO, HTTPBIN) as deployment:
            deployment.up()
            up_empty(empty)
            good = True
            for options in ((), ("--skip-preview",)):
                portico, nothing = [], []
                for _ in range(times):
                    nothing.append(up_empty(empty, *options))
                    portico.append(up(deployment, *options))
                difference = median(portico) - median(nothing)
                print(f"pulumi up {' '.join(options) or '(with its preview)'}, {times} times each, by turns:")
                print(f"  an empty program {describe(nothing)}")
                print(f"  Portico, 2 sites {describe(portico)}")
                print(f"  difference       {difference:+.2f} s (limit {LIMIT} s)")
                good = good and difference <= LIMIT
    return 0 if good else 1


def describe(seconds: list[float]) -> str:
    return f"median {median(seconds):.2f} s, from {min(seconds):.2f} to {max(seconds):.2f} s"


def up(deployment: Deployment, *options: str) -> float:
    result = deployment.pulumi("up", "--stack", deployment.name, "--yes", "--expect-no-changes", *options)
    return result.seconds


def make_empty(folder: Path) -> None:
    (folder / "state").mkdir(parents=True)
    (folder / "Pulumi.yaml").write_text(EMPTY)
    (folder / "__main__.py").write_text("import pulumi\n")
    (folder / ".venv").symlink_to(ROOT / ".venv")
    pulumi_empty(folder, "stack", "init", "empty", "--secrets-provider", "passphrase")


def up_empty(folder: Path, *options: str) -> float:
    return pulumi_empty(folder, "up", "--stack", "empty", "--yes", *options)


def pulumi_empty(folder: Path, *command: str) -> float:
    result = run(
        ["pulumi", *command, "--non-interactive", "--color", "never"],
        folder=folder,
        log=folder / "log",
        timeout=60,
        env={
            "PULUMI_BACKEND_URL": f"file://{folder}/state",
            "PULUMI_CONFIG_PASSPHRASE": "test",
            "PULUMI_CONFIG_PASSPHRASE_FILE": "",
        },
    )
    assert result.code == 0, result.tail()
    return result.seconds


if __name__ == "__main__":
    if shutil.which("docker") is None:
        sys.exit("error: the benchmark needs a Docker engine")
    sys.exit(main(*map(int, sys.argv[1:])))
