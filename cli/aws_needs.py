"""What a stack needs of an account of AWS, read from its settings as they are written."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Self

from pydantic import ValidationError

from portico.cli.engine import Export, list_resources
from portico.config.settings import Aws, Ecs, Settings
from portico.config.settings.service import POSTGRES, VALKEY

_VPC = "aws:ec2/vpc:Vpc"
# What services need, by what is limited: databases of RDS, and machines of ElastiCache.
DATABASES, NODES = "databases", "nodes of caches"


@dataclass(frozen=True, kw_only=True)
class Needs:
    """`kind` is that of a VM, "" where there is none, `zones` are those that the settings name.

    `names` are the host names, `zone` the hosted zone. `amounts` are, by what is limited, what a release needs, and
    what the stack needs at most. `account` is the number of the account that the stack is in, "" before it is up; `up`
    whether it is.
    """

    target: Literal["aws", "ecs"]
    region: str
    names: Sequence[str]
    zone: str = ""
    kind: str = ""
    zones: Sequence[str] = ()
    amounts: Mapping[str, tuple[float, float]]
    account: str = ""
    up: bool = False

    @classmethod
    def of(cls, config: Mapping[str, Any], export: Export) -> Self | None:
        """From the settings of a stack as they are written; None where its section holds mistakes."""
        sites = [one for one in config.get("sites") or [] if isinstance(one, dict)]
        found = list_resources(export, _VPC)
        owners = [str((one.get("outputs") or {}).get("ownerId") or "") for one in found]
        account, up = next(iter(owners), ""), bool(found)
        names = list(dict.fromkeys(str(name) for one in sites for name in _list_names(one)))
        try:
            if config.get("target") == "aws":
                aws = Aws.model_validate_json(json.dumps(config.get("aws") or {}))
                return cls(
                    target="aws",
                    region=aws.region,
                    names=[aws.dns.name] if aws.dns else names,
                    zone=aws.dns.zone if aws.dns else "",
                    kind=aws.instance_type,
                    zones=[aws.zone] if aws.zone else [],
                    # Two VMs while one takes the place of the other.
                    amounts={"vCPUs of VMs": (4, 4), "addresses": (1, 1), "networks": (1, 1)} | _count_services(config),
                    account=account,
                    up=up,
                )
            ecs = Ecs.model_validate_json(json.dumps(config.get("ecs") or {}))
        except ValidationError:
            return None
        zone = ecs.dns.zone if ecs.dns else ""
        amounts = {"vCPUs of tasks": _count_processors(ecs, sites, config), "networks": (1.0, 1.0)}
        amounts |= _count_services(config)
        return cls(
            target="ecs",
            region=ecs.region,
            names=names,
            zone=zone,
            zones=ecs.zones,
            amounts=amounts,
            account=account,
            up=up,
        )


def _list_names(site: Mapping[str, Any]) -> list[Any]:
    return [*(site.get("hosts") or []), *(site.get("aliases") or [])]


def _count_services(config: Mapping[str, Any]) -> dict[str, tuple[float, float]]:
    """A database counts once, with its standby; of a cache each machine does."""
    services = [one for one in config.get("services") or [] if isinstance(one, dict) and one.get("managed")]
    databases = sum(one.get("kind") == POSTGRES for one in services)
    nodes = sum(2 if one.get("standby") else 1 for one in services if one.get("kind") == VALKEY)
    return {what: (float(count), float(count)) for what, count in ((DATABASES, databases), (NODES, nodes)) if count}


def _count_processors(ecs: Ecs, sites: Sequence[Mapping[str, Any]], config: Mapping[str, Any]) -> tuple[float, float]:
    """Processors of a release: all tasks twice, as old and new ones run side by side; with few tasks and with most."""
    usual = int(config.get("replicas") or Settings.model_fields["replicas"].default)
    workers = sum(len(site.get("workers") or []) for site in sites)
    few = sum(int(site.get("replicas") or usual) for site in sites) + workers
    return 2 * few * ecs.cpu / 1024, 2 * (len(sites) * ecs.most + workers) * ecs.cpu / 1024
