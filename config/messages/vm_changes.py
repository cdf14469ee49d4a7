"""What a VM is made of, and what is said before another takes its place."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Self

from portico.config.release.digest import digest_values
from portico.config.render.cloud_init import render_user_data
from portico.config.settings.aws import Aws

# In the user's words, by the name of a part.
_PARTS = {
    "ami": "its image",
    "kind": "its instance type",
    "disk": "its disk",
    "zone": "its availability zone",
    "user_data": "how it is set up on its first boot",
}
# How long the address answers nobody while it moves, and what happens to connections.
_MOVE = "Connections that are open then are cut; images of earlier releases stay behind."


@dataclass(frozen=True, kw_only=True)
class Machine:
    """The parts of a VM that cannot change without another VM; `disk` in GiB, `user_data` as a digest.

    Some could change in place, but for minutes without answers: another VM costs none.
    """

    ami: str
    kind: str
    disk: int
    zone: str
    user_data: str

    @classmethod
    def of(cls, aws: Aws, zone: str) -> Self:
        """What the settings ask for, in that availability zone."""
        return cls(
            ami=aws.ami,
            kind=aws.instance_type,
            disk=aws.disk.gibibytes,
            zone=zone,
            user_data=digest_values({"text": render_user_data(aws)}),
        )

    def list_changes(self, after: Self) -> list[str]:
        """What differs, in words: "its image (ami-1 → ami-2)"."""
        found = []
        for part in fields(self):
            old, new = getattr(self, part.name), getattr(after, part.name)
            if old != new:
                unit = " GiB" if part.name == "disk" else ""
                values = "" if part.name == "user_data" else f" ({old}{unit} → {new}{unit})"
                found.append(_PARTS[part.name] + values)
        return found


def announce_machine(before: Machine | None, after: Machine, *, lost: str = "", filled: bool = True) -> str | None:
    """What an update does to the VM, in a sentence or two; None where it stays.

    `before` is the VM that is there, None where there is none. `lost` is its id where it is gone though nobody
    asked for that. It is `filled` once the address has led to it.
    """
    if lost:
        return f"VM: {lost} is gone, and not by Portico: a new one is made and filled, then the address leads to it."
    if before is None:
        return "VM: made, which takes minutes; then its containers start, and the address leads to it."
    if changes := before.list_changes(after):
        verb = "changes" if len(changes) == 1 else "change"
        reason = f"replaced, since {' and '.join(changes)} {verb}"
        return (
            f"VM: {reason}: a new one is made ready and filled with all containers, which takes minutes; then the "
            f"address moves, and the old one is removed. {_MOVE}"
        )
    if not filled:
        return "VM: the new one is there, but not filled yet: its containers start, then the address moves. " + _MOVE
    return None


def announce_disk(*, moves: bool, before: int | None, after: int, sites: Sequence[str], served: bool) -> str | None:
    """What an update does to the disk of data, None where it stays as it is; sizes in GiB, `before` is None at first.

    `sites` are those with data. Where NGINX serves files of it (`served`), it cannot go on without the disk.
    """
    if before is None:
        return (
            f"VM: a disk of its own is made for data, of {after} GiB, encrypted, with a snapshot each day. It stays "
            "whatever becomes of the VM and of the stack."
        )
    reported = [f"its disk of data grows from {before} to {after} GiB, while it is used"] if after > before else []
    if moves:
        silent = (
            "NGINX stops too, since it serves files of it, and requests get no answer"
            if served
            else "visitors get NGINX's error page"
        )
        whose = " and ".join(filter(None, [", ".join(sites[:-1]), *sites[-1:]])) or "no site"
        reported.append(
            f"its disk of data moves with it, once the new one has all images: the containers of {whose} end what they "
            "do and stop, the disk is unmounted and moved, and they start on the new VM. For about a minute, and for "
            f"as long as a last job takes, nobody can read or write the data; {silent} meanwhile"
        )
    return f"VM: {'; '.join(reported)}." if reported else None
