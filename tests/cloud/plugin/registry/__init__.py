"""The registry of a cloud's images: a real one, behind the rules of ECR."""

import base64
import json
import shutil
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from tests.cloud.plugin.cloud import Cloud
from tests.cloud.plugin.fleet_made import name_registry
from tests.cloud.plugin.process import start, tell, tell_or_start

USER: Final = "AWS"
PROGRAM: Final = "docker-registry"
_ENDED: Final = "logins-ended"
# What describes an image may be of any of these kinds.
KINDS: Final = ", ".join(
    f"application/vnd.{kind}+json"
    for kind in (
        "docker.distribution.manifest.v2",
        "docker.distribution.manifest.list.v2",
        "oci.image.manifest.v1",
        "oci.image.index.v1",
    )
)


def read_password(cloud: Cloud) -> str:
    """What logs in just now: AWS takes each for 12 hours."""
    return f"a-token-of-the-test-registry-{_count_ended(cloud)}"


def spell_login(cloud: Cloud) -> str:
    """The same as it stands in a request."""
    return base64.b64encode(f"{USER}:{read_password(cloud)}".encode()).decode()


def end_logins(cloud: Cloud) -> None:
    """Let 12 hours pass for all logins that somebody has."""
    number = _count_ended(cloud) + 1
    (cloud.folder / _ENDED).write_text(str(number))


def _count_ended(cloud: Cloud) -> int:
    file = cloud.folder / _ENDED
    return int(file.read_text()) if file.is_file() else 0


def open_registry(cloud: Cloud) -> None:
    """Start it where it does not run yet. Raises ValueError where it does not start."""
    if shutil.which(PROGRAM) is None:
        raise ValueError(f"{PROGRAM} is not installed; scripts/setup/registry.sh installs it")
    place = name_registry(cloud)
    # Repositories are made side by side, and one registry is for all.
    with cloud.lock():
        answer = tell_or_start(place, {"look": True}, lambda: start("registry", cloud.folder, "registry", place))
    if answer != "done":
        raise ValueError(f"the registry did not start: {answer}; its words are in {cloud.folder}/registry.log")


def close_registry(cloud: Cloud) -> None:
    """End it, and take away what it had."""
    tell(name_registry(cloud), {"end": True})
    shutil.rmtree(find_images(cloud), ignore_errors=True)


def find_images(cloud: Cloud) -> Path:
    """Where the registry keeps them."""
    return cloud.folder / "images"


def list_images(cloud: Cloud, repository: str) -> dict[str, str]:
    """The images in a repository: their digests by their tags."""
    try:
        with _ask(cloud, f"{quote(repository)}/tags/list") as response:
            found: dict[str, Any] = json.load(response)
    except urllib.error.HTTPError as error:
        if error.code == 404:  # nothing was ever pushed
            return {}
        raise
    images = {}
    for tag in found.get("tags") or []:
        with _ask(cloud, f"{quote(repository)}/manifests/{tag}", Accept=KINDS) as response:
            images[str(tag)] = str(response.headers["Docker-Content-Digest"])
    return images


def _ask(cloud: Cloud, path: str, **headers: str) -> Any:
    request = urllib.request.Request(f"http://{name_registry(cloud)}/v2/{path}", headers=headers)
    request.add_header("Authorization", f"Basic {spell_login(cloud)}")
    return urllib.request.urlopen(request, timeout=10)


def empty(cloud: Cloud, repository: str) -> None:
    """Take all images out of a repository."""
    folder = find_images(cloud) / "docker" / "registry" / "v2" / "repositories"
    shutil.rmtree(folder / repository, ignore_errors=True)
