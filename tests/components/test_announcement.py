"""A preview says what an update will do, and an update does not say it again."""

from pathlib import Path
from typing import Any

import pulumi
import pytest

from portico.components.docker.engine_client import Engine
from portico.components.docker.observation import Observation
from portico.components.docker.portico_args import PorticoArgs
from portico.components.docker.stack import Portico
from portico.config.live.drift import Live
from tests.components.recorder import run
from tests.components.sample import make_stack


def preview(
    root: Path,
    monkeypatch: pytest.MonkeyPatch,
    previous: dict[str, Any],
    *,
    dry: bool = True,
    live: Live | None = None,
    **stack: Any,
) -> tuple[list[str], dict[str, Any]]:
    """What is said before an update that follows `previous`, and what it leaves."""
    said: list[str] = []
    monkeypatch.setattr(pulumi.log, "info", lambda text, *_, **__: said.append(text))
    monkeypatch.setattr(pulumi.runtime, "is_dry_run", lambda: dry)
    monkeypatch.setattr("portico.components.docker.stack.observe", lambda *_: Observation(live=live))

    def build() -> None:
        portico = Portico(
            "portico", PorticoArgs(stack=make_stack(root, **stack), root=root, previous=previous, engine=Engine())
        )
        for name in ("baseline", "releases", "tree"):
            pulumi.export(name, getattr(portico, name))

    return said, run(build).exports


def test_the_first_preview_names_every_site(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said, _ = preview(root, monkeypatch, {})
    assert [line.split(":")[0] for line in said] == ["shop", "NGINX"]


def test_what_serves_after_a_first_update_that_failed_in_part_is_not_added_again(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tree = make_stack(root).tree
    assert preview(root, monkeypatch, {}, live=Live(f"trees/{tree.digest}", tree.files))[0] == []
    (line,), _ = preview(root, monkeypatch, {}, live=Live(f"trees/{tree.digest}-1", {}))
    assert line.startswith("shop: added: its image is built, 2 replicas start")
    (line,), _ = preview(root, monkeypatch, {}, live=Live("trees/other", tree.files), replicas=3)
    assert line.startswith("shop: a new release (")


def test_nothing_is_said_where_nothing_changes(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _, previous = preview(root, monkeypatch, {})
    assert preview(root, monkeypatch, previous)[0] == []


def test_an_update_itself_says_nothing(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert preview(root, monkeypatch, {}, dry=False)[0] == []


def test_an_update_without_a_preview_says_it(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORTICO_ANNOUNCED", "yes")
    said, _ = preview(root, monkeypatch, {}, dry=False)
    assert [line.split(":")[0] for line in said] == ["shop", "NGINX"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"nginx": {"workers": 4}}, ["NGINX: reload"]),
        ({"nginx": {"memory": "1G"}}, ["NGINX: its memory limit"]),
        ({"replicas": 3}, ["shop: a new release"]),
        (
            {"port": 81},
            [
                "NGINX: replaced, since its port changes: the new port is open before the old one closes. No request",
            ],
        ),
        (
            {"nginxImage": "nginx:1.26.3"},
            ["NGINX: replaced, since its image changes (nginx:1.30.6 → nginx:1.26.3): the new one takes the port"],
        ),
        ({"nginx": {"handover": False}}, ["NGINX: replaced, since how Portico starts it and how Portico holds its"]),
    ],
    ids=str,
)
def test_each_setting_is_reported_by_what_it_does(
    root: Path, monkeypatch: pytest.MonkeyPatch, change: dict[str, Any], said: list[str]
) -> None:
    _, previous = preview(root, monkeypatch, {})
    lines = preview(root, monkeypatch, previous, **change)[0]
    assert len(lines) == len(said)
    assert all(line.startswith(start) for line, start in zip(lines, said, strict=True)), lines


def test_files_changed_by_hand_are_restored_and_said_to_be(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _, previous = preview(root, monkeypatch, {})
    monkeypatch.setattr(pulumi.log, "warn", lambda *_: None)
    tree = make_stack(root).tree
    same = Live(f"trees/{tree.digest}", tree.files)
    assert preview(root, monkeypatch, previous, live=same)[0] == []
    said, left = preview(root, monkeypatch, previous, live=Live(same.target, {**tree.files, "nginx.conf": "events {}"}))
    assert [line.split(":")[1] for line in said] == [" its files were changed by hand"]
    assert (previous["baseline"]["repairs"], left["baseline"]["repairs"]) == (0, 1)
    # The number stays: the update after it changes nothing.
    assert preview(root, monkeypatch, left, live=same)[0] == []
