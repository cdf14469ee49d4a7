"""What makes a VM on AWS, and the network around it. Only what is for AWS imports this: it takes half a second."""

from components.aws.address import Address, AddressArgs
from components.aws.alarms import Alarms, AlarmsArgs
from components.aws.firewall import Firewall, FirewallArgs
from components.aws.flow_logs import FlowLogs, FlowLogsArgs
from components.aws.role import Role, RoleArgs
from components.aws.vm import Vm, VmArgs
from components.aws.vpc import Vpc, VpcArgs

__all__ = [
    "Address",
    "AddressArgs",
    "Alarms",
    "AlarmsArgs",
    "Firewall",
    "FirewallArgs",
    "FlowLogs",
    "FlowLogsArgs",
    "Role",
    "RoleArgs",
    "Vm",
    "VmArgs",
    "Vpc",
    "VpcArgs",
]
