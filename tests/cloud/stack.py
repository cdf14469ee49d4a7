"""The environment in which Pulumi finds the double of its AWS plugin, and a small program that runs in it."""

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, Self

from tests.cloud.plugin.cloud import FOLDER, Cloud
from tests.cloud.plugin.machines import PAPER
from tests.cloud.plugin.owner import claim
from tests.docker.command import ROOT, Result, environment, run

DOUBLES: Final = ROOT / "tests" / "cloud" / "plugin" / "bin"


def double_aws(cloud: Cloud) -> dict[str, str]:
    """Variables with which the engine takes the double for the plugin, and ssh its `aws` for Amazon's.

    From now on the cloud is this process's: what runs in it ends with it.
    """
    claim(cloud.folder)
    return {"PATH": f"{DOUBLES}:{environment()['PATH']}", FOLDER: str(cloud.folder)}


class Small:
    """The program in tests/cloud/small, as a stack of its own, with instances on paper. Destroyed at the end."""

    def __init__(self, folder: Path, **config: object) -> None:
        self.folder = folder
        self.cloud = Cloud(folder / "cloud")
        self._config = config
        self._commands = 0
        shutil.copytree(ROOT / "tests" / "cloud" / "small", folder, dirs_exist_ok=True)
        (folder / "state").mkdir()
        self._env: Mapping[str, str] = {
            **double_aws(self.cloud),
            # The program runs with the interpreter that is found first.
            "PATH": f"{ROOT / '.venv' / 'bin'}:{double_aws(self.cloud)['PATH']}",
            PAPER: "yes",
            "PULUMI_BACKEND_URL": f"file://{folder}/state",
            "PULUMI_CONFIG_PASSPHRASE": "test",
            "PULUMI_CONFIG_PASSPHRASE_FILE": "",
        }

    def __enter__(self) -> Self:
        self.pulumi("stack", "init", "test")
        return self

    def __exit__(self, *failure: object) -> None:
        self.pulumi("destroy", "--stack", "test", "--yes", "--skip-preview", fails=None)

    def up(self, *options: str, fails: bool = False, **config: object) -> Result:
        """`pulumi up` with these settings, those of before included."""
        self._configure(**config)
        return self.pulumi("up", "--stack", "test", "--yes", "--skip-preview", *options, fails=fails)

    def preview(self, **config: object) -> Result:
        self._configure(**config)
        return self.pulumi("preview", "--stack", "test")

    def outputs(self) -> dict[str, Any]:
        values: dict[str, Any] = json.loads(self.pulumi("stack", "output", "--stack", "test", "--json").output)
        return values

    def pulumi(self, command: str, *arguments: str, fails: bool | None = False) -> Result:
        """Run one command, which must succeed; with `fails` it must fail, and with None it may do either."""
        self._commands += 1
        result = run(
            ["pulumi", command, *arguments, "--non-interactive", "--color", "never"],
            folder=self.folder,
            log=self.folder / f"{self._commands:02}-{command}.log",
            timeout=120,
            env={**environment(), **self._env},
        )
        assert fails is None or bool(result.code) == fails, f"pulumi {command}:\n{result.tail()}"
        return result

    def _configure(self, **config: object) -> None:
        self._config = {**self._config, **config}
        lines = ["config:", *(f"  small:{key}: {json.dumps(value)}" for key, value in self._config.items())]
        file = self.folder / "Pulumi.test.yaml"
        salt = [line for line in file.read_text().splitlines() if line.startswith("encryptionsalt")]
        file.write_text("\n".join([*salt, *lines]) + "\n")
