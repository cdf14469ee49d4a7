"""A planned program on the double: made, refreshed and taken away as by Pulumi, without an engine or a container."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from portico.policies.wire import read_inputs
from tests.cloud.caller import Caller
from tests.cloud.plugin.cloud import Cloud, Thing
from tests.components.fleet_answers import ANSWERS
from tests.components.recorder import ADDRESS, Recorder, Resource


class Paper:
    """One stack in the account that `folder` is. Other stacks of the same account are other Papers."""

    def __init__(self, folder: Path, patch: pytest.MonkeyPatch) -> None:
        self.caller = Caller(folder, patch)
        self._things: dict[str, tuple[Resource, Thing]] = {}

    @property
    def cloud(self) -> Cloud:
        return self.caller.cloud

    def up(self, made: Recorder) -> list[str]:
        """Make what is planned and not there, then take away what is there and not planned; what changed, by name."""
        changed, wanted = [], set()
        for one in made.resources:
            if not one.type.startswith("aws:"):
                continue
            wanted.add(one.urn)
            inputs = self._resolve(one)
            if (known := self._things.get(one.urn)) is None:
                thing = self.caller.create(one.type, one.name, **inputs)
                changed.append(one.name)
            else:
                thing = known[1]
                if self.caller.diff(thing, **inputs).changes == 2:
                    thing = self.caller.update(thing, **inputs)
                    changed.append(one.name)
            self._things[one.urn] = (one, thing)
        for urn in [urn for urn in reversed(self._things) if urn not in wanted]:
            changed.append(self._remove(urn))
        return changed

    def refresh(self) -> list[str]:
        """The names of what is not found any more."""
        return [one.name for one, thing in self._things.values() if self.caller.read(thing) != thing.id]

    def down(self) -> None:
        for urn in list(reversed(self._things)):
            self._remove(urn)

    def _remove(self, urn: str) -> str:
        one, thing = self._things.pop(urn)
        if not one.retained:
            self.caller.delete(thing)
        return one.name

    def _resolve(self, one: Resource) -> dict[str, Any]:
        """Its inputs with the double's answers in place of what the recorder made up."""
        own = {urn for urns in one.needs.values() for urn in urns}
        # What it was made from counts, where two resources share a name; the longest text first.
        order = sorted(self._things.values(), key=lambda pair: pair[0].urn in own)
        answers = {text: real for made, thing in order for text, real in _compare(made, thing).items()}
        longest = sorted(answers.items(), key=lambda pair: -len(pair[0]))
        return {name: _replace(value, longest) for name, value in read_inputs(one.raw).items()}


def _compare(one: Resource, thing: Thing) -> dict[str, str]:
    found: dict[str, Any] = {
        f"{one.name}-id": thing.id,
        f"arn:aws:test:::{one.name}": thing.outputs.get("arn"),
        f"{one.name}-0123456": thing.inputs.get("name") or thing.outputs.get("name"),
    }
    if "publicIp" in thing.outputs:
        found[ADDRESS] = thing.outputs["publicIp"]
    if answer := ANSWERS.get(one.type):
        found |= _pair(answer(one.name, dict(one.inputs)), thing.outputs)
    return {text: real for text, real in found.items() if isinstance(real, str) and real}


def _pair(planned: Any, real: Any) -> dict[str, str]:
    """Texts that stand at the same place."""
    if isinstance(planned, str) and isinstance(real, str):
        return {planned: real}
    if isinstance(planned, list) and isinstance(real, list):
        return {text: one for pair in zip(planned, real, strict=False) for text, one in _pair(*pair).items()}
    if isinstance(planned, Mapping) and isinstance(real, Mapping):
        return {text: one for key in planned if key in real for text, one in _pair(planned[key], real[key]).items()}
    return {}


def _replace(value: Any, answers: list[tuple[str, str]]) -> Any:
    if isinstance(value, Mapping):
        return {key: _replace(inner, answers) for key, inner in value.items()}
    if isinstance(value, list):
        return [_replace(inner, answers) for inner in value]
    if isinstance(value, str):
        for text, real in answers:
            value = value.replace(text, real)
    return value
