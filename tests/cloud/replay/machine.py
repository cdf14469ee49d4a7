"""The instance."""

from base64 import b64decode

from tests.cloud.replay.given import Given, capitals, list_tags, without_empty
from tests.cloud.replay.made import Made

# What the plugin does with them, AWS never sees.
_OWN = ("userDataReplaceOnChange", "forceDestroy")


def start_instance(given: Given) -> Made:
    for name in _OWN:
        given.take(name)
    disk = given.take("rootBlockDevice", {})
    disk_tags = disk.pop("tags", {})
    card = {
        "DeviceIndex": 0,
        "SubnetId": given.take("subnetId"),
        "Groups": given.take("vpcSecurityGroupIds"),
        "AssociatePublicIpAddress": given.take("associatePublicIpAddress"),
    }
    made = given.client("ec2").run_instances(
        MinCount=1,
        MaxCount=1,
        ImageId=given.take("ami"),
        IamInstanceProfile={"Name": given.take("iamInstanceProfile")},
        # Sent as it is: the client packs it into base64 itself.
        UserData=b64decode(given.take("userDataBase64")),
        Monitoring={"Enabled": given.take("monitoring")},
        BlockDeviceMappings=[{"DeviceName": "/dev/sda1", "Ebs": capitals(disk)}],
        NetworkInterfaces=[without_empty(card.items())],
        **given.send("instanceType", "ebsOptimized", "disableApiTermination", "metadataOptions", "maintenanceOptions"),
        TagSpecifications=[*given.tag("instance"), {"ResourceType": "volume", "Tags": list_tags(disk_tags)}],
    )
    return Made(id=made["Instances"][0]["InstanceId"])
