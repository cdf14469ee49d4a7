"""What makes a VM on AWS, and the network around it. Only what is for AWS imports this: it takes half a second."""

from portico.components.aws.address import Address, AddressArgs
from portico.components.aws.alarms import Alarms, AlarmsArgs
from portico.components.aws.closed import ClosedSubnets, ClosedSubnetsArgs
from portico.components.aws.disk import Disk, DiskArgs
from portico.components.aws.firewall import Firewall, FirewallArgs
from portico.components.aws.flow_logs import FlowLogs, FlowLogsArgs
from portico.components.aws.role import Role, RoleArgs
from portico.components.aws.vm import Vm, VmArgs
from portico.components.aws.vpc import Vpc, VpcArgs

__all__ = [
    "Address",
    "AddressArgs",
    "Alarms",
    "AlarmsArgs",
    "ClosedSubnets",
    "ClosedSubnetsArgs",
    "Disk",
    "DiskArgs",
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
