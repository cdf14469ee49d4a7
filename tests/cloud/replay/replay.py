"""The replay itself: each planned resource by its calls, in the order of the plan."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from portico.policies.graph import Graph, Resource, look, of_type
from portico.policies.kinds import ACCOUNT
from tests.cloud.replay import (
    balancer,
    buckets,
    disk,
    files,
    groups,
    identity,
    jobs,
    machine,
    network,
    services,
    tasks,
    vault,
    watch,
)
from tests.cloud.replay.given import Given
from tests.cloud.replay.made import Made
from tests.components.fleet_answers import ANSWERS
from tests.components.recorder import ADDRESS

CALLS: Final[Mapping[str, Callable[[Given], Made]]] = {
    "aws:acm/certificate:Certificate": vault.ask_certificate,
    "aws:acm/certificateValidation:CertificateValidation": vault.await_certificate,
    "aws:appautoscaling/policy:Policy": tasks.follow,
    "aws:appautoscaling/target:Target": tasks.scale,
    "aws:cloudwatch/logGroup:LogGroup": watch.make_log_group,
    "aws:cloudwatch/metricAlarm:MetricAlarm": watch.raise_alarm,
    "aws:dlm/lifecyclePolicy:LifecyclePolicy": disk.keep_snapshots,
    "aws:ebs/volume:Volume": disk.make_disk,
    "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup": groups.close_default_group,
    "aws:ec2/eip:Eip": network.allocate_address,
    "aws:ec2/eipAssociation:EipAssociation": network.lead_address,
    "aws:ec2/flowLog:FlowLog": network.log_flows,
    "aws:ec2/instance:Instance": machine.start_instance,
    "aws:ec2/internetGateway:InternetGateway": network.make_gateway,
    "aws:ec2/natGateway:NatGateway": network.translate,
    "aws:ec2/route:Route": network.make_route,
    "aws:ec2/routeTable:RouteTable": network.make_routes,
    "aws:ec2/routeTableAssociation:RouteTableAssociation": network.link_routes,
    "aws:ec2/securityGroup:SecurityGroup": groups.make_group,
    "aws:ec2/subnet:Subnet": network.make_subnet,
    "aws:ec2/volumeAttachment:VolumeAttachment": disk.attach,
    "aws:ec2/vpc:Vpc": network.make_vpc,
    "aws:ec2/vpcEndpoint:VpcEndpoint": network.make_endpoint,
    "aws:ecr/lifecyclePolicy:LifecyclePolicy": tasks.forget_images,
    "aws:ecr/repository:Repository": tasks.make_repository,
    "aws:ecs/cluster:Cluster": tasks.make_cluster,
    "aws:ecs/service:Service": tasks.serve,
    "aws:ecs/taskDefinition:TaskDefinition": tasks.define,
    "aws:efs/accessPoint:AccessPoint": files.open_point,
    "aws:efs/backupPolicy:BackupPolicy": files.back_up,
    "aws:efs/fileSystem:FileSystem": files.make_files,
    "aws:efs/fileSystemPolicy:FileSystemPolicy": files.write_policy,
    "aws:efs/mountTarget:MountTarget": files.mount,
    "aws:elasticache/parameterGroup:ParameterGroup": services.set_cache,
    "aws:elasticache/replicationGroup:ReplicationGroup": services.make_cache,
    "aws:elasticache/subnetGroup:SubnetGroup": services.place_cache,
    "aws:iam/instanceProfile:InstanceProfile": identity.make_profile,
    "aws:iam/role:Role": identity.make_role,
    "aws:iam/rolePolicy:RolePolicy": identity.write_policy,
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment": identity.attach_policy,
    "aws:lb/listener:Listener": balancer.listen,
    "aws:lb/listenerRule:ListenerRule": balancer.lead,
    "aws:lb/loadBalancer:LoadBalancer": balancer.make_balancer,
    "aws:lb/targetGroup:TargetGroup": balancer.make_targets,
    "aws:rds/instance:Instance": services.make_database,
    "aws:rds/parameterGroup:ParameterGroup": services.set_database,
    "aws:rds/subnetGroup:SubnetGroup": services.place_database,
    "aws:route53/record:Record": network.name_address,
    "aws:s3/bucket:Bucket": buckets.make_bucket,
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": buckets.forget_objects,
    "aws:s3/bucketOwnershipControls:BucketOwnershipControls": buckets.own_objects,
    "aws:s3/bucketPolicy:BucketPolicy": buckets.write_policy,
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": buckets.close_bucket,
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": buckets.encrypt_bucket,
    "aws:scheduler/schedule:Schedule": jobs.plan,
    "aws:scheduler/scheduleGroup:ScheduleGroup": jobs.make_group,
    "aws:secretsmanager/secret:Secret": vault.make_secret,
    "aws:secretsmanager/secretVersion:SecretVersion": vault.write_value,
    "aws:ssm/parameter:Parameter": vault.write_parameter,
    "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": groups.let_out,
    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": groups.let_in,
}


class Unmapped(Exception):
    """A resource, or an input of one, that no call is known for."""


class Replay:
    """What has been made so far, by the URN of the planned resource."""

    def __init__(self, graph: Graph) -> None:
        """Make all of a graph. Raises what botocore or moto refuses, and Unmapped."""
        (account,) = of_type(graph, ACCOUNT)
        self.region: str = look(account.inputs, "region")
        self.made: dict[str, Made] = {}
        # What the recorder reported instead of what moto has answered, {text: answer} for each resource.
        self._answers: dict[str, dict[str, str]] = {}
        for one in graph:
            if not one.type.startswith("aws:"):
                continue
            if (call := CALLS.get(one.type)) is None:
                raise Unmapped(f"{one}: no call is known that makes it")
            given = Given(self._resolve(one), self.region, one.name)
            self.made[one.urn] = made = call(given)
            self._answers[one.urn] = _compare(one, made)
            if left := given.list_left():
                raise Unmapped(f"{one}: nobody sends {', '.join(left)}")

    def find(self, part: str) -> Made:
        """The one that was made whose name ends so."""
        (found,) = (made for urn, made in self.made.items() if urn.rpartition("::")[2].endswith(part))
        return found

    def _resolve(self, one: Resource) -> dict[str, Any]:
        """Its inputs with moto's answers in place of what the recorder made up."""
        every = [pair for answers in self._answers.values() for pair in answers.items()]
        resolved = {}
        for name, value in one.inputs.items():
            # Two resources may share a name, and then their ids: the one that it was made from counts.
            own = [pair for urn in one.needs.get(name, ()) for pair in self._answers.get(urn, {}).items()]
            # One name may begin another.
            resolved[name] = _replace(value, dict(sorted([*every, *own], key=lambda pair: -len(pair[0]))))
        return resolved


def _compare(one: Resource, made: Made) -> dict[str, str]:
    reported = {
        f"{one.name}-id": made.id,
        f"arn:aws:test:::{one.name}": made.arn,
        f"{one.name}-0123456": made.name,
        ADDRESS: made.address,
    }
    if answer := ANSWERS.get(one.type):
        further = answer(one.name, dict(one.inputs))
        reported |= {further[key]: real for key, real in made.reported.items()}
    return {text: real for text, real in reported.items() if real}


def _replace(value: Any, answers: Mapping[str, str]) -> Any:
    if isinstance(value, Mapping):
        return {key: _replace(inner, answers) for key, inner in value.items()}
    if isinstance(value, list):
        return [_replace(inner, answers) for inner in value]
    if isinstance(value, str):
        for text, real in answers.items():
            value = value.replace(text, real)
    return value
