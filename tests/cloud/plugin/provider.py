"""The plugin's protocol: what the engine asks, answered by the double's cloud."""

import json
import logging
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Never

import grpc
from google.protobuf import empty_pb2, json_format, struct_pb2
from google.rpc import status_pb2  # type: ignore[import-untyped]
from pulumi.runtime.proto import plugin_pb2, provider_pb2_grpc
from pulumi.runtime.proto import provider_pb2 as messages

from tests.cloud.plugin import invokes
from tests.cloud.plugin.cloud import Cloud, Thing, Unfinished
from tests.cloud.plugin.diff import list_changes, list_replacing
from tests.cloud.plugin.effects import Effects
from tests.cloud.plugin.fleet_kinds import DEFINITION, GROUP
from tests.cloud.plugin.kinds import INSTANCE, KINDS
from tests.cloud.plugin.made import Region, complete
from tests.cloud.plugin.references import find_missing, list_users
from tests.cloud.plugin.shape import Shape

VERSION = "7.51.1"
Properties = dict[str, Any]


class Provider(provider_pb2_grpc.ResourceProviderServicer):
    """One process of the plugin: it answers for all resources of one provider of a program."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._effects = Effects(cloud)
        self._region = Region(name="", tags={})

    # --- the plugin itself

    def Handshake(self, request: Any, context: Any) -> Any:
        return messages.ProviderHandshakeResponse()

    def GetPluginInfo(self, request: Any, context: Any) -> Any:
        return plugin_pb2.PluginInfo(version=VERSION)

    def CheckConfig(self, request: Any, context: Any) -> Any:
        return messages.CheckResponse(inputs=request.news)

    def DiffConfig(self, request: Any, context: Any) -> Any:
        old, new = _read(request.old_inputs), _read(request.news)
        changes = list_changes(old, new)
        return messages.DiffResponse(diffs=changes, replaces=[name for name in changes if name == "region"])

    def Configure(self, request: Any, context: Any) -> Any:
        config = {name.removeprefix("aws:config:"): value for name, value in request.variables.items()}
        if not config.get("region"):
            _refuse(context, "the AWS plugin has no region: give aws.Provider one")
        self._region = Region(name=config["region"], tags=json.loads(config.get("defaultTags") or "{}").get("tags", {}))
        return messages.ConfigureResponse(supportsPreview=True)

    def Cancel(self, request: Any, context: Any) -> Any:
        return empty_pb2.Empty()

    # --- what is planned

    def Check(self, request: Any, context: Any) -> Any:
        kind, type = KINDS.get(_type(request.urn)), _type(request.urn)
        if kind is None:
            _refuse(context, f"the double does not know {type}; say in kinds.py how it is replaced")
        inputs, old = _read(request.news), _read(request.olds)
        if (named := kind.named) and not inputs.get(named) and not inputs.get(f"{named}Prefix"):
            again = old.get(named) if named in old.get("__defaults", []) else None
            seed = request.randomSeed.hex() or secrets.token_hex(4)
            inputs[named] = again or f"{request.urn.rpartition('::')[2]}-{seed[:7]}"
            inputs["__defaults"] = [named]
        mistakes = list(Shape.find(type).find_mistakes(inputs))
        if named and len(str(inputs.get(named, ""))) > kind.longest:
            mistakes.append((named, f"must not be longer than {kind.longest} characters"))
        if type == GROUP and "--" in str(inputs.get("name", "")):
            mistakes.append(("name", "must match (?!.*--)(?!^-)(?!.*-$)^[A-Za-z0-9-]+$"))
        if type == INSTANCE:
            mistakes += [(name, "is required and missing") for name in ("ami", "instanceType") if not inputs.get(name)]
        failures = [messages.CheckFailure(property=path, reason=f"{path} {why}") for path, why in mistakes]
        return messages.CheckResponse(inputs=_write(inputs), failures=failures)

    def Diff(self, request: Any, context: Any) -> Any:
        type = _type(request.urn)
        old, new = _read(request.old_inputs) or _read(request.olds), _read(request.news)
        changes = [name for name in list_changes(old, new) if name not in request.ignoreChanges]
        replacing = list_replacing(type, changes, new)
        named = KINDS[type].named
        # As the bridge does it: two of the same name cannot be there at once.
        same = named is not None and old.get(named) == new.get(named) and named not in new.get("__defaults", [])
        return messages.DiffResponse(
            changes=messages.DiffResponse.DIFF_SOME if changes else messages.DiffResponse.DIFF_NONE,
            diffs=sorted({name.partition(".")[0] for name in changes}),
            replaces=sorted({name.partition(".")[0] for name in replacing}),
            deleteBeforeReplace=bool(replacing) and same,
        )

    def Invoke(self, request: Any, context: Any) -> Any:
        with _explain(context):
            answer = invokes.answer(self._cloud, self._effects, self._region.name, request.tok, _read(request.args))
        return messages.InvokeResponse(**{"return": _write(answer)})

    # --- what is done

    def Create(self, request: Any, context: Any) -> Any:
        inputs = _read(request.properties)
        if request.preview:
            return messages.CreateResponse(properties=_write(inputs))
        with _tell_unfinished(context) as unfinished, _explain(context):
            with self._cloud.lock():
                thing = complete(self._cloud, self._region, _type(request.urn), request.urn, inputs)
                if missing := list(find_missing(self._cloud, thing)):
                    raise ValueError(f"{thing.name}: {'; '.join(missing)}")
                self._cloud.put(thing)
            unfinished.append(thing)
            try:
                thing = self._effects.create(thing, request.timeout)
            except Unfinished:
                self._cloud.note("create", thing)
                raise
            except BaseException:
                self._cloud.remove(thing)
                raise
            self._cloud.put(thing)
            self._cloud.note("create", thing)
        return messages.CreateResponse(id=thing.id, properties=_write(thing.outputs))

    def Read(self, request: Any, context: Any) -> Any:
        thing = self._cloud.find(request.id, _type(request.urn))
        if thing is None:
            return messages.ReadResponse()
        if not self._effects.exists(thing):
            self._cloud.remove(thing)
            self._cloud.note("lost", thing)
            return messages.ReadResponse()
        return messages.ReadResponse(id=thing.id, properties=_write(thing.outputs), inputs=_write(thing.inputs))

    def Update(self, request: Any, context: Any) -> Any:
        old, new = _read(request.olds), _read(request.news)
        if request.preview:
            return messages.UpdateResponse(properties=_write({**old, **new}))
        with _tell_unfinished(context) as unfinished, _explain(context):
            before = self._find(request.id, _type(request.urn))
            after = complete(self._cloud, self._region, before.type, before.urn, new, before)
            with self._cloud.lock():
                if missing := list(find_missing(self._cloud, after)):
                    raise ValueError(f"{after.name}: {'; '.join(missing)}")
                self._cloud.put(after)
            unfinished.append(after)
            changes = list_changes(before.inputs, new)
            self._cloud.note("update", after, changes=changes)
            self._effects.update(after, changes, request.timeout)
        return messages.UpdateResponse(properties=_write(after.outputs))

    def Delete(self, request: Any, context: Any) -> Any:
        with _explain(context):
            if (thing := self._cloud.find(request.id, _type(request.urn))) is None:
                return empty_pb2.Empty()
            if not KINDS[thing.type].free and (users := list_users(self._cloud, thing)):
                raise ValueError(f"DependencyViolation: {thing.name} is in use by {', '.join(users)}")
            if thing.type == DEFINITION and thing.inputs.get("skipDestroy"):
                return empty_pb2.Empty()  # Pulumi forgets it, and AWS does not
            self._effects.delete(thing)
            self._cloud.remove(thing)
            self._cloud.note("delete", thing)
        return empty_pb2.Empty()

    def _find(self, id: str, type: str) -> Thing:
        if thing := self._cloud.find(id, type):
            return thing
        raise ValueError(f"{id} does not exist")


@contextmanager
def _explain(context: Any) -> Iterator[None]:
    """Tell the engine in a sentence what is refused; whatever else goes wrong is the double's own mistake."""
    try:
        yield
    except Unfinished:
        raise
    except ValueError as error:
        _refuse(context, str(error))
    except Exception as error:
        logging.exception("the double of the AWS plugin")
        _refuse(context, f"the double of the AWS plugin failed: {error!r}")


