"""The user's Pulumi project."""

from pathlib import Path

import pulumi


def find_root() -> Path:
    """The folder of Pulumi.yaml, from which the paths in a stack file count."""
    # Older language hosts do not tell; they start the program in that folder or, by `main`, below it.
    reported: str | None = pulumi.runtime.get_root_directory()
    here = Path.cwd()
    named = (folder for folder in (here, *here.parents) if (folder / "Pulumi.yaml").is_file())
    return Path(reported) if reported else next(named, here)
