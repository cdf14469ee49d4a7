"""An instance in a network, with an address: what the double of the AWS plugin is tested with."""

import pulumi
import pulumi_aws as aws

config = pulumi.Config()
provider = aws.Provider("aws", region="eu-central-1", default_tags={"tags": {"made-by": "test"}})
options = pulumi.ResourceOptions(provider=provider)

vpc = aws.ec2.Vpc("vpc", cidr_block="10.0.0.0/16", opts=options)
subnet = aws.ec2.Subnet("subnet", vpc_id=config.get("vpc") or vpc.id, cidr_block="10.0.0.0/24", opts=options)
group = aws.ec2.SecurityGroup("group", vpc_id=vpc.id, description="the instance", opts=options)
aws.vpc.SecurityGroupIngressRule(
    "web",
    security_group_id=group.id,
    ip_protocol="tcp",
    from_port=config.require_int("port"),
    to_port=config.require_int("port"),
    cidr_ipv4="0.0.0.0/0",
    opts=options,
)
instance = aws.ec2.Instance(
    "instance",
    ami=config.require("ami"),
    instance_type=config.get("type") or "t4g.small",
    subnet_id=subnet.id,
    vpc_security_group_ids=[group.id],
    user_data="#cloud-config\n",
    tags={"Name": "small"},
    opts=options,
)
address = aws.ec2.Eip("address", domain="vpc", opts=options)
aws.ec2.EipAssociation("association", allocation_id=address.id, instance_id=instance.id, opts=options)

pulumi.export("address", address.public_ip)
pulumi.export("instance", instance.id)
pulumi.export("group", group.name)
