"""Disk space for Pulumi's own state, where that lies in a folder."""

import os
import shutil
from pathlib import Path

import pulumi

_LEAST = 20 * 2**20  # bytes: an update writes a few times the state, which takes some 200 KB


def require_disk_space(root: Path) -> None:
    """Refuse to begin, with pulumi.RunError, where the disk that is to hold the state is nearly full.

    Pulumi gives a state file its name even if the disk had space for a part of it only; so a full disk tears the state.
    """
    url = os.environ.get("PULUMI_BACKEND_URL", "")
    folder = Path(url.removeprefix("file://")).expanduser() if url.startswith("file://") else root / ".state"
    if not folder.is_dir() or (url and not url.startswith("file://")):
        return
    free = shutil.disk_usage(folder).free
    if free < _LEAST:
        raise pulumi.RunError(
            f"The disk that holds Pulumi's state has {free // 2**20} MB left, and 20 are needed: "
            '"no space left on device" would tear the state.\n'
            f"Free disk space for {folder}, then run this again; nothing was changed."
        )
