"""The files of a project that deploys one application; what is there already stays as it is."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from portico import __version__
from portico.cli.application import Found
from portico.config.source.files import IGNORED

_MAIN = '''"""Deploys the sites of Pulumi.<stack>.yaml. Other resources of Pulumi may be made here too."""

import portico

portico.deploy()
'''
_IGNORE = """# Pulumi's state of this machine, what set-up installs, build contexts and keys
.state/
.tools/
.portico/
__pycache__/
"""
# What an application writes where it is developed: in an image it would be the data of that machine.
_WRITTEN = ("instance", *(f"**/*.{kind}" for kind in ("db", "db-*", "sqlite", "sqlite-*", "sqlite3", "sqlite3-*")))


@dataclass(frozen=True, kw_only=True)
class Project:
    """What is known of the project: its folder, the source, and what stands in the settings of its one site.

    `more` are further settings of the site, as another tool's file had them, and `services` those beside the site.
    """

    folder: Path
    source: Path
    name: str
    application: Found
    hosts: tuple[str, ...]
    port: int
    health: str | None = None
    more: Mapping[str, Any] = field(default_factory=dict)
    services: Sequence[Mapping[str, Any]] = ()

    def list_files(self) -> dict[Path, str]:
        """The text of each file by its path."""
        files = {
            self.folder / "Pulumi.yaml": self._spell_project(),
            self.folder / "Pulumi.dev.yaml": self._spell_stack(),
            self.folder / "__main__.py": _MAIN,
            self.folder / "requirements.txt": f"portico=={__version__}\n",
            self.folder / ".gitignore": _IGNORE,
        }
        if self.folder.parent == self.source and not (self.source / "Dockerfile").is_file():
            own = "# What no image wants. The folder of the deployment would make each of its changes a release.\n"
            written = (
                "# What the application writes on this machine. Take out the line of a file that its image needs.\n"
            )
            lines = [own, *IGNORED, self.folder.name, written, *_WRITTEN]
            files[self.source / ".dockerignore"] = "".join(f"{line.rstrip()}\n" for line in lines)
        return files

    def write(self) -> tuple[list[Path], list[Path]]:
        """Write what is not there; the files that were written, and those that were kept."""
        written, kept = [], []
        for file, text in self.list_files().items():
            if file.exists():
                kept.append(file)
                continue
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
            written.append(file)
        return written, kept

    def _spell_project(self) -> str:
        return (
            f"name: {self.name}\n"
            f"description: {self.name} behind NGINX and Gunicorn\n"
            "runtime: python\n"
            "backend:\n"
            "  # The state of this machine. For a team: another backend, as `pulumi login` has them.\n"
            "  url: file://./.state?create_dir=true\n"
        )

    def _spell_stack(self) -> str:
        source = Path("..") if self.folder.parent == self.source else self.source
        site: dict[str, Any] = {"name": self.name, "source": str(source), "entry": self.application.entry}
        site["hosts"] = list(self.hosts)
        site |= {"health": self.health} if self.health else {}
        site |= {"static": self.application.static} if self.application.static else {}
        site |= {"staticUrl": self.application.static_url} if self.application.static_url else {}
        site |= self.more
        lines = [f"{key}: {_spell(value)}" for key, value in site.items()]
        first, *rest = lines
        port = f"  portico:port: {self.port}\n" if self.port != 8080 else ""
        port += "  portico:services:\n" if self.services else ""
        port += "".join(f"    - {_spell(one)}\n" for one in self.services)
        return f"config:\n{port}  portico:sites:\n    - {first}\n" + "".join(f"      {line}\n" for line in rest)


# What YAML takes for something else than a text.
_OTHER = re.compile(r"(?i)[-.\d_:e]+|0x.*|true|false|null|yes|no|on|off|.*:")


def _spell(value: Any) -> str:
    if isinstance(value, list):
        return f"[{', '.join(_spell(one) for one in value)}]"
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}: {_spell(one)}" for key, one in value.items()) + "}"
    if isinstance(value, bool | int):
        return str(value).lower()
    plain = re.fullmatch(r"[A-Za-z0-9./_-][\w./:()-]*", str(value)) and not _OTHER.fullmatch(str(value))
    return str(value) if plain else json.dumps(str(value))


def spell_name(text: str) -> str:
    """A name for a site and a project, made of another text."""
    name = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:30].strip("-")
    return name if re.match(r"[a-z]", name) else f"site-{name}".strip("-")
