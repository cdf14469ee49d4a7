"""What is read out of a kind's name, beside what AWS says of each: moto has that, and nobody here wrote it."""

import pytest
from moto.ec2.models.instance_types import INSTANCE_TYPES

from portico.config.instance_kind import find_arch, has_own_line, is_mac, is_xen
from portico.policies.instance import SHARED

KINDS = {kind: reported for kind, reported in INSTANCE_TYPES.items() if not is_mac(kind)}
ARCHS = {"arm64": "arm64", "amd64": "x86_64"}


def test_there_are_many_kinds_and_no_other_is_apples() -> None:
    assert len(KINDS) > 1000
    assert not any(
        "mac" in arch for reported in KINDS.values() for arch in reported["ProcessorInfo"]["SupportedArchitectures"]
    )


def test_the_rule_of_the_policies_lets_the_same_kinds_be() -> None:
    assert [kind for kind in KINDS if SHARED.fullmatch(kind)] == [kind for kind in KINDS if not has_own_line(kind)]


@pytest.mark.parametrize("part", ["processor", "line", "disks"])
def test_the_name_tells_what_aws_says(part: str) -> None:
    wrong = []
    for kind, reported in KINDS.items():
        fits = {
            "processor": ARCHS[find_arch(kind)] in reported["ProcessorInfo"]["SupportedArchitectures"],
            "line": has_own_line(kind) == (reported["EbsInfo"]["EbsOptimizedSupport"] != "unsupported"),
            "disks": is_xen(kind) == (reported.get("Hypervisor") == "xen"),
        }
        if not fits[part]:
            wrong.append(kind)
    assert wrong == []
