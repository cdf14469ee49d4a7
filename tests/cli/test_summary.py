"""What an update ends with: what runs, how long it took, the URL last."""

import io
import json
from typing import Any

import pytest

from cli.summary import main

STACK = {"type": "pulumi:pulumi:Stack", "outputs": {"url": "https://hello.example"}}
REPLICA = {"type": "docker:index/container:Container", "outputs": {"name": "hello-gunicorn-0-1a2b3c4"}}
CHECK = {"type": "docker:index/container:Container", "outputs": {"name": "portico-check", "mustRun": False}}
SERVICE = {"type": "aws:ecs/service:Service", "outputs": {"name": "hello-service-1a2b3c4"}}


@pytest.mark.parametrize(
    ("resources", "lines"),
    [
        ([STACK, REPLICA, CHECK], ["", "Containers: 1", "  hello-gunicorn-0-1a2b3c4"]),
        ([STACK, SERVICE], ["", "Services: 1", "  hello-service-1a2b3c4"]),
    ],
)
def test_it_names_what_runs(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    resources: list[dict[str, Any]],
    lines: list[str],
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(json.dumps({"deployment": {"resources": resources}})))
    assert main("up", "14") == 0
    assert capsys.readouterr().out.splitlines() == [*lines, "Took 14 s in all.", "https://hello.example"]
