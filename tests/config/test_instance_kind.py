"""What is read out of a kind's name, beside what AWS says of each: moto has that, and nobody here wrote it."""

from typing import Any

import pytest

from portico.config.instance_kind import find_arch, has_own_line, is_mac, is_xen
from portico.policies.instance import SHARED

Kinds = dict[str, dict[str, Any]]
ARCHS = {"arm64": "arm64", "amd64": "x86_64"}


@pytest.fixture(scope="module")
def kinds() -> Kinds:
    # Late: each worker would read them while it looks for tests.
    from moto.ec2.models.instance_types import INSTANCE_TYPES

    return {kind: reported for kind, reported in INSTANCE_TYPES.items() if not is_mac(kind)}


def test_there_are_many_kinds_and_no_other_is_apples(kinds: Kinds) -> None:
    assert len(kinds) > 1000
    assert not any(
        "mac" in arch for reported in kinds.values() for arch in reported["ProcessorInfo"]["SupportedArchitectures"]
    )


def test_the_rule_of_the_policies_lets_the_same_kinds_be(kinds: Kinds) -> None:
    assert [kind for kind in kinds if SHARED.fullmatch(kind)] == [kind for kind in kinds if not has_own_line(kind)]


@pytest.mark.parametrize("part", ["processor", "line", "disks"])
def test_the_name_tells_what_aws_says(kinds: Kinds, part: str) -> None:
    wrong = []
    for kind, reported in kinds.items():
        fits = {
            "processor": ARCHS[find_arch(kind)] in reported["ProcessorInfo"]["SupportedArchitectures"],
            "line": has_own_line(kind) == (reported["EbsInfo"]["EbsOptimizedSupport"] != "unsupported"),
            "disks": is_xen(kind) == (reported.get("Hypervisor") == "xen"),
        }
        if not fits[part]:
            wrong.append(kind)
    assert wrong == []
