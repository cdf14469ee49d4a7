"""The release that the next update would deploy: its image, built where it is not there yet, and its secrets."""

import io
import json
import os
import shutil
import subprocess
import tarfile
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import click
import yaml

from portico.cli.commands.diff import read_history
from portico.cli.deployed import Deployed
from portico.cli.failure import tidy
from portico.cli.project import find_stack_file, read_yaml
from portico.cli.refused import Refused
from portico.cli.service_passwords import read_urls
from portico.components.docker.image_tags import list_tags
from portico.config.release.image_name import spell_image
from portico.config.release.launch import begin
from portico.config.release.release import Release
from portico.config.release.replica import describe_environment
from portico.config.stack_plan import plan_stack
from portico.config.stackfile import read_stack

# components/docker/next_image.py reads it.
_WISH = "PORTICO_NEXT"
_PROGRAM = "from portico.components.docker.next_image import NextImage\n\nNextImage()\n"


@dataclass(frozen=True)
class NextRelease:
    """A release of which nothing may run yet. `image` is its name on the engine, `secrets` are {NAME: text}."""

    release: Release
    image: str
    secrets: Mapping[str, str] = field(repr=False)

    @classmethod
    def find(cls, deployed: Deployed, root: Path, site: str) -> Self:
        """What the stack file and the source make of `site` now. Raises Refused, UnreadableStack and Mistakes."""
        values = read_stack(root, deployed.stack)
        plan = plan_stack(root, deployed.stack, read_history(root, deployed.stack) if values.get("rollback") else None)
        found = next((one for one in plan.releases if one.site.name == site), None)
        if found is None:
            raise Refused(f"the settings of the stack {deployed.stack} name no site {site} any more")
        image = spell_image(deployed.project, deployed.stack, site, found.image)
        secrets = dict(plan.secrets.get(site, {}))
        if found.site.uses:
            secrets = read_urls(deployed.stack, root, plan.settings, found.site, secrets)
        return cls(found, image, secrets)

    def require_image(self, deployed: Deployed, root: Path) -> None:
        """Build the image where the engine has none, as an update would. Raises Refused."""
        if self.image in (list_tags(deployed.engine) or ()):
            return
        click.echo(f"Building the image of {self.release.site.name} that `up` would deploy ...", err=True)
        wish = {
            "site": self.release.site.name,
            "root": str(root),
            "address": deployed.engine.address,
            "options": deployed.engine.options,
        }
        with tempfile.TemporaryDirectory(prefix="portico-next-") as folder:
            _write_project(Path(folder), root, deployed.stack)
            reported = os.environ | {"PULUMI_BACKEND_URL": f"file://{folder}/state", _WISH: json.dumps(wish)}
            _run(Path(folder), reported, "stack", "select", deployed.stack, "--create")
            _run(
                Path(folder), reported, "up", "--stack", deployed.stack, "--yes", "--skip-preview", "--suppress-outputs"
            )

    def dress(self, config: dict[str, Any], command: list[str]) -> dict[str, Any]:
        """The container that exec makes, from that of the live release, as one of this release."""
        labels = {**config["Labels"], "portico.release": self.release.id}
        return {key: value for key, value in config.items() if key != "WorkingDir"} | {
            "Image": self.image,
            "Entrypoint": begin(self.release),
            "Cmd": command,
            "Env": [f"{name}={value}" for name, value in describe_environment(self.release).items()],
            "Labels": labels,
        }

    def pack_secrets(self) -> bytes:
        """The secrets as files that the site's own user alone may read."""
        packed = io.BytesIO()
        with tarfile.open(fileobj=packed, mode="w") as archive:
            for name, text in sorted(self.secrets.items()):
                member = tarfile.TarInfo(name)
                member.mode, member.uid, member.gid = 0o400, self.release.uid, self.release.uid
                member.size, member.mtime = len(text.encode()), int(time.time())
                archive.addfile(member, io.BytesIO(text.encode()))
        return packed.getvalue()


def _write_project(folder: Path, root: Path, stack: str) -> None:
    """A project of the same name and settings, whose program is ours: the user's own may make other things, too."""
    project = read_yaml(root / "Pulumi.yaml")
    kept = {key: project[key] for key in ("name", "runtime", "config") if key in project}
    options = kept["runtime"].get("options", {}) if isinstance(kept["runtime"], dict) else {}
    if "virtualenv" in options:
        options["virtualenv"] = str(root / options["virtualenv"])
    (folder / "Pulumi.yaml").write_text(yaml.safe_dump(kept))
    (folder / "__main__.py").write_text(_PROGRAM)
    (folder / "state").mkdir()
    shutil.copy(find_stack_file(root, stack), folder)
    # Contexts, certificates and the way to a machine lie there, by relative paths.
    (folder / ".portico").symlink_to(root / ".portico")


def _run(root: Path, environment: Mapping[str, str], *words: str) -> None:
    done = subprocess.run(
        ["pulumi", *words, "--non-interactive", "--color", "never"],
        cwd=root,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        said = done.stdout.rpartition("Diagnostics:\n")[2] or done.stderr
        raise Refused(f"the image that `up` would deploy could not be built:\n{tidy(said)[-4000:]}")
