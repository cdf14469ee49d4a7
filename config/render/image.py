"""What images are built from: Dockerfiles, and the requirements that pip installs first."""

import re
from pathlib import Path

from portico.config.render.templates import render
from portico.config.settings import Settings, Site
from portico.config.source.requirements import list_requirements, read_dependencies, read_lines


def render_dockerfile(settings: Settings, site: Site, source: Path) -> str:
    """Write the Dockerfile; a Dockerfile of the application's own is kept as it is and added to."""
    own = source / "Dockerfile"
    return render(
        "docker/Dockerfile.j2",
        settings=settings,
        site=site,
        own=own.read_text("utf-8", "replace").rstrip() if own.is_file() else None,
        alone=render_requirements(source) is not None,
        gunicorn=None if "gunicorn" in list_requirements(source) else site.gunicorn.version,
    )


def render_fleet(template: str, **values: object) -> str:
    """Write a part of what images on ECS are built from."""
    return render(f"ecs/{template}", **values)


def render_requirements(source: Path) -> str | None:
    """Write what pip installs before the source is copied, so that a code change installs nothing anew.

    None where the requirements speak of other files of the source, so cannot be installed without it.
    """
    if not (source / "requirements.txt").is_file():
        return "".join(f"{line}\n" for line in read_dependencies(source / "pyproject.toml"))
    text = "\n".join(read_lines(source / "requirements.txt")) + "\n"
    # -r, -c and -e name files, and so does a line that starts with a dot or a slash.
    if re.search(r"^\s*(-[rce]\b|--(requirement|constraint|editable)\b|[./]|file:)", text, re.MULTILINE):
        return None
    return text
