"""What a user types: the commands of make and of Pulumi, in the clone that a deployment lives in."""

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar, Final, Literal

from tests.docker.command import Result, count_changes, run, user_environment
from tests.docker.machine import Machine

PROJECT: Final = "portico"
Door = Literal["make", "pulumi"]


class Commands:
    """Runs them for one stack. Each must succeed; with `fails` it must fail, and with None it may do either.

    `door`: what `up`, `preview` and `destroy` are: the README's `make` commands, or Pulumi's own ones, which it offers
    too and which take half the time. CONTRIBUTING.md says which tests go by which.
    `machine`: where they run instead of here. `limit`: seconds that one may take. `env`: variables of theirs.
    """

    UP: ClassVar[float] = 150.0  # seconds that a command may take

    def __init__(
        self, folder: Path, name: str, *, door: Door, machine: Machine | None, limit: float, env: Mapping[str, str]
    ) -> None:
        self.folder = folder
        self.name = name
        self.door = door
        self.machine = machine
        self._limit = limit
        self._env = dict(env)
        self._commands = 0
        # The outputs as JSON, and the state that they are of.
        self._outputs: tuple[object, str] = (None, "")

    def up(self, *options: str, fails: bool | None = False, door: Door | None = None) -> Result:
        """Bring it up, by its door or this one; `options` are for Pulumi's own command."""
        if self._choose(door, options) == "make":
            return self.make("up", fails=fails)
        self._prepare()
        return self._run("pulumi up", self.spell_up(*options), fails=fails, most=self._limit)

    def spell_up(self, *options: str) -> list[str]:
        """The words of Pulumi's own command, for the folder."""
        return self.spell_pulumi("up", "--stack", self.name, "--yes", "--skip-preview", *options)

    def preview(self, *options: str, fails: bool | None = False, door: Door | None = None) -> Result:
        if self._choose(door, options) == "make":
            return self.make("preview", fails=fails)
        return self.pulumi("preview", "--stack", self.name, *options, fails=fails)

    def refresh(self, *options: str, fails: bool | None = False) -> Result:
        return self.pulumi("refresh", "--stack", self.name, "--yes", "--skip-preview", *options, fails=fails)

    def destroy(self, *, fails: bool | None = False, door: Door | None = None) -> Result:
        if self._choose(door, ()) == "make":
            return self.make("down", fails=fails)
        return self.pulumi("destroy", "--stack", self.name, "--yes", "--skip-preview", fails=fails)

    def check(self, *, fails: bool | None = False) -> Result:
        return self.make("check", fails=fails)

    def releases(self) -> Result:
        return self.make("releases")

    def rollback(self, site: str = "", to: str = "", *, fails: bool | None = False) -> Result:
        return self.make("rollback", fails=fails, SITE=site, TO=to)

    def resume(self, site: str = "", *, fails: bool | None = False) -> Result:
        return self.make("resume", fails=fails, SITE=site)

    def recover(self, *, fails: bool | None = False) -> Result:
        return self.make("recover", fails=fails)

    def cancel(self) -> Result:
        """Take the lock of a run away, whether it lives or not. Pulumi says no where there is nothing to take."""
        return self.pulumi("cancel", self.name, "--yes", fails=None)

    def logs(self, site: str = "", *, fails: bool | None = False) -> Result:
        return self.make("logs", fails=fails, SITE=site)

    def allow(self, seconds: float) -> None:
        """Give each of its commands that long from now on."""
        self._limit = seconds

    def outputs(self) -> dict[str, Any]:
        """The stack's outputs. Pulumi is asked once for each state."""
        state = self._read_state_stamp()
        if state is None or self._outputs[0] != state:
            reported = self.pulumi("stack", "output", "--stack", self.name, "--json", "--show-secrets").output
            self._outputs = (self._read_state_stamp(), reported)
        values: dict[str, Any] = json.loads(self._outputs[1])
        return values

    @property
    def environment(self) -> dict[str, str]:
        """What its commands find in the environment: a user's, and what the user must say."""
        return {
            **user_environment(),
            "PULUMI_CONFIG_PASSPHRASE": "test",
            **({"DOCKER_HOST": self.machine.engine} if self.machine else {}),
            **self._env,
        }

    def make(self, target: str, *, fails: bool | None = False, **variables: str) -> Result:
        """Run a command of the Makefile."""
        # `make up` looks before it deploys.
        words = self.spell_make(target, **variables)
        log = self.find_log(target)
        log.unlink(missing_ok=True)
        result = self._run(f"make {target}", words, fails=fails, most=2 * self._limit)
        if not log.is_file():
            return result
        said = log.read_text(errors="replace")
        return replace(result, engine=said, changes=count_changes(said))

    def find_log(self, target: str) -> Path:
        """Where a command of make puts what Pulumi says."""
        return self.folder / ".tools" / "logs" / f"{target}-{self.name}.log"

    def spell_portico(self, command: str, *words: str) -> list[str]:
        """The words of a command of `portico` in the clone."""
        return [str(self.folder / "scripts" / "portico"), command, "-s", self.name, *words]

    def portico(self, command: str, *words: str, fails: bool | None = False) -> Result:
        """Run a command of `portico` in the clone."""
        return self._run(f"portico {command}", self.spell_portico(command, *words), fails=fails, most=self._limit)

    def spell_make(self, target: str, **variables: str) -> list[str]:
        """The words of that command, for the folder."""
        given = {"ENV": self.name, **variables}
        return ["make", target, *(f"{key}={value}" for key, value in given.items())]

    def pulumi(self, command: str, *arguments: str, fails: bool | None = False) -> Result:
        """Run one of Pulumi's own commands."""
        self._prepare()
        words = self.spell_pulumi(command, *arguments)
        return self._run(f"pulumi {command}", words, fails=fails, most=self._limit)

    def spell_pulumi(self, command: str, *arguments: str) -> list[str]:
        """Its words, for the folder, as the README spells them: `. .tools/env && pulumi ...`."""
        script = '. .tools/env && exec pulumi "$@"'
        return ["bash", "-c", script, "pulumi", command, *arguments, "--non-interactive", "--color", "never"]

    def _choose(self, door: Door | None, options: tuple[str, ...]) -> Door:
        return "pulumi" if options else door or self.door

    def _prepare(self) -> None:
        """What Pulumi's own commands take for granted: set-up was done once, and there is the stack."""
        # All else that set-up makes is the checkout's: see clone.py.
        if not (self.folder / ".tools" / "env").is_file():
            self._run("env", ["bash", "scripts/setup/env.sh"], fails=False, most=self._limit)
            (self.folder / ".state").mkdir(exist_ok=True)
        if not self._state.is_file():
            words = self.spell_pulumi("stack", "select", self.name, "--create")
            self._run("pulumi stack select", words, fails=False, most=self._limit)

    def _run(self, what: str, words: list[str], *, fails: bool | None, most: float) -> Result:
        self._commands += 1
        there = self.machine.enter(self.folder) if self.machine else []
        log = self.folder / "logs" / f"{self._commands:02}-{what.replace(' ', '-')}.log"
        result = run([*there, *words], folder=self.folder, log=log, timeout=most, env=self.environment)
        if fails is not None:
            said = "succeeded, and should not have" if fails else "failed"
            assert bool(result.code) == fails, f"{what} {said} after {result.seconds:.1f} s\n{result.tail()}"
        return result

    @property
    def _state(self) -> Path:
        return self.folder / ".state" / ".pulumi" / "stacks" / PROJECT / f"{self.name}.json"

    def _read_state_stamp(self) -> object:
        """Another one for each state that a command has left; None where nobody here can see it."""
        if self.machine or not self._state.is_file():
            return None
        stat = self._state.stat()
        return stat.st_ino, stat.st_mtime_ns, stat.st_size
