"""The release command: what runs once for each release, before any of its replicas is made."""

from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_docker as docker

from portico.components.barrier import Barrier, put_before
from portico.components.docker.diagnosis import describe, tell_full
from portico.components.docker.engine_client import Engine
from portico.components.docker.hardening import start_first
from portico.components.docker.process import ProcessArgs
from portico.config.release.release_command import describe_command

_LINES = 20  # of its log, where it failed
# Seconds that making its container and ending it take besides.
_BESIDES = 120


@dataclass(frozen=True, kw_only=True)
class ReleaseCommandArgs(ProcessArgs):
    """Another `attempt` is another container. None is made before `before`, if there is one.

    `engine` is asked why it failed, and `served` is the release that is live, "" where there is none.
    """

    attempt: int = 0
    before: Barrier | None = None
    engine: Engine | None = None
    served: str = ""


class ReleaseCommand(pulumi.ComponentResource):
    """Runs the release command of one site, once for what it depends on (components/in_container/once.py).

    Where it fails, that is said at once, and `barrier` is closed: no replica of the release is made, and the stack's
    own verdict comes at the end, so that other sites go live.

    Outputs: `container` (its id).
    """

    barrier: Barrier

    def __init__(self, name: str, args: ReleaseCommandArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("portico:index:ReleaseCommand", name, None, opts)
        self._args, self._name = args, f"{args.release.site.name}-release-command"
        settings = args.release.site.release
        assert settings
        # Another one may still run, for as long as this one may: this one waits for it.
        longest = 2 * settings.timeout.seconds + _BESIDES
        container = docker.Container(
            f"{name}-command",
            self._describe(),
            opts=put_before(args.before, self._limit(longest)),
        )
        self.barrier = Barrier(name, [container.id, container.exit_code], self._judge)
        self.register_outputs({"container": container.id})

    def _limit(self, longest: int) -> pulumi.ResourceOptions:
        # The old one may still run, if it was interrupted: it is never ended to make way.
        limited = pulumi.ResourceOptions(custom_timeouts=pulumi.CustomTimeouts(create=f"{longest}s"))
        return pulumi.ResourceOptions.merge(start_first(self), limited)

    def _describe(self) -> docker.ContainerArgs:
        args = self._args
        return args.complete(describe_command(args.release, args.find_place()), args.attempt)

    def _judge(self, ended: list[Any]) -> bool:
        container, code = ended
        if code in (None, 0):
            return True
        site, settings = self._args.release.site, self._args.release.site.release
        assert settings
        keeps = (
            f"the release before it ({self._args.served}) keeps serving"
            if self._args.served
            else f"there is no release of {site.name} before it"
        )
        what = f"(`{settings.command}`) failed{'' if self._args.engine else f' with exit code {code}'}"
        reported = f"No replica of release {self._args.release.id} was made; {keeps}."
        engine = self._args.engine
        said = describe(engine, str(container), self._name, keeps=reported, what=what, lines=_LINES)
        pulumi.log.error("\n".join(filter(None, [said, tell_full(engine)])))
        return False