@contextmanager
def _tell_unfinished(context: Any) -> Iterator[list[Thing]]:
    """Tell the engine that what is in this list is there, though the update fails: it is part of the state then."""
    things: list[Thing] = []
    try:
        yield things
    except Unfinished as error:
        (thing,) = things
        detail = messages.ErrorResourceInitFailed(
            id=thing.id, properties=_write(thing.outputs), inputs=_write(thing.inputs), reasons=[str(error)]
        )
        status = status_pb2.Status(code=grpc.StatusCode.UNKNOWN.value[0], message=str(error))
        status.details.add().Pack(detail)
        context.set_trailing_metadata((("grpc-status-details-bin", status.SerializeToString()),))
        context.abort(grpc.StatusCode.UNKNOWN, str(error))


def _refuse(context: Any, why: str) -> Never:
    context.abort(grpc.StatusCode.INVALID_ARGUMENT, why)
    raise AssertionError  # abort does not return


def _type(urn: str) -> str:
    return urn.split("::")[2].rpartition("$")[2]


def _read(properties: Any) -> Properties:
    return {name: _tidy(value) for name, value in json_format.MessageToDict(properties).items() if value is not None}


def _tidy(value: Any) -> Any:
    """Numbers of the protocol are all floats."""
    if isinstance(value, dict):
        return {name: _tidy(one) for name, one in value.items()}
    if isinstance(value, list):
        return [_tidy(one) for one in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _write(properties: Properties) -> Any:
    message = struct_pb2.Struct()
    json_format.ParseDict(properties, message)
    return message
