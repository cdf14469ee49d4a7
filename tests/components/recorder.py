"""A stand-in for Pulumi's engine that records everything a program registers, exactly as the engine receives it."""

import asyncio
import contextvars
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import docker.errors
import pulumi
import pytest
from google.protobuf.json_format import MessageToDict  # type: ignore[import-untyped, unused-ignore]
from pulumi.runtime import MockCallArgs, MockResourceArgs, Mocks, set_mocks, test
from pulumi.runtime.mocks import MockMonitor
from pulumi.runtime.proto.source_pb2 import StackTrace
from pulumi.runtime.settings import get_root_resource, reset_options
from pulumi.runtime.stack import Stack

from tests.components import fleet_answers

CONTAINER = "docker:index/container:Container"
IMAGE = "docker:index/remoteImage:RemoteImage"
VOLUME = "docker:index/volume:Volume"
NETWORK = "docker:index/network:Network"
PROVIDER = "pulumi:providers:docker"
SERVICE = "aws:ecs/service:Service"
ADDRESS = "203.0.113.7"
_LOOP = asyncio.new_event_loop()
# What fails is raised by `run`; the same said of each Output that waited for it would be a thousand traces.
_LOOP.set_exception_handler(lambda *_: None)
_SIGNATURE = "4dabf18193072939515e22adb298388d"


@dataclass(frozen=True, kw_only=True)
class Resource:
    """One registration. `inputs` is plain; `raw` is what went over the wire, secrets wrapped as such.

    `needs` are the URNs of the resources that an input was made from.
    """

    type: str
    name: str
    urn: str
    parent: str
    inputs: dict[str, Any]
    raw: dict[str, Any]
    dependencies: frozenset[str]
    needs: dict[str, frozenset[str]]
    delete_before_replace: bool | None
    replace_on_changes: tuple[str, ...]
    ignore_changes: tuple[str, ...]
    aliases: tuple[str, ...]
    protect: bool
    retained: bool
    deleted_with: str
    imported: str
    provider: str
    error_hooks: tuple[str, ...]
    create_hooks: tuple[str, ...]
    update_hooks: tuple[str, ...]

    @property
    def labels(self) -> dict[str, str]:
        """Docker labels, as Docker shows them."""
        return {label["label"]: label["value"] for label in self.inputs.get("labels") or []}

    @property
    def mounts(self) -> dict[str, str]:
        """{path in the container: volume name}, "ro:" before what cannot be written."""
        return {
            volume["containerPath"]: ("ro:" if volume.get("readOnly") else "")
            + (volume.get("volumeName") or volume["hostPath"])
            for volume in self.inputs.get("volumes") or []
        }


