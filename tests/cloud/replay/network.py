"""VPC, subnet, routes, flow logs."""

from tests.cloud.replay.given import Given
from tests.cloud.replay.made import Made


def make_vpc(given: Given) -> Made:
    ec2 = given.client("ec2")
    vpc = ec2.create_vpc(**given.send("cidrBlock"), TagSpecifications=given.tag("vpc"))["Vpc"]["VpcId"]
    for name in ("enableDnsSupport", "enableDnsHostnames"):
        # One at a time: AWS takes no more.
        for key, value in given.send(name).items():
            ec2.modify_vpc_attribute(VpcId=vpc, **{key: {"Value": value}})
    return Made(id=vpc)


def make_gateway(given: Given) -> Made:
    ec2 = given.client("ec2")
    made = ec2.create_internet_gateway(TagSpecifications=given.tag("internet-gateway"))
    gateway = made["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, **given.send("vpcId"))
    return Made(id=gateway)


def make_subnet(given: Given) -> Made:
    ec2 = given.client("ec2")
    wanted = given.send("vpcId", "cidrBlock", "availabilityZone")
    subnet = ec2.create_subnet(**wanted, TagSpecifications=given.tag("subnet"))["Subnet"]["SubnetId"]
    for key, value in given.send("mapPublicIpOnLaunch").items():
        ec2.modify_subnet_attribute(SubnetId=subnet, **{key: {"Value": value}})
    return Made(id=subnet)


def make_routes(given: Given) -> Made:
    table = given.client("ec2").create_route_table(**given.send("vpcId"), TagSpecifications=given.tag("route-table"))
    return Made(id=table["RouteTable"]["RouteTableId"])


def make_route(given: Given) -> Made:
    table = given.take("routeTableId")
    wanted = given.send("destinationCidrBlock", "destinationIpv6CidrBlock", "gatewayId", "natGatewayId")
    given.client("ec2").create_route(RouteTableId=table, **wanted)
    return Made(id=f"r-{table}")


def link_routes(given: Given) -> Made:
    link = given.client("ec2").associate_route_table(**given.send("routeTableId", "subnetId"))
    return Made(id=link["AssociationId"])


def log_flows(given: Given) -> Made:
    made = given.client("ec2").create_flow_logs(
        ResourceIds=[given.take("vpcId")],
        ResourceType="VPC",
        DeliverLogsPermissionArn=given.take("iamRoleArn"),
        **given.send("trafficType", "logDestinationType", "logDestination", "maxAggregationInterval"),
        TagSpecifications=given.tag("vpc-flow-log"),
    )
    if made["Unsuccessful"]:
        raise ValueError(made["Unsuccessful"][0]["Error"]["Message"])
    return Made(id=made["FlowLogIds"][0])


def allocate_address(given: Given) -> Made:
    made = given.client("ec2").allocate_address(**given.send("domain"), TagSpecifications=given.tag("elastic-ip"))
    return Made(id=made["AllocationId"], address=made["PublicIp"])


def lead_address(given: Given) -> Made:
    made = given.client("ec2").associate_address(**given.send("allocationId", "instanceId", "allowReassociation"))
    return Made(id=made["AssociationId"])


def translate(given: Given) -> Made:
    made = given.client("ec2").create_nat_gateway(
        **given.send("allocationId", "subnetId"), TagSpecifications=given.tag("natgateway")
    )
    return Made(id=made["NatGateway"]["NatGatewayId"])


def make_endpoint(given: Given) -> Made:
    made = given.client("ec2").create_vpc_endpoint(
        **given.send("vpcId", "serviceName", "vpcEndpointType", "routeTableIds", "subnetIds", "securityGroupIds"),
        **given.send("privateDnsEnabled"),
        TagSpecifications=given.tag("vpc-endpoint"),
    )
    return Made(id=made["VpcEndpoint"]["VpcEndpointId"])


def name_address(given: Given) -> Made:
    zone = given.take("zoneId")
    record = {"Name": given.take("name"), "Type": given.take("type")}
    if given.has("aliases"):
        (alias,) = given.take("aliases")
        record["AliasTarget"] = {
            "DNSName": alias["name"],
            "HostedZoneId": alias["zoneId"],
            "EvaluateTargetHealth": alias["evaluateTargetHealth"],
        }
    else:
        values = given.take("records")
        record |= {"TTL": given.take("ttl"), "ResourceRecords": [{"Value": value} for value in values]}
    action = "UPSERT" if given.take("allowOverwrite") else "CREATE"
    given.client("route53").change_resource_record_sets(
        HostedZoneId=zone, ChangeBatch={"Changes": [{"Action": action, "ResourceRecordSet": record}]}
    )
    return Made(id=f"{zone}_{record['Name']}")
