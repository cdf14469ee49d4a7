"""Firewall: what may come in to the VM, and go out, by name."""

from pathlib import Path
from typing import Any

from tests.components.aws.sample import make_host
from tests.components.recorder import Recorder

INGRESS = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
EGRESS = "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule"
GROUP = "aws:ec2/securityGroup:SecurityGroup"
NAME = "host-eu-central-1-firewall"
ALL = "0.0.0.0/0"
TLS = {"port": 443, "localAuthority": True}


def rules(made: Recorder, kind: str) -> dict[str, tuple[str, int, str]]:
    """{name: (protocol, port, network)}; each is of one port, belongs to the group and says what it is for."""
    found: dict[str, tuple[str, int, str]] = {}
    for one in made.of_type(kind):
        assert one.inputs["fromPort"] == one.inputs["toPort"] and one.inputs["securityGroupId"] == f"{NAME}-group-id"
        assert len(one.inputs["description"]) > 5
        network = str(one.inputs.get("cidrIpv4") or one.inputs.get("cidrIpv6"))
        found[one.name.removeprefix(f"{NAME}-")] = (one.inputs["ipProtocol"], one.inputs["fromPort"], network)
    return found


def test_only_the_web_may_come_in_and_nobody_by_ssh(made: Recorder) -> None:
    assert rules(made, INGRESS) == {"in-http": ("tcp", 80, ALL)}


def test_https_and_http3_where_they_are_served(root: Path) -> None:
    over_tls = {"in-http": ("tcp", 80, ALL), "in-https": ("tcp", 443, ALL)}
    assert rules(make_host(root, tls=TLS), INGRESS) == over_tls
    quic = make_host(root, tls={**TLS, "http3": True})
    assert rules(quic, INGRESS) == {**over_tls, "in-http3": ("udp", 443, ALL)}


def test_ssh_from_named_networks_alone(root: Path) -> None:
    made = make_host(root, {"access": "ssh", "sshFrom": ["198.51.100.0/24", "2001:db8::/32"]})
    assert rules(made, INGRESS) == {
        "in-http": ("tcp", 80, ALL),
        "in-ssh-0": ("tcp", 22, "198.51.100.0/24"),
        "in-ssh-1": ("tcp", 22, "2001:db8::/32"),
    }
    assert "cidrIpv4" not in made.find(INGRESS, f"{NAME}-in-ssh-1").inputs


def test_what_may_go_out_is_named(root: Path, made: Recorder) -> None:
    usual = {"out-http": ("tcp", 80, ALL), "out-https": ("tcp", 443, ALL)}
    assert rules(made, EGRESS) == usual
    section: dict[str, Any] = {"egress": [{"name": "database", "port": 5432, "network": "10.20.0.0/16"}]}
    assert rules(make_host(root, section), EGRESS) == {**usual, "out-database": ("tcp", 5432, "10.20.0.0/16")}


def test_the_group_has_no_rule_without_a_name(made: Recorder) -> None:
    group = made.find(GROUP, f"{NAME}-group")
    assert not {"ingress", "egress"} & set(group.inputs) and group.inputs["description"]
    assert group.inputs["vpcId"] == "host-eu-central-1-vpc-network-id"
