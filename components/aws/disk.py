"""The disk of data: it outlives VMs, and the stack."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import pulumi
import pulumi_aws as aws

from portico.components.aws.account import trust
from portico.components.aws.recorded_disk import RecordedDisk
from portico.components.aws.tags import make_tags

# The role's part of the tags, by which it is found again.
DATA = "data"
# In UTC; AWS begins within an hour of it.
_TIME = "03:00"
# A VM of the Nitro kind gives the device another name, and tells the disk's id.
_DEVICE = "/dev/sdf"


@dataclass(frozen=True, kw_only=True)
class DiskArgs:
    """`size` in GiB; `snapshots` are how many daily ones stay.

    `left` is one that is there and in no record, since `down` has left it: it is taken over. `stored` says whose data
    is on it, as tags.
    """

    zone: str
    region: str
    partition: str
    size: int
    snapshots: int
    left: RecordedDisk | None = None
    stored: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)


class Disk(pulumi.ComponentResource):
    """An encrypted disk, which Pulumi makes and never deletes, and a snapshot of it for each day.

    Outputs: `volume` (id).
    """

    volume: pulumi.Output[str]

    def __init__(self, name: str, args: DiskArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("portico:index:Disk", name, None, opts)
        self._name, left = name, args.left
        tags = make_tags(DATA, args.tags, **args.stored)
        volume = aws.ebs.Volume(
            f"{name}-volume",
            availability_zone=args.zone,
            # What is taken over is taken as it is. The next update changes it.
            size=left.size if left else args.size,
            type="gp3",
            encrypted=True,
            tags=left.tags if left else tags,
            opts=pulumi.ResourceOptions(parent=self, retain_on_delete=True, import_=left.id if left else None),
        )
        self.volume = volume.id
        self._snap(args, {key: tags[key] for key in ("Name", "Project", "Stack")})
        self.register_outputs({"volume": self.volume})

    def attach(self, instance: pulumi.Input[str], vm: pulumi.Resource) -> aws.ec2.VolumeAttachment:
        """Attach it to the instance with this id, and detach it from the one that has it. `vm` is the new one.

        A disk is with one VM at a time, so the old attachment is removed before the new one is made. It is not removed
        where its VM is: that shuts down first, and nothing is written any more.
        """
        return aws.ec2.VolumeAttachment(
            f"{self._name}-attachment",
            device_name=_DEVICE,
            volume_id=self.volume,
            instance_id=instance,
            opts=pulumi.ResourceOptions(parent=self, delete_before_replace=True, deleted_with=vm),
        )

    def _snap(self, args: DiskArgs, target: Mapping[str, str]) -> None:
        child = pulumi.ResourceOptions(parent=self)
        role = aws.iam.Role(
            f"{self._name}-snapshots-role",
            description="Makes snapshots of the disk of data, and removes old ones",
            assume_role_policy=trust("dlm", self),
            tags=make_tags("snapshots", args.tags),
            opts=child,
        )
        allowed = aws.iam.RolePolicy(
            f"{self._name}-snapshots-allowed",
            role=role.name,
            policy=json.dumps(_allow(args.partition, args.region, target)),
            opts=child,
        )
        aws.dlm.LifecyclePolicy(
            f"{self._name}-snapshots",
            description="Daily snapshots of the disk of data",
            execution_role_arn=pulumi.Output.all(role.arn, allowed.id).apply(lambda ready: str(ready[0])),
            state="ENABLED",
            policy_details=aws.dlm.LifecyclePolicyPolicyDetailsArgs(
                resource_types=["VOLUME"],
                target_tags=dict(target),
                schedules=[
                    aws.dlm.LifecyclePolicyPolicyDetailsScheduleArgs(
                        name="daily",
                        # The snapshots are found, and removed, by the disk's own tags.
                        copy_tags=True,
                        create_rule=aws.dlm.LifecyclePolicyPolicyDetailsScheduleCreateRuleArgs(
                            interval=24, interval_unit="HOURS", times=_TIME
                        ),
                        retain_rule=aws.dlm.LifecyclePolicyPolicyDetailsScheduleRetainRuleArgs(count=args.snapshots),
                    )
                ],
            ),
            tags=make_tags("snapshots", args.tags),
            opts=child,
        )


def find_left(tags: Mapping[str, str], account: aws.Provider) -> RecordedDisk | None:
    """The disk that an earlier `down` has left in the account's region, by its tags; None where there is none.

    Raises pulumi.RunError where there are several: nobody can tell which one is meant.
    """
    options = pulumi.InvokeOptions(provider=account)
    ids = aws.ebs.get_ebs_volumes(tags=dict(tags), opts=options).ids
    if len(ids) > 1:
        raise pulumi.RunError(
            f"There are several disks of data of this stack: {', '.join(ids)}; nothing was changed. Leave the tag "
            "Project to the one that is meant, or remove the others: aws ec2 delete-volume"
        )
    for id in ids:
        # By its id, since an id is all that is reported of several.
        found = aws.ebs.get_volume(filters=[aws.ebs.GetVolumeFilterArgs(name="volume-id", values=[id])], opts=options)
        return RecordedDisk(id=id, zone=found.availability_zone, size=found.size, tags=dict(found.tags), recorded=False)
    return None


def list_stored(data: Iterable[tuple[str, str]], before: Mapping[str, str]) -> dict[str, str]:
    """Whose data is on the disk, as tags: {"Data/shop": "media store"}; what was there `before` stays there."""
    found = {key: value.split() for key, value in before.items() if key.startswith(f"{_STORED}/")}
    for site, name in data:
        names = found.setdefault(f"{_STORED}/{site}", [])
        if name not in names:
            names.append(name)
    return {key: " ".join(sorted(names)) for key, names in sorted(found.items())}


def list_folders(tags: Mapping[str, str]) -> list[tuple[str, str]]:
    """Whose data is on a disk with these tags, and its names."""
    return [
        (key.removeprefix(f"{_STORED}/"), name)
        for key, names in tags.items()
        if key.startswith(f"{_STORED}/")
        for name in names.split()
    ]


_STORED = "Data"


def _allow(partition: str, region: str, target: Mapping[str, str]) -> dict[str, object]:
    """Allow snapshots of the disks with these tags, and of no others."""
    tagged = {"StringEquals": {f"aws:ResourceTag/{key}": value for key, value in target.items()}}
    snapshots = f"arn:{partition}:ec2:{region}::snapshot/*"
    # AWS offers these for nothing narrower than all.
    looks = ["ec2:DescribeVolumes", "ec2:DescribeInstances", "ec2:DescribeSnapshots"]
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Action": ["ec2:CreateSnapshot"],
                "Resource": [f"arn:{partition}:ec2:{region}:*:volume/*"],
                "Condition": tagged,
            },
            {"Effect": "Allow", "Action": ["ec2:CreateSnapshot", "ec2:CreateTags"], "Resource": [snapshots]},
            {"Effect": "Allow", "Action": ["ec2:DeleteSnapshot"], "Resource": [snapshots], "Condition": tagged},
            {"Effect": "Allow", "Action": looks, "Resource": "*"},
        ],
    }
