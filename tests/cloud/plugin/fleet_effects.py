"""What happens besides the books around a service: images, certificates, balancers, and the service itself."""

import os
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from tests.cloud.plugin import certificates, registry
from tests.cloud.plugin.clock.times import list_times
from tests.cloud.plugin.cloud import Cloud, Thing
from tests.cloud.plugin.databases.server import change_password, close_database, open_database
from tests.cloud.plugin.fargate import definition, secrets, status
from tests.cloud.plugin.fleet_kinds import (
    BALANCER,
    BUCKET_POLICY,
    CERTIFICATE,
    CERTIFICATE_VALIDATION,
    DEFINITION,
    GROUP,
    LISTENER,
    LISTENER_CERTIFICATE,
    REPOSITORY,
    RULE,
    SCALED,
    SCHEDULE,
    SECRET,
    SERVICE,
)
from tests.cloud.plugin.fleet_service import ServiceEffects
from tests.cloud.plugin.kinds import EGRESS, INGRESS, ROLE
from tests.cloud.plugin.machines import PAPER
from tests.cloud.plugin.process import start, tell, tell_or_start
from tests.cloud.plugin.service_kinds import DATABASE, check_end

_RECORD: Final = "aws:route53/record:Record"
_ENCRYPTION: Final = "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration"
# What a balancer looks at.
_LOOKED_AT: Final = frozenset({GROUP, LISTENER, LISTENER_CERTIFICATE, RULE, INGRESS, EGRESS})