@dataclass
class Recorder(Mocks):
    """What a program registered, and what an engine would have answered; `expected` counts verdicts to be heard.

    `outputs` are plain; `sent` is the same as it went over the wire, secrets wrapped as such.
    """

    states: Mapping[str, dict[str, Any]] = field(default_factory=dict)
    resources: list[Resource] = field(default_factory=list)
    outputs: dict[str, dict[str, Any]] = field(default_factory=dict)
    sent: dict[str, dict[str, Any]] = field(default_factory=dict)
    previous: Mapping[str, Any] = field(default_factory=dict)
    exports: dict[str, Any] = field(default_factory=dict)
    known: Mapping[str, Any] = field(default_factory=dict)
    alive: Collection[str] = ()
    stopped: Collection[str] = ()
    disks: Sequence[Mapping[str, Any]] = ()
    files: str = ""
    account: str = fleet_answers.ACCOUNT
    zones: str = "abc"
    zone: Mapping[str, Any] = field(default_factory=lambda: {"name": "example"})
    pushed: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    running: Mapping[str, str] = field(default_factory=dict)
    preview: bool = False
    expected: int = 0

    def expect(self) -> None:
        """What components/shutdown.py would do to the process: a verdict is expected from now on."""
        self.expected += 1

    def new_resource(self, args: MockResourceArgs) -> tuple[str | None, dict[str, Any]]:
        """Answer as Docker would; `states` says otherwise, by name. In a first preview there is nothing to tell."""
        if self.preview:
            return "", dict(args.inputs)
        state = dict(args.inputs)
        if args.typ == IMAGE:
            state["imageId"] = f"sha256:{args.name}"
        if args.typ in (CONTAINER, VOLUME, NETWORK):
            state["name"] = f"{args.name}-0123456"
        if args.typ == CONTAINER and args.inputs.get("attach"):
            state |= {"exitCode": 0, "containerLogs": ""}
        if args.typ.startswith("aws:"):
            state |= {"arn": f"arn:aws:test:::{args.name}", "allocationId": f"{args.name}-id", "publicIp": ADDRESS}
            state.setdefault("name", f"{args.name}-0123456")
        if answer := fleet_answers.ANSWERS.get(args.typ):
            state |= answer(args.name, args.inputs)
        return f"{args.name}-id", state | self.states.get(args.name, {})

    def call(self, args: MockCallArgs) -> tuple[dict[str, Any], list[tuple[str, str]] | None]:
        """Answer with `previous`, the outputs of the update before, and `known`, its resources; of VMs, who is there;
        of disks, which an earlier `down` has left.

        Of ECS: `pushed` are a registry's images, `running` says what a service runs, by name, where that is not what
        it was asked to.
        """
        if args.token == "aws:ec2/getInstances:getInstances":
            found = self.alive if "running" in args.args["instanceStateNames"] else self.stopped
            return {"id": "found", "ids": list(found)}, []
        if args.token == "aws:ebs/getEbsVolumes:getEbsVolumes":
            return {"id": "found", "ids": [one["id"] for one in self.disks]}, []
        if args.token == "aws:ebs/getVolume:getVolume":
            return dict(self.disks[0]), []
        if args.token == "aws:resourcegroupstaggingapi/getResources:getResources":
            arn = f"arn:aws:elasticfilesystem:eu-central-1:123456789012:file-system/{self.files}"
            return {"id": "found", "resourceTagMappingLists": [{"resourceArn": arn}] if self.files else []}, []
        if args.token == "aws:index/getCallerIdentity:getCallerIdentity":
            return {"id": self.account, "accountId": self.account}, []
        if args.token == "aws:index/getAvailabilityZones:getAvailabilityZones":
            return {"id": "found", "names": self._list_zones(args), "excluded": args.args.get("excludeZoneIds", [])}, []
        if args.token == "aws:ec2/getInstanceTypeOfferings:getInstanceTypeOfferings":
            return {"id": "found", "locations": self._list_zones(args)}, []
        if args.token == "aws:route53/getZone:getZone":
            return dict(self.zone), [("", self.zone["refused"])] if "refused" in self.zone else []
        if args.token == "aws:ecr/getAuthorizationToken:getAuthorizationToken":
            return fleet_answers.log_in(), []
        if args.token == "aws:ecr/getImages:getImages":
            return fleet_answers.list_images(args.args["repositoryName"], self.pushed), []
        if args.token == "aws:ecs/getService:getService":
            return self._describe_service(args.args["serviceName"]), []
        answers = {"readStackOutputs": self.previous, "readStackResourceOutputs": self.known}
        answer = answers[args.token.removeprefix("pulumi:pulumi:")]
        return {"name": args.args["stackName"], "outputs": dict(answer)}, []

    def _list_zones(self, args: MockCallArgs) -> list[str]:
        """The zones of the region that the provider is for, whose letters are those of `zones`."""
        (region,) = {one.inputs["region"] for one in self.of_type("pulumi:providers:aws") if one.urn in args.provider}
        return [f"{region}{letter}" for letter in self.zones]

    def _describe_service(self, name: str) -> dict[str, Any]:
        (asked,) = (one for one in self.of_type(SERVICE) if f"{one.name}-0123456" == name)
        events = [{"id": "1", "createdAt": "", "message": f"(service {name}) has reached a steady state."}]
        return {"taskDefinition": self.running.get(name, asked.inputs["taskDefinition"]), "events": events}

    def of_type(self, type: str) -> list[Resource]:
        """All registrations of a type, in order of name."""
        return sorted((found for found in self.resources if found.type == type), key=lambda found: found.name)

    def find(self, type: str, name: str) -> Resource:
        """The one registration of that type and name."""
        found = [one for one in self.resources if (one.type, one.name) == (type, name)]
        assert len(found) == 1, f"{len(found)} of {name} in {[(one.type, one.name) for one in self.resources]}"
        return found[0]

    def container(self, name: str) -> Resource:
        """The one container of that name."""
        return self.find(CONTAINER, name)

    def component(self, kind: str) -> Resource:
        """The one component of that class."""
        (found,) = self.of_type(f"portico:index:{kind}")
        return found

    def children(self, parent: Resource) -> dict[str, str]:
        """{name: type} of what was registered below `parent`."""
        return {found.name: found.type for found in self.resources if found.parent == parent.urn}

    def registered_outputs(self, kind: str) -> dict[str, Any]:
        """The outputs that the one component of that class registered."""
        return self.outputs[self.component(kind).urn]

    def is_descendant(self, one: Resource, above: Resource) -> bool:
        """Whether `one` was registered below `above`, at any depth."""
        parents = {found.urn: found.parent for found in self.resources}
        urn = one.urn
        while urn and urn != above.urn:
            urn = parents.get(urn, "")
        return urn == above.urn


