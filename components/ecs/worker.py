"""A worker of a site on ECS: tasks that answer no requests, so no load balancer leads to them."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pulumi
import pulumi_aws as aws

from portico.components.aws.tags import make_tags
from portico.components.barrier import Barrier, put_before
from portico.components.ecs.definition import DefinitionArgs, define_task
from portico.components.ecs.rollout_check import Asked, Watch, require_live
from portico.config.settings.worker import Worker

# AWS gives a release up after so many tasks that failed; or half of those that are wanted, where that is more.
_TRIES = 3
# Seconds until a task has its image, and is known to keep running.
_START = 120


@dataclass(frozen=True, kw_only=True)
class WorkerArgs:
    """`definition` is what its tasks are made of. It is rolled out once `web` is known, when the site's web is live.

    `cluster` is an ARN, `logs` the name of a log group. Where there is a `barrier`, it comes before it too.
    """

    site: str
    worker: Worker
    region: str
    definition: DefinitionArgs
    web: pulumi.Input[Any]
    subnets: Sequence[pulumi.Input[str]]
    firewalls: Sequence[pulumi.Input[str]]
    public: bool
    cluster: pulumi.Input[str]
    logs: pulumi.Input[str]
    barrier: Barrier | None = None
    tags: Mapping[str, str] = field(default_factory=dict)


class WorkerService(pulumi.ComponentResource):
    """A worker as AWS keeps it running. New tasks run before old ones are asked to end, and those end their jobs.

    Of a single one the old task is asked to end before the new one begins.

    Outputs: `live` (ARN of the task definition, once it is what runs).
    """

    live: pulumi.Output[str]

    def __init__(self, name: str, args: WorkerArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("portico:ecs:WorkerService", name, None, opts)
        worker, called = args.worker, f"{args.site}.{args.worker.name}"
        task = define_task(name, args.definition, self)
        # As a dependency: what is live changes with every release, and is no part of a worker.
        agreed: pulumi.Output[list[pulumi.Resource]] = pulumi.Output.from_input(args.web).apply(lambda _: [])
        service = aws.ecs.Service(
            f"{name}-service",
            cluster=args.cluster,
            task_definition=task.arn,
            launch_type="FARGATE",
            platform_version="1.4.0",
            desired_count=worker.replicas,
            deployment_minimum_healthy_percent=0 if worker.single else 100,
            deployment_maximum_percent=100 if worker.single else 200,
            deployment_circuit_breaker=aws.ecs.ServiceDeploymentCircuitBreakerArgs(enable=True, rollback=True),
            wait_for_steady_state=True,
            # It would start one in another zone first, for which there is no capacity.
            availability_zone_rebalancing="DISABLED" if worker.single else "ENABLED",
            network_configuration=aws.ecs.ServiceNetworkConfigurationArgs(
                subnets=list(args.subnets), security_groups=list(args.firewalls), assign_public_ip=args.public
            ),
            enable_execute_command=False,
            enable_ecs_managed_tags=True,
            propagate_tags="SERVICE",
            tags=make_tags(f"{args.site}-{worker.name}", args.tags),
            opts=put_before(
                args.barrier,
                pulumi.ResourceOptions(
                    parent=self,
                    depends_on=agreed,
                    custom_timeouts=_bound(worker),
                    hooks=Watch(called, args.logs, args.region).hooks,
                ),
            ),
        )
        asked = Asked(
            site=called, cluster=args.cluster, service=service, task=task.arn, logs=args.logs, region=args.region
        )
        self.live = require_live(asked, self)
        self.register_outputs({"live": self.live})


def _bound(worker: Worker) -> pulumi.CustomTimeouts:
    """How long to wait: until AWS itself has given up, and brought back the release before."""
    tries = max(_TRIES, math.ceil(worker.replicas / 2))
    rounds = math.ceil(tries / worker.replicas) + 1
    minutes = f"{math.ceil((rounds * (_START + worker.stop.seconds) + 15 * 60) / 60)}m"
    return pulumi.CustomTimeouts(create=minutes, update=minutes, delete=minutes)
