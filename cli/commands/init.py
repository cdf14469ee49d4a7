"""`portico init`: the project of a Flask application, in a folder `deploy` beside it."""

from pathlib import Path

import click

from portico.cli.application import Found, Source, look_at
from portico.cli.converted import Converted
from portico.cli.engine import has_terminal
from portico.cli.from_compose import read_compose
from portico.cli.from_procfile import read_procfile
from portico.cli.new_project import Project, spell_name
from portico.cli.options import example
from portico.cli.refused import Refused
from portico.cli.screen import tell
from portico.config.source.place import Place
from portico.config.source.wsgi_entry import find_entry

# Others than the chosen one that are named.
_MOST = 4


@click.command(epilog=example("portico init --entry shop.web:app --host shop.localhost"))
@click.option("--source", metavar="FOLDER", help="The application's folder; this one by default.")
@click.option("--folder", default="deploy", show_default=True, help="The project's folder, in the application's.")
@click.option("--entry", default="", metavar="MODULE:APP", help="The WSGI entry, where it is not found.")
@click.option("--name", default="", help="The site's name; the folder's by default.")
@click.option("--host", "hosts", multiple=True, metavar="HOST", help="A host name; may be repeated.")
@click.option("--port", type=click.IntRange(1, 65535), help="The published port; 8080 by default.")
@click.option("--from", "other", metavar="FILE", help="A Compose file or a Procfile to begin with.")
@click.option("--service", default="", help="The service of a Compose file that answers the requests.")
def command(
    source: str | None,
    folder: str,
    entry: str,
    name: str,
    hosts: tuple[str, ...],
    port: int | None,
    other: str | None,
    service: str,
) -> None:
    """Write a project for the Flask application in this folder. Nothing is overwritten.

    The entry, static files, a health path and the requirements are found in the source. What cannot be known is asked
    on a terminal; elsewhere the options say it.
    """
    converted = read_other(Path(other), service) if other else Converted()
    source = source or str(Path(other or "").parent / converted.source)
    root = Path(source).resolve()
    if not root.is_dir():
        raise Refused(f"--source: {source} is not a folder; write that of the application")
    found = look_at(root)
    application = choose(root, found.applications, entry or converted.entry)
    name = name or spell_name(root.name)
    if not name == spell_name(name):
        raise Refused(f'--name: "{name}" is no name of a site; write small letters, digits and hyphens')
    if not hosts and has_terminal():
        reported = click.prompt("Host names, the first one is the site's", default=f"localhost {name}.localhost")
        hosts = tuple(reported.replace(",", " ").split())
    project = Project(
        folder=root / folder,
        source=root,
        name=name,
        application=application,
        hosts=hosts or ("localhost", f"{name}.localhost"),
        port=port or converted.port or 8080,
        health=found.health,
        more=converted.site,
        services=converted.services,
    )
    written, kept = project.write()
    for file in written:
        tell(f"wrote  {file.relative_to(root)}")
    for file in kept:
        tell(f"kept   {file.relative_to(root)}, as it was")
    if project.folder / "Pulumi.dev.yaml" in kept:
        tell("\nPulumi.dev.yaml exists and was not changed: portico up deploys what it says, not what was found here.")
    else:
        health = f", asked for its health at {found.health}" if found.health else ""
        tell(f"\n{application.entry} as {name}{health}")
    if (
        not entry
        and not converted.entry
        and (others := [one.entry for one in found.applications if one is not application])
    ):
        tell(f"Also found: {', '.join(others[:_MOST])}; choose one with --entry.")
    for line in converted.left:
        tell(f"Not taken over: {line}.")
    for secret in converted.secrets:
        tell(f"Secret: pulumi config set --secret --path portico:secrets.{name}.{secret}")
    for line in list_todo(project, found, kept):
        tell(line)


def read_other(file: Path, service: str) -> Converted:
    """What another tool's file says. Raises Refused."""
    if not file.is_file():
        raise Refused(f"--from: {file} is not a file; write the path of a Compose file or of a Procfile")
    if file.suffix in (".yml", ".yaml"):
        return read_compose(file, service)
    if file.name.startswith("Procfile"):
        return read_procfile(file)
    raise Refused(f"--from: {file.name} is neither a Compose file (.yml, .yaml) nor a Procfile")


def choose(root: Path, found: tuple[Found, ...], entry: str) -> Found:
    """The application that is meant: the one of `entry`, or the likeliest. Raises Refused."""
    if entry:
        if problem := find_entry(Place(source=root, context=root), entry).problem:
            raise Refused(f"--entry: {problem}")
        return next((one for one in found if one.entry == entry), Found(entry=entry))
    if not found:
        if not has_terminal():
            raise Refused(f"no Flask application was found in {root}; write --entry package.module:app")
        return choose(root, found, click.prompt("The WSGI entry, as package.module:app"))
    if len(found) > 1 and has_terminal():
        names = click.Choice([one.entry for one in found])
        return choose(root, found, click.prompt("Which application", type=names, default=found[0].entry))
    return found[0]


def list_todo(project: Project, found: Source, kept: list[Path]) -> list[str]:
    """What is left to be done."""
    lines = [f"Fix: {one}" for one in found.mistakes]
    if not found.requirements and not found.mistakes:
        lines.append("Missing: a requirements.txt that names Flask; write one, or `pip freeze > requirements.txt`.")
    if (ignore := project.source / ".dockerignore") in kept:
        ignored = [line.strip().strip("/") for line in ignore.read_text(errors="replace").splitlines()]
        if project.folder.name not in ignored:
            lines.append(
                f"Missing: the line `{project.folder.name}` in .dockerignore. Without it, each change in that folder "
                "makes a release."
            )
    return [*lines, "Next: portico setup, if Pulumi or Docker is missing; then portico up."]
