"""Who is registered in a target group. It lies in the cloud's folder, and balancers are asked to look."""

import json
import secrets
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from urllib.parse import quote

from tests.cloud.plugin.cloud import Cloud


@dataclass(frozen=True, kw_only=True)
class Member:
    """A target: its address and port, its security groups, and whether it is draining."""

    address: str
    port: int
    groups: tuple[str, ...] = ()
    draining: bool = False

    @property
    def key(self) -> str:
        return f"{self.address}:{self.port}"


def list_members(cloud: Cloud, group: str) -> list[Member]:
    """All of a group."""
    try:
        found = json.loads(_file(cloud, group).read_text())
    except FileNotFoundError:
        return []
    return [Member(**{**one, "groups": tuple(one["groups"])}) for one in found]


def register(cloud: Cloud, group: str, member: Member) -> None:
    """Add one."""
    _change(cloud, group, lambda members: [*members, member])


def drain(cloud: Cloud, group: str, member: Member) -> None:
    """From now on it gets no new request."""
    _change(cloud, group, lambda all_: [replace(one, draining=one.draining or one.key == member.key) for one in all_])


def forget(cloud: Cloud, group: str, member: Member) -> None:
    """It is not in the group any more: what it still answers is cut off."""
    _change(cloud, group, lambda members: [one for one in members if one.key != member.key])


def _change(cloud: Cloud, group: str, change: Callable[[list[Member]], list[Member]]) -> None:
    with cloud.lock():
        file = _file(cloud, group)
        new = file.with_suffix(f".{secrets.token_hex(4)}")
        new.write_text(json.dumps([asdict(one) for one in change(list_members(cloud, group))]))
        new.replace(file)


def _file(cloud: Cloud, group: str) -> Path:
    folder = cloud.folder / "targets"
    folder.mkdir(exist_ok=True)
    return folder / f"{quote(group, safe='')}.json"
