"""`portico down`: removes everything that a stack made, and says what stays."""

from collections.abc import Sequence
from contextlib import suppress

import click

from portico.cli.aws_disk import Disk, find_disk
from portico.cli.data import Folder, find_place, list_data, list_volumes, remove_volumes
from portico.cli.engine import has_terminal
from portico.cli.export import read_export
from portico.cli.interrupted import settle
from portico.cli.lock import take_lock
from portico.cli.managed import Managed, find_managed, tell_snapshots
from portico.cli.options import example, stack_option, yes_option
from portico.cli.prepare import Place, prepare
from portico.cli.project import read_config
from portico.cli.pulumi import exists
from portico.cli.refused import Refused
from portico.cli.run import run, spell_path, tell_failure
from portico.cli.screen import Screen, tell
from portico.cli.spelling import is_made, spell, spell_option

# Stands for the name of a site that nobody has written.
ASK = "?"


def choose_data(folders: Sequence[Folder], site: str) -> list[Folder]:
    """The data to be deleted: that of the site, which is asked for where it is ASK. Raises Refused."""
    having = list(dict.fromkeys(folder.site for folder in folders))
    if not having:
        raise Refused("there is no data to delete")
    if site == ASK:
        if not has_terminal():
            raise Refused(f"whose data is to be deleted? Write {spell_option('data')} and one of: {' '.join(having)}")
        for folder in folders:
            tell(str(folder))
        site = click.prompt("This deletes data permanently. Of which site? Write its name")
    if site not in having:
        raise Refused(f'there is no data of a site "{site}"; nothing was removed. Write one of: {" ".join(having)}')
    return [folder for folder in folders if folder.site == site]


def find_kept(place: Place, *, wanted: bool) -> tuple[Sequence[Folder], list[str]]:
    """The data of the stack's sites, and the volume of its certificates; nothing where no engine answers.

    Raises DockerException where something of it is `wanted`.
    """
    from docker.errors import DockerException

    with suppress(*(() if wanted else (DockerException, OSError))):
        if engine := find_place(place.stack, place.root):
            data = list_data(engine, place.stack, place.root)
            return data, sorted(list_volumes(engine, place.stack, place.root, "certificates"))
    return [], []


def look_for_disk(place: Place, *, wanted: bool) -> Disk | None:
    """The disk of data on AWS; None where AWS cannot be asked. Raises Refused where it is `wanted`."""
    with suppress(*(() if wanted else (Refused,))):
        return find_disk(place.stack, place.root)
    return None


def find_services(place: Place) -> list[Managed]:
    """The services that AWS runs."""
    return find_managed(read_export(place.stack, place.root))


def find_backups(place: Place) -> str:
    """Where the stack's backups are; "" where it makes none."""
    with suppress(Refused):
        section = read_config(place.root, place.stack).get("backups")
        return str(section.get("to") or "") if isinstance(section, dict) else ""
    return ""


@click.command(epilog=example("portico down -s staging --yes"))
@stack_option
@yes_option
@click.option(
    "--data",
    "site",
    metavar="[SITE]",
    is_flag=False,
    flag_value=ASK,
    default="",
    help="Delete the data of a site, too. Its name is asked for where it is not written.",
)
@click.option("--certificates", is_flag=True, help="Delete the certificates that were ordered, too, and their keys.")
@click.pass_context
def command(context: click.Context, stack: str, yes: bool, site: str, certificates: bool) -> None:
    """Remove everything that the stack made but its data and certificates. On a terminal it is to be confirmed."""
    place = prepare(stack)
    known = exists(stack, place.root)
    if not known and not site and not certificates:
        tell(f"Nothing to remove: the stack {stack} was never created here.")
        return
    disk = look_for_disk(place, wanted=bool(site))
    folders, ordered = find_kept(place, wanted=bool(site or certificates) and disk is None)
    folders = disk.folders if disk else folders
    if certificates and not ordered:
        raise Refused("there are no certificates to delete")
    doomed = choose_data(folders, site) if site else []
    if disk and doomed:
        disk.require_all(doomed)
    # The names of the snapshots that AWS keeps are in the state only until the services are gone.
    services = find_services(place) if known else []
    screen = Screen()
    if (
        not yes
        and has_terminal()
        and not click.confirm(f"Remove everything that the stack {stack} made?", default=False)
    ):
        screen.say("Nothing was removed.")
        context.exit(1)
    if known and is_protected(place):
        deploys, removes = spell("up", stack), spell("down", stack)
        screen.say(f"error: Nothing was removed: the stack {stack} is protected. To remove it:")
        screen.say(f"write 'portico:protect: false' in Pulumi.{stack}.yaml, then {deploys},")
        screen.say(f"which ends the protection, then {removes}.")
        context.exit(1)
    take_lock(place)
    if known:
        settle(place, screen)
        _remove(context, place, screen)
    if disk and doomed:
        disk.remove()
    elif doomed and (engine := find_place(stack, place.root)):
        remove_volumes(engine, [folder.volume for folder in doomed])
    if certificates and (engine := find_place(stack, place.root)):
        remove_volumes(engine, ordered)
    for folder in doomed:
        screen.say(f"Deleted: {folder}.")
    for volume in ordered:
        if certificates:
            screen.say(f"Deleted: the certificates, volume {volume}.")
        else:
            deletes = spell("down", stack, certificates="yes" if is_made() else "")
            screen.say(
                f"Kept: the certificates, volume {volume}, since few are given for the same names in a week. "
                f"{deletes} deletes them."
            )
    for line in tell_snapshots(services):
        screen.say(line)
    if backups := find_backups(place):
        screen.say(f"Kept: the backups at {backups}, which the secret portico:backupKey opens.")
    for folder in folders:
        if folder not in doomed:
            deletes = spell("down", stack, data=folder.site)
            screen.say(f"Kept: {folder}. The next {spell('up', stack)} uses it again; {deletes} deletes it.")


def is_protected(place: Place) -> bool:
    """Whether something of the stack must not be deleted.

    Without a preview the engine finds that out in the middle: resources that are not protected would be gone by then.
    """
    resources = (read_export(place.stack, place.root).get("deployment") or {}).get("resources") or []
    return any(one.get("protect") for one in resources)


def _remove(context: click.Context, place: Place, screen: Screen) -> None:
    stack = place.stack
    words = ["destroy", "--yes", "--skip-preview", "--suppress-outputs"]
    ended = run(place, "down", words, screen)
    if ended.code:
        tell_failure(ended, screen)
        screen.say(f"The full log: {spell_path(ended.log)}")
        context.exit(1)
    parts = ", ".join(f"{count} {name}{'s' if count > 1 else ''}" for name, count in ended.story.list_removed())
    made = f"everything that the stack {stack} had made{f' ({parts})' if parts else ''}"
    screen.say(f"Removed: {made}, in {screen.seconds:.1f} s.")
    screen.say(
        "Kept: the stack's settings, Pulumi's record of what it did, Docker's build cache, .tools, .venv and .portico."
    )
    if (place.root / ".tools" / "dockerd.pid").exists():
        screen.say("Kept: the Docker engine that set-up started (make stop-docker).")
    screen.say(f"The full log: {spell_path(ended.log)}")