class _Monitor(MockMonitor):
    def __init__(self, recorder: Recorder) -> None:
        super().__init__(recorder)
        self.recorder = recorder

    def RegisterResource(self, request: Any) -> Any:
        if request.type != "pulumi:pulumi:Stack":
            raw = MessageToDict(request.object)
            self.recorder.resources.append(
                Resource(
                    type=request.type,
                    name=request.name,
                    urn=self.make_urn(request.parent, request.type, request.name),
                    parent=request.parent,
                    inputs=unwrap(raw),
                    raw=raw,
                    dependencies=frozenset(request.dependencies),
                    needs={name: frozenset(one.urns) for name, one in request.propertyDependencies.items()},
                    delete_before_replace=request.deleteBeforeReplace if request.deleteBeforeReplaceDefined else None,
                    replace_on_changes=tuple(request.replaceOnChanges),
                    ignore_changes=tuple(request.ignoreChanges),
                    aliases=tuple(alias.urn for alias in request.aliases),
                    protect=request.protect,
                    retained=request.retainOnDelete,
                    deleted_with=request.deletedWith,
                    imported=request.importId,
                    provider=request.provider,
                    error_hooks=tuple(request.hooks.on_error),
                    create_hooks=tuple(request.hooks.before_create),
                    update_hooks=tuple(request.hooks.before_update),
                )
            )
        return super().RegisterResource(request)  # type: ignore[no-untyped-call]

    def RegisterResourceOutputs(self, request: Any) -> Any:
        self.recorder.sent[request.urn] = MessageToDict(request.outputs)
        self.recorder.outputs[request.urn] = unwrap(self.recorder.sent[request.urn])
        return super().RegisterResourceOutputs(request)  # type: ignore[no-untyped-call]


def use_loop() -> None:
    """Give the thread an event loop: Pulumi wants one, and any asyncio.run() before has left the thread without."""
    asyncio.set_event_loop(_LOOP)


def run(
    build: Callable[[], object],
    stack: str = "test",
    states: Mapping[str, dict[str, Any]] | None = None,
    seen: list[Resource] | None = None,
    previous: Mapping[str, Any] | None = None,
    **answers: Any,
) -> Recorder:
    """Run a program to its end; whatever fails in it, also inside an `apply`, is raised here.

    `states` are answers of the engine, by resource name. `seen` gets what was registered, also if the run fails.
    `previous` are the outputs of the update before; `answers` are Recorder's own.
    """
    recorder = Recorder(states=states or {}, resources=[] if seen is None else seen, previous=previous or {}, **answers)
    with pytest.MonkeyPatch.context() as patch:
        # Nobody logs in to a registry.
        patch.setattr("portico.components.docker.credential_helper.require_commands", lambda: None)
        # No Docker is behind a recorder: what the engine of this machine would say does not matter here.
        patch.setattr("docker.from_env", _find_nobody)
        patch.setattr("portico.components.docker.engine_answer.require_answer", lambda _: None)
        # So it cannot be asked at the end either; tests/components/test_outcome.py has an engine that answers.
        patch.setattr("portico.components.docker.switch_verdict.compare", lambda *_: [])
        patch.setattr("portico.components.docker.worker_verdict.watch", lambda *_: [])
        patch.setattr("portico.components.docker.config_switch.expect_verdict", recorder.expect)
        # Where in a program a resource is made does not matter either, and it was a quarter of a run.
        patch.setattr("pulumi.runtime.resource._get_stack_trace", StackTrace)
        contextvars.copy_context().run(_run, recorder, build, stack)
    return recorder


def _find_nobody() -> None:
    raise docker.errors.DockerException("no engine is behind a recorder")


def _run(recorder: Recorder, build: Callable[[], object], stack: str) -> None:
    use_loop()
    reset_options()
    set_mocks(recorder, project="portico", stack=stack, preview=recorder.preview, monitor=_Monitor(recorder))

    @test  # type: ignore[untyped-decorator]
    def program() -> pulumi.Output[None]:
        build()
        root = get_root_resource()
        assert isinstance(root, Stack)
        return pulumi.Output.all(**root.outputs).apply(recorder.exports.update)

    program()


def unwrap(value: Any) -> Any:
    """The plain form of what went over the wire."""
    if isinstance(value, dict):
        if _SIGNATURE in value:
            return unwrap(value.get("value"))
        return {key: unwrap(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [unwrap(inner) for inner in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def list_texts(value: Any, secret: bool = False) -> Iterator[tuple[str, bool]]:
    """Every text in what went over the wire, and whether it was wrapped as a secret."""
    if isinstance(value, dict):
        secret = secret or _SIGNATURE in value
        for key, inner in value.items():
            yield key, secret
            yield from list_texts(inner, secret)
    elif isinstance(value, list):
        for inner in value:
            yield from list_texts(inner, secret)
    elif isinstance(value, str):
        yield value, secret
