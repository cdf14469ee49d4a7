"""docs/getting-started.md is followed, word by word, as far as it goes without Docker."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

import yaml

from portico.config.plan import make_plan
from tests.followed import follow

ROOT: Final = Path(__file__).parent.parent
TEXT: Final = (ROOT / "docs" / "getting-started.md").read_text()
# What belongs to the site, and what stands beside it.
YAML: Final = re.compile(r"```yaml\n(.*?)```", re.DOTALL)
USE: Final = """
import signal
from threading import Timer

from app import app

client = app.test_client()
assert client.get("/healthz").text == "ok\\n"
assert client.post("/", data={"text": "milk and bread"}).text == "kept\\n"
assert client.get("/").text == "[('milk and bread', None)]"
Timer(1.5, signal.raise_signal, [signal.SIGINT]).start()
try:
    app.test_cli_runner().invoke(args=["work"], standalone_mode=False)
except KeyboardInterrupt:
    pass
assert client.get("/").text == "[('milk and bread', 3)]"
"""


def read_settings(file: Path) -> dict[str, Any]:
    config = yaml.safe_load(file.read_text())["config"]
    return {key.removeprefix("portico:"): value for key, value in config.items()}


def test_each_step_leads_to_the_next(tmp_path: Path) -> None:
    folder = tmp_path / "hello"
    folder.mkdir()
    # The last command of a step that is done here is `portico init`; all files are written in their order.
    assert "portico init" in follow(TEXT, folder)
    done = subprocess.run([sys.executable, "-c", USE], cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    settings = read_settings(folder / "deploy" / "Pulumi.dev.yaml")
    (site,) = settings["sites"]
    assert (site["entry"], site["health"]) == ("app:app", "/healthz")
    blocks = YAML.findall(TEXT)
    assert len(blocks) == 4
    for block in blocks:
        # As the text says: lines with the prefix stand beside `portico:sites`, others at the end of the site.
        added = yaml.safe_load(block)
        if beside := {
            key.removeprefix("portico:"): value for key, value in added.items() if key.startswith("portico:")
        }:
            settings |= beside
        else:
            site |= added
        if "backups" not in settings:
            make_plan(settings, folder / "deploy")
    plan = make_plan({**settings, "backupKey": "k" * 43}, folder / "deploy")
    assert [one.name for one in plan.settings.sites] == ["hello"] and plan.settings.backups
