"""When a preview comes before an update, and when the program runs once."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

from portico.cli.commands import up
from portico.cli.danger import tell_danger
from portico.cli.engine import CONTAINER, PROVIDER
from portico.cli.events import Event
from portico.cli.main import portico
from portico.cli.prepare import Place
from portico.cli.run import Ended
from portico.cli.story import Story


def configure(root: Path, **values: Any) -> Place:
    (root / "Pulumi.yaml").write_text("name: portico\nconfig:\n  portico:target:\n    default: local\n")
    config = {f"portico:{key}": value for key, value in values.items()}
    (root / "Pulumi.dev.yaml").write_text(yaml.safe_dump({"config": config}))
    return Place(root, "dev")


def deployed(*sites: str, host: str = "") -> dict[str, Any]:
    """A state with a replica of each site, on that engine."""
    provider = {"type": PROVIDER, "urn": "urn:p", "inputs": {"host": host} if host else {}}
    labels = ([{"label": "portico.site", "value": site}] for site in sites)
    replicas = [{"type": CONTAINER, "provider": "urn:p::id", "inputs": {"labels": one}} for one in labels]
    return {"deployment": {"resources": [provider, *replicas]}}


def serve(state: dict[str, Any], service: str) -> dict[str, Any]:
    """The same state with the server of a service."""
    server = {"inputs": {"labels": [{"label": "portico.service", "value": service}]}, "provider": "urn:p::id"}
    state["deployment"]["resources"].append({"type": CONTAINER, **server})
    return state


SSH = {"target": "ssh", "ssh": {"host": "shop.example"}}


@pytest.mark.parametrize(
    ("settings", "state", "danger"),
    [
        ({"sites": [{"name": "shop"}]}, {}, ""),
        ({"sites": [{"name": "shop"}]}, deployed("shop"), ""),
        ({"sites": [{"name": "shop"}, {"name": "blog"}]}, deployed("shop"), ""),
        ({"sites": [{"name": "shop"}]}, deployed("shop", "blog", "docs"), "blog, docs would be removed"),
        ({"sites": [{"name": "shop"}], "services": [{"name": "db"}]}, serve(deployed("shop"), "db"), ""),
        ({"sites": [{"name": "shop"}]}, serve(deployed("shop"), "db"), "db would be removed"),
        # What is written is no list of sites: the program says so, and nothing is removed before.
        ({"sites": "shop"}, deployed("shop"), "shop would be removed"),
        ({"sites": [{"name": "shop"}], **SSH}, deployed("shop", host="ssh://deploy@shop.example:22"), ""),
        ({"sites": [{"name": "shop"}], **SSH}, deployed("shop", host="ssh://deploy@other.example:22"), "move"),
        ({"sites": [{"name": "shop"}], **SSH}, deployed("shop"), "move"),
        ({"sites": [{"name": "shop"}]}, deployed("shop", host="ssh://deploy@shop.example:22"), "move"),
        ({"sites": [{"name": "shop"}], "target": "aws"}, {}, "the target is aws"),
        ({"sites": [{"name": "shop"}], "target": "ecs"}, deployed("shop"), "the target is ecs"),
    ],
)
def test_what_may_be_lost_is_seen_before(tmp_path: Path, settings: Any, state: Any, danger: str) -> None:
    reported = tell_danger(configure(tmp_path, **settings), state)
    assert danger in reported and bool(reported) == bool(danger)


def run_up(
    monkeypatch: pytest.MonkeyPatch,
    place: Place,
    state: Any,
    *,
    answer: str | None,
    words: tuple[str, ...] = (),
    lost: tuple[str, ...] = (),
) -> tuple[list[str], int]:
    """What `portico up` runs, where somebody answers so, or nobody can."""
    done: list[str] = []

    def foresee(*_: object) -> Ended:
        done.append("preview")
        return Ended(0, Story(counts={"delete": 1}, lost=list(lost)), Path("log"))

    def deploy(*_: object, announced: bool) -> int:
        done.append("update, announced before" if announced else "update")
        return 0

    monkeypatch.setattr(up, "prepare", lambda _: place)
    monkeypatch.setattr(up, "create", lambda *_: None)
    monkeypatch.setattr(up, "refuse_locked", lambda _: None)
    monkeypatch.setattr(up, "read_export", lambda *_: state)
    monkeypatch.setattr(up, "preview", foresee)
    monkeypatch.setattr(up, "deploy", deploy)
    monkeypatch.setattr(up, "has_terminal", lambda: answer is not None)
    return done, CliRunner().invoke(portico, ["up", *words], input=answer).exit_code


def test_where_nothing_is_lost_the_program_runs_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    place = configure(tmp_path, sites=[{"name": "shop"}])
    assert run_up(monkeypatch, place, deployed("shop"), answer="n\n") == (["update"], 0)


def test_what_may_be_lost_is_to_be_confirmed_on_a_terminal(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    place, state = configure(tmp_path, sites=[{"name": "shop"}]), deployed("shop", "blog")
    both = ["preview", "update, announced before"]
    assert run_up(monkeypatch, place, state, answer="n\n") == (["preview"], 1)
    assert run_up(monkeypatch, place, state, answer="y\n") == (both, 0)
    assert run_up(monkeypatch, place, state, answer="n\n", words=("--yes",)) == (both, 0)
    # A script has decided before.
    assert run_up(monkeypatch, place, state, answer=None) == (both, 0)


def test_on_aws_only_what_takes_something_away_is_to_be_confirmed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    place, state = configure(tmp_path, sites=[{"name": "shop"}], target="aws"), deployed("shop")
    both = ["preview", "update, announced before"]
    assert run_up(monkeypatch, place, state, answer="n\n") == (both, 0)
    assert run_up(monkeypatch, place, state, answer="n\n", lost=("vm",)) == (["preview"], 1)


@pytest.mark.parametrize(
    ("op", "type", "lost"),
    [
        ("replace", "aws:ec2/instance:Instance", ["vm"]),
        ("delete", "aws:s3/bucket:Bucket", ["vm"]),
        ("create", "aws:ec2/instance:Instance", []),
        ("replace", "docker:index/container:Container", []),
        ("replace", "aws:ecs/taskDefinition:TaskDefinition", []),
    ],
)
def test_what_a_preview_would_lose(op: str, type: str, lost: list[str]) -> None:
    story = Story(foresees=True)
    step = {"op": op, "urn": f"urn:pulumi:prod::portico::portico:index:Portico${type}::vm"}
    story.take(Event(kind="resourcePreEvent", body={"planning": True, "metadata": step}))
    assert story.lost == lost
