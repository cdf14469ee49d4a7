"""`portico render`: the files of NGINX and Gunicorn, for machines that run them without Portico's containers."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import click

from portico.cli.options import example, stack_option
from portico.cli.project import find_root
from portico.cli.refused import Refused
from portico.cli.spelling import assign, spell, spell_option
from portico.config.ordered_names import list_ordered
from portico.config.plan import Plan
from portico.config.render.layout import lay_out
from portico.config.stack_plan import plan_stack
from portico.config.stackfile import read_stack
from portico.config.targets import find_target
from portico.config.targets.ecs import make_fleet
from portico.config.wildcard import STAR

LAYOUTS = ("conf.d", "sites-available")
# Lists what was written here, with digests: by it a folder of ours is distinguished from anybody else's.
MARKER = ".portico-render"


@dataclass(frozen=True)
class Rendering:
    """What goes into the folder: texts and symbolic links by path, and what the reader must still do."""

    files: Mapping[str, str]
    links: Mapping[str, str] = field(default_factory=dict)
    todo: tuple[str, ...] = ()


def render_stack(plan: Plan, layout: str) -> Rendering:
    """NGINX's tree, and beside it Gunicorn's configuration and a Dockerfile of each site.

    Raises Refused.
    """
    if find_target(plan.settings).in_images():
        return _render_fleet(plan, layout)
    tree = plan.render(layout)
    files = dict(tree.files)
    for release in plan.releases:
        name = release.site.name
        files[f"gunicorn/{name}.gunicorn.conf.py"] = release.context[".portico/gunicorn.conf.py"].content.decode()
        files[f"docker/{name}.Dockerfile"] = release.context["Dockerfile"].content.decode()
    return Rendering(files, tree.links, tuple(_list_todo(plan, layout)))


def _render_fleet(plan: Plan, layout: str) -> Rendering:
    """On ECS each site has a folder: NGINX's tree, Gunicorn's configuration, and the Dockerfiles of both images."""
    if layout != "conf.d":
        raise Refused(
            f"{assign('layout', layout)} is for a machine that runs NGINX itself, and ecs has none; leave it out."
        )
    files, todo = dict(plan.render().files), []
    for fleet in make_fleet(plan):
        name, context = fleet.site.name, fleet.release.context
        files[f"{name}/gunicorn.conf.py"] = context[".portico/gunicorn.conf.py"].content.decode()
        files[f"{name}/Dockerfile"] = context["Dockerfile"].content.decode()
        files[f"{name}/nginx.Dockerfile"] = fleet.nginx["Dockerfile"].content.decode()
        todo.append(f"{name}: both images are built and pushed by `pulumi up`; these files are for reading")
        if plan.secrets.get(name):
            todo.append(f"{name}: its secrets go to Secrets Manager, and from there to files in /run/secrets/")
        if fleet.site.users:
            todo.append(f"{name}: its `users` go to Secrets Manager, and from there to the file that NGINX reads")
    return Rendering(files, todo=tuple(todo))


def write_rendering(folder: Path, rendering: Rendering) -> None:
    """Write into `folder`, which must be empty or hold what was written here before.

    Raises Refused, and then nothing was changed.
    """
    known = _read_marker(folder)
    _refuse_strangers(folder, rendering, known)
    for path in sorted(known - rendering.files.keys() - rendering.links.keys()):
        (folder / path).unlink(missing_ok=True)
        for parent in (folder / path).parents:
            if parent == folder or not parent.is_dir() or any(parent.iterdir()):
                break
            parent.rmdir()
    for path, text in rendering.files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(text.encode())
    for path, target in rendering.links.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).unlink(missing_ok=True)
        (folder / path).symlink_to(target)
    lines = [f"{_digest(folder / path)}  {path}\n" for path in sorted([*rendering.files, *rendering.links])]
    (folder / MARKER).write_text("".join(lines))


def _read_marker(folder: Path) -> set[str]:
    """Paths that were written here before; a file that somebody changed since is not ours to overwrite."""
    if not folder.exists():
        return set()
    if not folder.is_dir():
        raise Refused(f"{folder} is not a folder; write {spell_option('out')} and the name of a new or an empty one.")
    if not (folder / MARKER).is_file():
        if any(folder.iterdir()):
            raise Refused(
                f"{folder} holds files that {spell('render')} did not write; nothing was overwritten. "
                f"Write {spell_option('out')} and the name of a new or an empty folder."
            )
        return set()
    pairs = [line.split("  ", 1) for line in (folder / MARKER).read_text().splitlines()]
    written = {path: digest for digest, path in (pair for pair in pairs if len(pair) == 2) if _is_inside(folder, path)}
    changed = [path for path, digest in written.items() if _digest(folder / path) not in (digest, None)]
    if changed:
        raise Refused(
            f"{', '.join(sorted(changed))} in {folder} was changed by hand since; nothing was overwritten. "
            f"Change the settings instead and remove the file, or write another {spell_option('out')}."
        )
    return set(written)


def _refuse_strangers(folder: Path, rendering: Rendering, known: set[str]) -> None:
    wanted = [*rendering.files, *rendering.links]
    strangers = [path for path in wanted if path not in known and _digest(folder / path) is not None]
    strangers += [path for path in wanted if not _is_inside(folder, path)]
    if strangers:
        raise Refused(
            f"{', '.join(sorted(strangers))} in {folder} was not written by {spell('render')}; "
            f"nothing was overwritten. Move it away, or write another {spell_option('out')}."
        )


def _is_inside(folder: Path, path: str) -> bool:
    """Whether no folder on the way to `path` is a link that leads out of `folder`."""
    return (folder / path).parent.resolve().is_relative_to(folder.resolve())


def _digest(path: Path) -> str | None:
    if path.is_symlink():
        return hashlib.sha256(f"-> {path.readlink()}".encode()).hexdigest()
    if path.is_file():
        return hashlib.sha256(path.read_bytes()).hexdigest()
    return "a folder" if path.exists() else None


def _list_todo(plan: Plan, layout: str) -> list[str]:
    """What has to be copied or started before NGINX can serve this tree."""
    settings, where = plan.settings, lay_out(plan.settings, layout)
    lines = [f"put nginx.conf and the folders beside it into {where.files}: nginx -t -c {where.files}/nginx.conf"]
    for release in plan.releases:
        site = release.site
        if release.static:
            target = f"{where.static}/{site.name}/{release.id}{site.locate(site.static_url)}"
            lines.append(f"copy {site.source}/{release.static}/ to {target}")
        if site.asked:
            target = f"{where.static}/{site.name}/{release.id}"
            lines.append(f"copy what else NGINX is to serve of {site.name} to {target}, by its URL; all may read it")
        config = f"gunicorn/{site.name}.gunicorn.conf.py"
        for bind in release.bind:
            lines.append(f"start in {site.source}: PORTICO_ADDRESS={bind} gunicorn --config {config} {site.entry}")
        if site.environment or plan.secrets.get(site.name):
            lines.append(f"give {site.name} its `environment`, and its secrets as files in /run/secrets/")
        if release.variables:
            names = ", ".join(release.variables)
            lines.append(f"give {site.name} these of its secrets as environment variables too: {names}")
    folder = f"{where.private}/{plan.private.digest}"
    for site in settings.sites:
        if settings.tls and site.certificate:
            lines.append(f"copy {site.certificate.certificate} to {folder}/{site.name}.crt")
            lines.append(f"copy {site.certificate.key} to {folder}/{site.name}.key, readable for NGINX alone")
        elif settings.is_ordered(site):
            live = f"{where.certificates}/live/{site.name}"
            ordered = list_ordered(site)
            star = '; for one with a star a line such as "~^http [^.]+\\.shop\\.example$" yes;'
            lines.append(
                f"let an ACME client of yours order a certificate for {' '.join(ordered)}, with "
                f"its answers to challenges in {where.challenges}; write ssl_certificate and ssl_certificate_key to "
                f'{live}/certificate.conf, and to names.map beside it a line "http NAME" yes; for each name'
                + (star if any(name.startswith(STAR) for name in ordered) else "")
            )
        elif settings.tls:
            own = ".portico/authority"
            lines.append(f"join {own}/{site.name}.crt and {own}/authority.crt as {folder}/{site.name}.crt")
            lines.append(f"copy {own}/{site.name}.key to {folder}/{site.name}.key, readable for NGINX alone")
        if site.users:
            lines.append(f"write the site's `users`, a line NAME:HASH each, to {folder}/{site.name}.users")
    return lines


def render(stack: str, out: str, layout: str, root: Path) -> None:
    """Write the files, and say what else they need. Raises Refused, UnreadableStack, Mistakes and OSError."""
    layout = layout or "conf.d"
    if not out:
        raise Refused(f"where to? Write the folder: {spell('render', 'dev', out='folder')}")
    if layout not in LAYOUTS:
        said = assign("layout", f'"{layout}"')
        raise Refused(f"{said} is not a layout; write one of: {', '.join(LAYOUTS)}.")
    values = read_stack(root, stack)
    if values.get("rollback"):
        raise Refused(
            f"portico:rollback of {stack} pins a site to an earlier release, whose source is not here to render. "
            f"Take the site out first: {spell('resume', stack)}."
        )
    plan = plan_stack(root, stack)
    for said in plan.advise():
        click.echo(f"warning: {said}", err=True)
    rendering = render_stack(plan, layout)
    try:
        write_rendering(Path(out), rendering)
    except OSError as error:
        raise Refused(f"{error.filename} cannot be written: {error.strerror}.") from None
    click.echo(f"Wrote {len(rendering.files) + len(rendering.links)} files to {out}. What they need besides:")
    click.echo("\n".join(f"  {line}" for line in rendering.todo))
    if plan.private.files:
        click.echo("No key and no password hash is among the files written.")


@click.command(epilog=example("portico render -s prod --out folder --layout sites-available"))
@stack_option
@click.option(
    "--out", default="", metavar="FOLDER", help="A new or an empty folder, or one that was written here before."
)
@click.option(
    "--layout", default="conf.d", show_default=True, metavar="NAME", help="conf.d, or sites-available as on Debian."
)
def command(stack: str, out: str, layout: str) -> None:
    """Write every file for machines without our containers. Needs neither Pulumi nor Docker."""
    render(stack, out, layout, find_root())
