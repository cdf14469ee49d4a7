"""Services that AWS runs, by the stack's state, and what AWS says of them now."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace

from portico.cli.engine import Export, list_resources
from portico.components.aws_command import AwsError, ask
from portico.config.settings.service import POSTGRES

# The type of their components (components/managed/service.py): importing that would load Pulumi.
_TYPE = "portico:index:ManagedService"


@dataclass(frozen=True)
class Managed:
    """A service: `called` is AWS's name of it, `site` the one that uses it, "" for none.

    `state` and `version` are AWS's words, "" where it does not answer; `restorable` is the newest moment that it can be
    brought back to, or when its newest copy was made.
    """

    name: str
    kind: str
    region: str
    called: str
    site: str
    state: str = ""
    version: str = ""
    restorable: str = ""

    @property
    def owner(self) -> str:
        """The part of AWS that runs it."""
        return "RDS" if self.kind == POSTGRES else "ElastiCache"

    def __str__(self) -> str:
        where = f"{self.name}: {self.kind} on {self.owner} ({self.called})"
        if not self.state:
            return f"{where}; AWS does not answer"
        version = f", {self.version}" if self.version else ""
        copied = f", can be brought back to {self.restorable}" if self.restorable else ", no backup yet"
        return f"{where}, {self.state}{version}{copied}"

    def list_remedies(self, stack: str) -> dict[str, str]:
        """What to do instead of `portico db`, by its actions: nothing gets to it but the site's tasks."""
        inside = f'portico exec -s {stack} --site {self.site or "SITE"} -- sh -c \'psql "$DATABASE_URL" -c "…"\''
        copy = f"--db-instance-identifier {self.called} --db-snapshot-identifier {self.called}-by-hand"
        return {
            "shell": f"{inside} runs a query, if the site's image has psql",
            "dump": f"aws rds create-db-snapshot {copy} copies it",
            "load": "a new service with `snapshot: NAME` begins with a copy; docs/services.md has the steps",
        }

    def spell_copy(self) -> str:
        """What makes another one of the same data, beside it."""
        if self.kind == POSTGRES:
            words = "rds restore-db-instance-to-point-in-time --source-db-instance-identifier"
            return f"aws {words} {self.called} --region {self.region} … makes a copy"
        words = "elasticache describe-snapshots --replication-group-id"
        return f"aws {words} {self.called} --region {self.region} lists the snapshots"


def find_managed(export: Export) -> list[Managed]:
    """Those of the stack, by name, without asking AWS."""
    found = []
    for one in list_resources(export, _TYPE):
        outputs = one.get("outputs") or {}
        made = outputs.get("made") or {}
        name, kind = str(outputs.get("service")), str(made.get("kind"))
        found.append(Managed(name, kind, str(made.get("region")), str(made.get("name")), str(made.get("site") or "")))
    return sorted(found, key=lambda one: one.name)


def look_at_managed(export: Export) -> list[Managed]:
    """The same with what AWS says of them now."""
    return [_look(one) for one in find_managed(export)]


def find_databases(export: Export, service: str) -> list[Managed]:
    """The databases that AWS runs: all, or the one of that name."""
    return [one for one in find_managed(export) if one.kind == POSTGRES and service in ("", one.name)]


def tell_snapshots(found: list[Managed]) -> Iterator[str]:
    """What stays of them once they are removed."""
    for one in found:
        words = "rds delete-db-snapshot --db-snapshot-identifier"
        if one.kind != POSTGRES:
            words = "elasticache delete-snapshot --snapshot-name"
        yield (
            f"Kept: the last state of {one.name}, {one.owner}'s snapshot {one.called}, which is paid for. `snapshot: "
            f"{one.called}` in services begins with it; aws {words} {one.called} --region {one.region} deletes it."
        )


def _look(one: Managed) -> Managed:
    with suppress(AwsError, LookupError, ValueError):
        return _look_at_database(one) if one.kind == POSTGRES else _look_at_cache(one)
    return one


def _look_at_database(one: Managed) -> Managed:
    (seen,) = ask(one.region, "rds", "describe-db-instances", "--db-instance-identifier", one.called)["DBInstances"]
    return replace(
        one,
        state=str(seen["DBInstanceStatus"]),
        version=str(seen["EngineVersion"]),
        restorable=str(seen.get("LatestRestorableTime") or ""),
    )


def _look_at_cache(one: Managed) -> Managed:
    named = ("--replication-group-id", one.called)
    (seen,) = ask(one.region, "elasticache", "describe-replication-groups", *named)["ReplicationGroups"]
    copies = ask(one.region, "elasticache", "describe-snapshots", *named)["Snapshots"]
    nodes = [node for copy in copies for node in copy.get("NodeSnapshots") or []]
    times = sorted(str(node["SnapshotCreateTime"]) for node in nodes if node.get("SnapshotCreateTime"))
    return replace(one, state=str(seen["Status"]), restorable=times[-1] if times else "")
