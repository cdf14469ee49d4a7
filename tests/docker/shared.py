"""The deployment that many tests share: each finds it serving, with the settings that it began with."""

import copy
import json
import shutil
import time
from pathlib import Path
from typing import Any

from tests.docker.command import Result
from tests.docker.commands import Door
from tests.docker.engine import HELLO, HTTPBIN, Deployment

# Seconds. A test may have paused or ended a replica: on a busy machine it takes its time to pass its check again.
_WELL_AFTER = 60
# What an update reads of the folder, besides the stack file.
_READ = ("sites", "config", "components")
_SERVING = ("port", "nginx", "gunicorn")


class Shared(Deployment):
    """Both sites of the stack dev, two replicas each. `restore` before each test; a test may do with it what it likes.

    What a test has made live stays: a release of another text is as good as the one before it. What it has left
    otherwise is taken back: other settings, sources that are not live, a template, containers that are gone.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, HELLO, HTTPBIN)
        self._first: dict[str, Any] = copy.deepcopy(self.settings)
        self._live: dict[Path, bytes] = {}
        self._known: object = None  # what Pulumi's state listed then

    def up(self, *options: str, fails: bool | None = False, door: Door | None = None) -> Result:
        """The same; what the folder holds is what is live, if it succeeds."""
        result = super().up(*options, fails=fails, door=door)
        if not result.code:
            self.accept()
        return result

    def accept(self) -> None:
        """What the folder holds is what is live, by an update that was not begun here."""
        self._live, self._known = self._read(), self._list_resources()

    def restore(self) -> None:
        """Make it what a test may expect. It takes half a second where the one before has left it so."""
        if not self._live:
            # As a user brings it up first.
            self.up(door="make")
            return
        as_it_was = self.settings == self._first and self._read() == self._live
        if as_it_was and self._list_resources() == self._known and self._is_whole():
            self._wait_until_well()
            return
        self._write_back()
        self.settings, self.port = copy.deepcopy(self._first), self._first["port"]
        self.configure()
        # Who was killed may have left its lock.
        if any((self.folder / ".state" / ".pulumi" / "locks").rglob("*.json")):
            self.cancel()
        self.up("--refresh")
        assert self._is_whole(), self.present()
        self._wait_until_well()

    def _wait_until_well(self) -> None:
        """An update makes again what fails its health check: it would have something to do."""
        end = time.monotonic() + _WELL_AFTER
        while ailing := [name for name, status in self.statuses().items() if "(unhealthy)" in status]:
            assert time.monotonic() < end, f"still not healthy: {ailing}"
            time.sleep(0.25)

    def _is_whole(self) -> bool:
        """Whether all that is wanted is there and runs, and nothing else is."""
        running = all(status == "running" for labels, status in self.briefly() if labels["portico.role"] in _SERVING)
        return running and self.present() == self.wanted()

    def _list_resources(self) -> object:
        """What Pulumi's state lists, in whatever order; the spelling of a secret is each run's own."""
        listed = json.loads(self._state.read_text())["checkpoint"]["latest"]
        resources = sorted(listed["resources"], key=lambda one: str(one["urn"]))
        plain = json.dumps([resources, listed.get("pending_operations", [])])
        return json.loads(plain, object_hook=lambda one: "[secret]" if "ciphertext" in one else one)

    def _read(self) -> dict[Path, bytes]:
        files = (file for part in _READ for file in (self.folder / part).rglob("*"))
        return {file: file.read_bytes() for file in files if file.is_file() and "__pycache__" not in file.parts}

    def _write_back(self) -> None:
        for file in self._read().keys() - self._live.keys():
            file.unlink()
        for site in (self.folder / "sites").iterdir():
            if not any(file.is_relative_to(site) for file in self._live):
                shutil.rmtree(site)
        for file, content in self._live.items():
            if not file.is_file() or file.read_bytes() != content:
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_bytes(content)
