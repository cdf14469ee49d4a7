"""What is refused of a service that AWS runs: which setting does it, why, and what to do instead."""

from portico.cli.engine import Export, is_on_ecs
from portico.cli.managed import Managed, find_databases, find_managed
from portico.cli.refused import Refused

_WAY = "docs/services.md has the steps"


def refuse_by_hand(stack: str, export: Export, service: str, action: str) -> Refused:
    """Why `portico db` does nothing where AWS runs the database, and what does."""
    databases = find_databases(export, service)
    if not databases:
        return Refused("on ecs Portico runs no database; ask your own by its own address")
    found = databases[0]
    why = f"{found.name} has `managed: true`, so only its site can connect to it"
    return Refused(f"{why}; {found.list_remedies(stack)[action]}")


def require_copied(export: Export, site: str) -> None:
    """Raise Refused where nothing is there to rehearse `site` with ("" for any site).

    That is so on ECS, and where the site has a service that AWS runs: no backup of Portico's has it.
    """
    found = [one for one in find_managed(export) if site in ("", one.site)]
    if found:
        raise Refused(
            f"{site or found[0].site or 'this'} cannot be rehearsed: {found[0].name} has `managed: true`, so it is in "
            f"no backup of Portico's; {found[0].spell_copy()}, where the migration can be tried by hand; {_WAY}"
        )
    if is_on_ecs(export):
        raise Refused("a rehearsal needs a Docker engine and a backup of Portico's, and a stack on ecs has neither")


def require_own_backups(export: Export, service: str = "") -> None:
    """Raise Refused where Portico makes no backups: on ECS, and of a `service` that AWS runs."""
    found = [one for one in find_managed(export) if service in ("", one.name)]
    if found and (service or is_on_ecs(export)):
        names, verb = " and ".join(one.name for one in found), "has" if len(found) == 1 else "have"
        raise Refused(
            f"{names} {verb} `managed: true`, so AWS makes the backups, of the last `backupDays`; portico status shows "
            f"the newest, and {found[0].spell_copy()}; {_WAY}"
        )
    if is_on_ecs(export):
        raise Refused("AWS makes the backups of a stack on ecs, of its `data` each day; docs/data.md says how")


def list_left_out(export: Export, site: str) -> list[Managed]:
    """What a restore of `site` ("" for all) leaves as it is, since AWS runs it."""
    return [one for one in find_managed(export) if site in ("", one.site)]
