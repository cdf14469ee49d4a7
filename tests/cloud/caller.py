"""Asks the double as the engine does, without an engine."""

import random
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Never

import pytest
from google.protobuf import json_format, struct_pb2
from pulumi.runtime.proto import provider_pb2 as messages

from tests.cloud.plugin.cloud import Cloud, Thing
from tests.cloud.plugin.fleet_kinds import CERTIFICATE, CERTIFICATE_VALIDATION
from tests.cloud.plugin.machines import PAPER
from tests.cloud.plugin.provider import Provider

REGION = "eu-central-1"
_RECORD = "aws:route53/record:Record"


class Refused(Exception):
    """What the double said no to, in its words."""


class _Context:
    def set_trailing_metadata(self, metadata: object) -> None:
        pass

    def abort(self, code: object, why: str) -> Never:
        raise Refused(why)


class Caller:
    """One provider of one program; instances, balancers and services on `paper`, or real ones."""

    def __init__(self, folder: Path, patch: pytest.MonkeyPatch, *, paper: bool = True) -> None:
        patch.setenv(PAPER, "yes" if paper else "")
        self.cloud = Cloud(folder)
        self.provider = Provider(self.cloud)
        self._context = _Context()
        self.configure(region=REGION)

    def configure(self, **variables: str) -> None:
        named = {f"aws:config:{key}": value for key, value in variables.items()}
        self.provider.Configure(messages.ConfigureRequest(variables=named), self._context)

    def check(self, type: str, name: str, old: dict[str, Any] | None = None, /, **inputs: Any) -> Any:
        """The checked inputs, and what is wrong with them."""
        request = messages.CheckRequest(
            urn=_urn(type, name), olds=_write(old or {}), news=_write(inputs), randomSeed=random.randbytes(8)
        )
        answer = self.provider.Check(request, self._context)
        return SimpleNamespace(inputs=_read(answer.inputs), wrong=[one.reason for one in answer.failures])

    def create(self, type: str, name: str, /, **inputs: Any) -> Thing:
        """A new thing, as the cloud knows it."""
        checked = self.check(type, name, **inputs)
        assert not checked.wrong, checked.wrong
        request = messages.CreateRequest(urn=_urn(type, name), properties=_write(checked.inputs))
        found = self.cloud.find(self.provider.Create(request, self._context).id, type)
        assert found
        return found

    def diff(self, thing: Thing, /, **inputs: Any) -> Any:
        new = self.check(thing.type, thing.name, thing.inputs, **{**thing.inputs, **inputs}).inputs
        request = messages.DiffRequest(
            id=thing.id, urn=thing.urn, olds=_write(thing.outputs), old_inputs=_write(thing.inputs), news=_write(new)
        )
        return self.provider.Diff(request, self._context)

    def update(self, thing: Thing, /, **inputs: Any) -> Thing:
        new = {**thing.inputs, **inputs}
        request = messages.UpdateRequest(id=thing.id, urn=thing.urn, olds=_write(thing.outputs), news=_write(new))
        self.provider.Update(request, self._context)
        found = self.cloud.find(thing.id, thing.type)
        assert found
        return found

    def read(self, thing: Thing) -> str:
        """Its id; empty where it is gone."""
        return str(self.provider.Read(messages.ReadRequest(id=thing.id, urn=thing.urn), self._context).id)

    def delete(self, thing: Thing) -> None:
        self.provider.Delete(messages.DeleteRequest(id=thing.id, urn=thing.urn), self._context)

    def invoke(self, token: str, **arguments: Any) -> dict[str, Any]:
        request = messages.InvokeRequest(tok=token, args=_write(arguments))
        return _read(getattr(self.provider.Invoke(request, self._context), "return"))


def make_certificate(caller: Caller, domain: str) -> list[Thing]:
    """A certificate of ACM that a record has proved, first; then the record and the proof."""
    certificate = caller.create(CERTIFICATE, "certificate", domainName=domain, validationMethod="DNS")
    (proof,) = certificate.outputs["domainValidationOptions"]
    record = {"name": proof["resourceRecordName"], "type": "CNAME", "records": [proof["resourceRecordValue"]]}
    made = [certificate, caller.create(_RECORD, "proof", zoneId="Z1", ttl=60, **record)]
    return [*made, caller.create(CERTIFICATE_VALIDATION, "issued", certificateArn=certificate.id)]


def _urn(type: str, name: str) -> str:
    return f"urn:pulumi:test::small::{type}::{name}"


def _write(values: dict[str, Any]) -> Any:
    message = struct_pb2.Struct()
    json_format.ParseDict(values, message)
    return message


def _read(message: Any) -> dict[str, Any]:
    return dict(json_format.MessageToDict(message))
