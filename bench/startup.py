"""How much later is `pulumi up` done for Portico than for an empty program, with nothing to do in both?

    python -m tests.bench.startup [TIMES] [EARLIER]

All run by turns, on stacks of the benchmark's own with the two sites of the stack dev. EARLIER is the folder of another
checkout, whose program runs as well: is it slower now than it was?
"""

import shutil
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from statistics import median

from tests.docker.command import ROOT, environment, run
from tests.docker.engine import HELLO, HTTPBIN, Deployment

EMPTY = "name: empty\nruntime:\n  name: python\n  options:\n    virtualenv: .venv\n"
LIMIT = 2.0  # seconds


def main(times: int = 5, earlier: Path | None = None) -> int:
    with tempfile.TemporaryDirectory() as folder, ExitStack() as deployments:
        empty = Path(folder) / "empty"
        make_empty(empty)
        up_empty(empty)
        programs: dict[str, Callable[..., float]] = {"an empty program": partial(up_empty, empty)}
        for name, checkout in {"Portico, 2 sites": ROOT, **({"the earlier one": earlier} if earlier else {})}.items():
            place = Path(folder) / name.replace(" ", "-")
            place.mkdir()
            deployment = deployments.enter_context(Deployment(place, HELLO, HTTPBIN))
            lead_to(deployment, checkout)
            deployment.up()
            programs[name] = partial(up, deployment)
        return 0 if all([compare(programs, times, options) for options in ((), ("--skip-preview",))]) else 1


def compare(programs: Mapping[str, Callable[..., float]], times: int, options: Sequence[str]) -> bool:
    """Run them by turns and print what they took; whether Portico keeps its limit."""
    took: dict[str, list[float]] = {name: [] for name in programs}
    for _ in range(times):
        for name, run_program in programs.items():
            took[name].append(run_program(*options))
    print(f"pulumi up {' '.join(options) or '(with its preview)'}, {times} times each, by turns:")
    for name, seconds in took.items():
        print(f"  {name:16} {describe(seconds)}")
    nothing, portico, *earlier = map(median, took.values())
    print(f"  difference       {portico - nothing:+.2f} s (limit {LIMIT} s)")
    for before in earlier:
        print(f"  now : earlier    {portico / before:.3f}")
    return portico - nothing <= LIMIT


def lead_to(deployment: Deployment, checkout: Path) -> None:
    """Let it run the program of that checkout."""
    if checkout == ROOT:
        return
    for part in ("components", "config"):
        shutil.rmtree(deployment.folder / part)
        shutil.copytree(checkout / part, deployment.folder / part)
    shutil.copy(checkout / "__main__.py", deployment.folder)


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
            **environment(),
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
    times, earlier = [*sys.argv[1:], None, None][:2]
    sys.exit(main(int(times or 5), Path(earlier).resolve() if earlier else None))
