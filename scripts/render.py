"""Writes what NGINX and Gunicorn read into a folder, for machines that run them without Portico's containers.

render.py ENV OUT [conf.d|sites-available]. Needs neither Pulumi nor Docker.
"""

import hashlib
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from portico.config.plan import Plan, make_plan  # noqa: E402
from portico.config.render.layout import lay_out  # noqa: E402
from portico.config.settings import Mistakes  # noqa: E402
from portico.config.stackfile import UnreadableStack, read_stack  # noqa: E402
from portico.config.targets.ecs import make_fleet  # noqa: E402

LAYOUTS = ("conf.d", "sites-available")
# Lists what was written here, with digests: by it a folder of ours is told from anybody else's.
MARKER = ".portico-render"


class Refused(Exception):
    """Nothing was written; the message says why and what to do."""


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
    if plan.settings.target == "ecs":
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
        raise Refused(f"LAYOUT={layout} is for a machine that runs NGINX itself, and ecs has none; leave it out.")
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
        raise Refused(f"{folder} is not a folder; write OUT= and the name of a new or an empty one.")
    if not (folder / MARKER).is_file():
        if any(folder.iterdir()):
            raise Refused(
                f"{folder} holds files that make render did not write; nothing was overwritten. "
                "Write OUT= and the name of a new or an empty folder."
            )
        return set()
    pairs = [line.split("  ", 1) for line in (folder / MARKER).read_text().splitlines()]
    written = {path: digest for digest, path in (pair for pair in pairs if len(pair) == 2) if _is_inside(folder, path)}
    changed = [path for path, digest in written.items() if _digest(folder / path) not in (digest, None)]
    if changed:
        raise Refused(
            f"{', '.join(sorted(changed))} in {folder} was changed by hand since; nothing was overwritten. "
            "Change the settings instead and remove the file, or write another OUT=."
        )
    return set(written)


def _refuse_strangers(folder: Path, rendering: Rendering, known: set[str]) -> None:
    wanted = [*rendering.files, *rendering.links]
    strangers = [path for path in wanted if path not in known and _digest(folder / path) is not None]
    strangers += [path for path in wanted if not _is_inside(folder, path)]
    if strangers:
        raise Refused(
            f"{', '.join(sorted(strangers))} in {folder} was not written by make render; nothing was overwritten. "
            "Move it away, or write another OUT=."
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
    """What has to lie or run elsewhere before NGINX can serve this tree."""
    settings, where = plan.settings, lay_out(plan.settings, layout)
    lines = [f"put nginx.conf and the folders beside it into {where.files}: nginx -t -c {where.files}/nginx.conf"]
    for release in plan.releases:
        site = release.site
        if release.static:
            target = f"{where.static}/{site.name}/{release.id}{site.static_url}"
            lines.append(f"copy {site.source}/{release.static}/ to {target}")
        config = f"gunicorn/{site.name}.gunicorn.conf.py"
        for bind in release.bind:
            lines.append(f"start in {site.source}: PORTICO_ADDRESS={bind} gunicorn --config {config} {site.entry}")
        if site.environment or plan.secrets.get(site.name):
            lines.append(f"give {site.name} its `environment`, and its secrets as files in /run/secrets/")
    folder = f"{where.private}/{plan.private.digest}"
    for site in settings.sites:
        if settings.tls and site.certificate:
            lines.append(f"copy {site.certificate.certificate} to {folder}/{site.name}.crt")
            lines.append(f"copy {site.certificate.key} to {folder}/{site.name}.key, readable for NGINX alone")
        elif settings.tls:
            own = ".portico/authority"
            lines.append(f"join {own}/{site.name}.crt and {own}/authority.crt as {folder}/{site.name}.crt")
            lines.append(f"copy {own}/{site.name}.key to {folder}/{site.name}.key, readable for NGINX alone")
        if site.users:
            lines.append(f"write the site's `users`, a line NAME:HASH each, to {folder}/{site.name}.users")
    return lines


def main(stack: str = "dev", out: str = "", layout: str = "", *, root: Path = ROOT) -> int:
    layout = layout or "conf.d"
    try:
        if not out:
            raise Refused("where to? Write the folder: make render ENV=dev OUT=folder [LAYOUT=sites-available].")
        if layout not in LAYOUTS:
            raise Refused(f'LAYOUT="{layout}" is not a layout; write one of: {", ".join(LAYOUTS)}.')
        values = read_stack(root, stack)
        if values.get("rollback"):
            raise Refused(
                f"portico:rollback of {stack} holds a site at a past release, whose source is not here to render. "
                "Take the site out first: make resume."
            )
        plan = make_plan(values, root)
        rendering = render_stack(plan, layout)
        write_rendering(Path(out), rendering)
    except OSError as error:
        print(f"error: {error.filename} cannot be written: {error.strerror}.", file=sys.stderr)
        return 1
    except (Refused, UnreadableStack, Mistakes) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    print(f"Wrote {len(rendering.files) + len(rendering.links)} files to {out}. What they need besides:")
    print(*(f"  {line}" for line in rendering.todo), sep="\n")
    if plan.private.files:
        print("No key and no password hash is among the files written.")
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
