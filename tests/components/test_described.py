"""Nothing is said of a release's containers but what its id is made of: whatever replaces one makes another id."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pulumi_docker as docker
import pytest

from portico.config.release import replica
from portico.config.release.release import Release
from portico.config.release.replica import Place, describe_files, describe_replica
from tests.components.recorder import Resource
from tests.components.sample import SECRET, deploy, make_stack
from tests.config.sample import make_site

SECRETS = {"shop": {"KEY": SECRET, "OTHER": "x"}}
SITE = make_site(environment={"LEVEL": "info"})
# Names that Pulumi knows only while it deploys, as the recorder makes them up.
PLACE = Place(
    project="portico",
    stack="test",
    sockets="portico-sockets-0123456",
    static="portico-static-0123456",
    secrets="shop-secrets-0123456",
    network="portico-network-bridge-0123456",
)
Describe = Callable[..., dict[str, Any]]
Change = Callable[[dict[str, Any]], dict[str, Any]]


def find(root: Path) -> tuple[Release, dict[str, Resource]]:
    """The release of the sample, and its containers as the engine is asked for them."""
    made = deploy(root, SITE, secrets=SECRETS)
    release = make_stack(root, SITE, secrets=SECRETS).releases[0]
    return release, {name: made.container(name) for name in ("shop-gunicorn-0", "shop-gunicorn-1", "shop-files")}


def spell(value: Any) -> Any:
    """Arguments as they go over the wire."""
    if isinstance(value, list):
        return [spell(inner) for inner in value]
    if isinstance(value, dict):
        return {spell_name(key): spell(inner) for key, inner in value.items()}
    return value


def spell_name(name: str) -> str:
    first, *rest = name.split("_") if name.islower() and name.replace("_", "").isalpha() else [name]
    return first + "".join(word.capitalize() for word in rest)


@pytest.mark.parametrize("index", [0, 1])
def test_a_replica_is_asked_for_as_it_is_described(root: Path, index: int) -> None:
    release, containers = find(root)
    described = describe_replica(release, index, PLACE)
    described["envs"] = [f"{name}={value}" for name, value in sorted(described["envs"].items())]
    asked = dict(containers[f"shop-gunicorn-{index}"].inputs)
    assert asked.pop("image").startswith("sha256:shop-image-")
    # A replica that is tried again is of the same release.
    asked["labels"].remove({"label": "portico.attempt", "value": "0"})
    assert asked == spell(described)


def test_what_lays_out_files_is_asked_for_as_it_is_described(root: Path) -> None:
    release, containers = find(root)
    asked = dict(containers["shop-files"].inputs)
    assert asked.pop("image").startswith("sha256:shop-image-")
    assert asked.pop("uploads") == replica.describe_uploads(SECRETS["shop"])
    assert asked == spell(describe_files(release, PLACE))


def set_argument(argument: str) -> Change:
    return lambda args: args | {argument: "another"}


def drop_argument(argument: str) -> Change:
    return lambda args: {key: value for key, value in args.items() if key != argument}


@pytest.mark.parametrize("name", ["describe_replica", "describe_files"])
def test_each_argument_of_a_container_is_part_of_the_id(root: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    real: Describe = getattr(replica, name)
    known, described = docker.ContainerArgs.__init__.__annotations__, dict[str, Any]()

    def make(change: Change) -> str:
        monkeypatch.setattr(replica, name, lambda *args: change(real(*args)))
        return make_stack(root, SITE).releases[0].id

    before = make(lambda args: described.update(args) or args)
    assert described and described.keys() <= known.keys()
    for argument in known:
        assert make(set_argument(argument)) != before, argument
    for argument in described:
        assert make(drop_argument(argument)) != before, argument


def test_how_secrets_are_handed_over_is_part_of_the_id(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = make_stack(root, SITE, secrets=SECRETS).releases[0]
    real = replica.describe_uploads
    monkeypatch.setattr(
        replica, "describe_uploads", lambda secrets: [one | {"permissions": "0440"} for one in real(secrets)]
    )
    assert make_stack(root, SITE, secrets=SECRETS).releases[0].id != before.id
