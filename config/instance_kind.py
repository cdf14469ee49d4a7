"""What the name of a kind of VM tells of it, such as t4g.small."""

import re
from typing import Literal

# Old kinds that AWS sells without a line of its own to their disks, and refuses with one.
_SHARED = re.compile(
    r"(t[12]\..+|c1\.medium|c3\.(large|8xlarge)|i2\.8xlarge|m1\.(small|medium)|m2\.xlarge|m3\.(medium|large)"
    r"|r3\.(large|8xlarge))"
)
# Families of VMs to which a disk is not an NVMe device with a serial number.
_XEN = re.compile(r"c1|c[34]|d2|f1|g3|h1|i[23]|m[1-4]|p[23]|r[34]|t[12]|x1e?")


def find_arch(kind: str) -> Literal["arm64", "amd64"]:
    """The processor, by Debian's names. Graviton families have a g after their generation: t4g, m7gd."""
    family = kind.split(".")[0]
    return "arm64" if family == "a1" or re.match(r"[a-z]+[0-9]+g", family) else "amd64"


def has_own_line(kind: str) -> bool:
    """Whether AWS sells it with a line to its disks that it shares with nobody (EBS-optimized)."""
    return not _SHARED.fullmatch(kind)


def is_xen(kind: str) -> bool:
    """Whether it is older than the Nitro kind: a disk is not found by its id there."""
    return bool(_XEN.fullmatch(kind.split(".")[0]))


def is_mac(kind: str) -> bool:
    """Whether it is a machine of Apple's, which runs no Ubuntu."""
    return kind.startswith("mac")