class FleetEffects:
    """Done once the books are written; raises ValueError for what AWS refuses."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._paper = bool(os.environ.get(PAPER))
        self.services = ServiceEffects(cloud, paper=self._paper)
        self._checks: Mapping[str, Callable[[Thing], None]] = {
            BALANCER: self._check_balancer,
            CERTIFICATE_VALIDATION: self._validate,
            DEFINITION: self._check_definition,
            LISTENER: self._check_listener,
            RULE: self._check_rule,
            SCALED: self._check_scaled,
            SCHEDULE: self._check_schedule,
            SECRET: self._check_secret,
        }

    def create(self, thing: Thing, timeout: float) -> Thing:
        if check := self._checks.get(thing.type):
            check(thing)
        if thing.type == REPOSITORY and not self._paper:
            registry.open_registry(self._cloud)
        elif thing.type == CERTIFICATE:
            certificates.issue(self._cloud, thing)
        elif thing.type == DATABASE and not self._paper:
            open_database(self._cloud, thing)
        elif thing.type == SERVICE:
            self.services.create(thing, timeout)
        elif thing.type == SCHEDULE and not self._paper:
            start("clock", self._cloud.folder, f"schedule-{thing.inputs['name']}", thing.id)
        self._follow(thing)
        return thing

    def update(self, thing: Thing, changes: list[str], timeout: float) -> None:
        if (check := self._checks.get(thing.type)) and thing.type != SECRET:
            check(thing)
        if thing.type == SERVICE:
            self.services.update(thing, changes, timeout)
        elif thing.type == DATABASE and "password" in changes and not self._paper:
            change_password(thing)
        self._follow(thing)

    def delete(self, thing: Thing) -> None:
        check_end(thing.type, thing.inputs)
        if thing.type == BALANCER:
            if thing.inputs.get("enableDeletionProtection"):
                raise ValueError(f"OperationNotPermitted: deletion protection is enabled for {thing.name}")
            tell(thing.outputs["dnsName"], {"end": True})
        elif thing.type == DATABASE and not self._paper:
            close_database(thing.id)
        elif thing.type == REPOSITORY:
            self._delete_repository(thing)
        elif thing.type == SECRET:
            secrets.forget(self._cloud, thing)
        elif thing.type == SERVICE:
            self.services.delete(thing)
        elif thing.type == SCHEDULE:
            tell(status.name_process(self._cloud, thing.id), {"end": True})
        self._follow(thing, gone=True)

    def _follow(self, thing: Thing, *, gone: bool = False) -> None:
        """Let the balancers look into the books, as something of theirs has changed. Raises ValueError."""
        if self._paper or thing.type not in _LOOKED_AT | {BALANCER}:
            return
        for one in self._cloud.things(BALANCER):
            if gone and one.id == thing.id:
                continue
            address = one.outputs["dnsName"]
            begin = _begin(self._cloud, address, one.id)
            answer = tell_or_start(address, {"look": True, "but": thing.id if gone else ""}, begin)
            if answer != "done":
                raise ValueError(f"{one.name} cannot do this: {answer}")

    # --- what AWS looks at

    def _check_balancer(self, thing: Thing) -> None:
        if len(set(thing.inputs.get("subnets") or [])) < 2:
            raise ValueError(
                "ValidationError: At least two subnets in two different Availability Zones must be specified"
            )
        logs = thing.inputs.get("accessLogs") or {}
        if not logs.get("enabled", bool(logs)):
            return
        bucket = logs["bucket"]
        policy = self._cloud.find(bucket, BUCKET_POLICY)
        written = str(policy.inputs["policy"]) if policy else ""
        if "elasticloadbalancing" not in written or "s3:PutObject" not in written:
            raise ValueError(
                f"InvalidConfigurationRequest: Access Denied for bucket: {bucket}. Please check S3bucket permission"
            )
        encryption = self._cloud.find(bucket, _ENCRYPTION)
        if encryption and "aws:kms" in str(encryption.inputs):
            raise ValueError(f"InvalidConfigurationRequest: {bucket} must be encrypted with SSE-S3 for access logs")

    def _check_definition(self, thing: Thing) -> None:
        if mistakes := list(definition.find_mistakes(thing.inputs)):
            raise ValueError(f"ClientException: {'; '.join(mistakes)}")

    def _check_listener(self, thing: Thing) -> None:
        given = thing.inputs
        for other in self._cloud.things(LISTENER):
            same = (other.inputs["loadBalancerArn"], other.inputs["port"]) == (given["loadBalancerArn"], given["port"])
            if same and other.id != thing.id:
                raise ValueError(f"DuplicateListener: a listener already exists on port {given['port']}")
        if given.get("protocol") != "HTTPS":
            if given.get("certificateArn") or given.get("sslPolicy"):
                raise ValueError("ValidationError: a certificate and a policy are for HTTPS listeners alone")
            return
        certificate = self._cloud.find(str(given.get("certificateArn")), CERTIFICATE)
        if certificate is None or certificate.outputs["status"] != "ISSUED":
            raise ValueError(f"UnsupportedCertificate: {given.get('certificateArn')} is not issued")

    def _check_rule(self, thing: Thing) -> None:
        for other in self._cloud.things(RULE):
            same = other.inputs["listenerArn"] == thing.inputs["listenerArn"] and other.id != thing.id
            if same and other.inputs.get("priority") == thing.inputs.get("priority"):
                raise ValueError(f"PriorityInUse: Priority '{thing.inputs.get('priority')}' is currently in use")
        values = [value for one in thing.inputs["conditions"] for part in one.values() for value in part["values"]]
        if len(values) > 5:
            raise ValueError(f"TooManyConditionValues: a rule can have 5 condition values, and this has {len(values)}")

    def _check_schedule(self, thing: Thing) -> None:
        zone = thing.inputs.get("scheduleExpressionTimezone") or "UTC"
        list_times(thing.inputs["scheduleExpression"], zone, datetime.now(UTC))
        task = thing.inputs["target"].get("ecsParameters") or {}
        if task.get("launchType") != "FARGATE" or not task.get("networkConfiguration"):
            raise ValueError("the double starts tasks on Fargate alone: ecsParameters lacks launchType or a network")
        role = next(
            (one for one in self._cloud.things(ROLE) if one.outputs["arn"] == thing.inputs["target"]["roleArn"]), None
        )
        if role is None or "scheduler.amazonaws.com" not in str(role.inputs["assumeRolePolicy"]):
            raise ValueError(
                "ValidationException: The execution role you provide must allow AWS EventBridge Scheduler to assume it."
            )

    def _check_secret(self, thing: Thing) -> None:
        if secrets.is_taken(self._cloud, thing.inputs["name"]):
            raise ValueError(
                f"InvalidRequestException: a secret with the name {thing.inputs['name']} is scheduled for deletion"
            )

    def _check_scaled(self, thing: Thing) -> None:
        known = {"/".join(one.id.split("/")[-2:]) for one in self._cloud.things(SERVICE)}
        if thing.inputs["resourceId"].partition("/")[2] not in known:
            raise ValueError(f"ValidationException: ECS service doesn't exist: {thing.inputs['resourceId']}")

    def _validate(self, thing: Thing) -> None:
        """A certificate is issued when DNS says what it must."""
        certificate = self._cloud.find(thing.inputs["certificateArn"], CERTIFICATE)
        assert certificate is not None  # the plugin takes no reference to what is not there
        records = {
            (one.outputs["fqdn"], one.inputs["type"], value.rstrip("."))
            for one in self._cloud.things(_RECORD)
            for value in one.inputs.get("records") or []
        }
        for wanted in certificate.outputs["domainValidationOptions"]:
            proof = (wanted["resourceRecordName"], wanted["resourceRecordType"], wanted["resourceRecordValue"])
            if (proof[0].rstrip("."), proof[1], proof[2].rstrip(".")) not in records:
                raise ValueError(f"waiting for ACM: no record shows that {wanted['domainName']} is the account's")
        outputs: dict[str, Any] = {**certificate.outputs, "status": "ISSUED"}
        self._cloud.put(Thing(**{**certificate.__dict__, "outputs": outputs}))

    def _delete_repository(self, thing: Thing) -> None:
        # On paper nobody pushes anything, and each has images.
        kept = self._paper or registry.list_images(self._cloud, thing.id)
        if kept and not thing.inputs.get("forceDelete"):
            raise ValueError(
                f"RepositoryNotEmptyException: {thing.id} cannot be deleted because it still contains images"
            )
        if self._paper:
            return
        registry.empty(self._cloud, thing.id)
        if [one.id for one in self._cloud.things(REPOSITORY)] == [thing.id]:
            registry.close_registry(self._cloud)


def _begin(cloud: Cloud, address: str, arn: str) -> Callable[[], None]:
    name = arn.split("/")[-2]
    return lambda: start("balancer", cloud.folder, f"balancer-{name}", address, arn)
