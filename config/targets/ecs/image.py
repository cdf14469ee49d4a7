"""What the two images of a site on ECS are built from."""

import shlex
from collections.abc import Mapping
from typing import Final

from portico.config.in_container import read_script
from portico.config.release.release import Release
from portico.config.release.replica import describe_environment
from portico.config.release.static_question import MARK, spell_question
from portico.config.render.image import render_fleet
from portico.config.render.tree import Tree
from portico.config.settings import Settings
from portico.config.settings.hidden import list_hidden
from portico.config.source.files import File

# NGINX's user in its images.
EDGE: Final = 101
# Scripts of the application's image, by their place in it.
HEALTH: Final = "/etc/portico/health.py"
SECRETS: Final = "/etc/portico/secrets.py"


def complete_application(platform: str, context: Mapping[str, File], uid: int) -> dict[str, File]:
    """The build context of an application's image with what a task needs of it besides.

    On ECS nothing can be handed to a container but what is in its image: its user, the folders it may write to, and
    the scripts that ask after its health and take its secrets. An image for another `platform` is another one.
    """
    dockerfile = context["Dockerfile"].content.decode(errors="surrogateescape")
    added = render_fleet("application.Dockerfile.j2", platform=platform, uid=uid, health=HEALTH, secrets=SECRETS)
    return {
        **context,
        "Dockerfile": File(f"{dockerfile.rstrip()}\n\n{added}".encode(errors="surrogateescape")),
        ".portico/health.py": _read("health.py"),
        ".portico/secrets.py": _read("secrets.py"),
    }


def make_nginx_context(settings: Settings, release: Release, tree: Tree) -> dict[str, File]:
    """The build context of NGINX's image: its files, and those that it serves itself.

    The application's image is the build argument APPLICATION. The build ends with NGINX's own opinion of its files.
    """
    hidden = " ".join(list_hidden(release.site.publish))
    dockerfile = render_fleet(
        "nginx.Dockerfile.j2",
        **{"settings": settings, "release": release, "tree": tree, "edge": EDGE, "hidden": hidden},
        question=_spell_question(release) if release.site.asked else "",
        mark=MARK,
    )
    files = {f"tree/{path}": File(text.encode()) for path, text in tree.files.items()}
    if release.site.asked:
        files |= {"files.py": _read("files.py", "static_tree.py"), "ask_static.py": _read("ask_static.py")}
    elif release.static:
        files["files.py"] = _read("files.py")
    return {"Dockerfile": File(dockerfile.encode()), **files}


def _spell_question(release: Release) -> str:
    """The command of a shell that asks the application for its static files, with the variables of its processes."""
    variables = [f"{name}={value}" for name, value in sorted(describe_environment(release).items())]
    return shlex.join(["env", *variables, "python3", "/ask_static.py", spell_question(release)])


def _read(*names: str) -> File:
    return File(read_script(*names).encode())
