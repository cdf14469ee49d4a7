"""What is said of a stack at the end of an update: what runs, what is pinned, the URLs, that of the first site last."""

from typing import Any

import pytest

from portico.cli.spelling import MADE
from portico.cli.summary import Summary, summarize

URLS = {"hello": "https://hello.example", "shop": "https://shop.example"}
STACK: dict[str, Any] = {
    "type": "pulumi:pulumi:Stack",
    "outputs": {"url": URLS["hello"], "urls": URLS, "pinned": {"shop": "b" * 12}},
}
REPLICA = {"type": "docker:index/container:Container", "outputs": {"name": "hello-gunicorn-0-1a2b3c4"}}
CHECK = {"type": "docker:index/container:Container", "outputs": {"name": "portico-check", "mustRun": False}}
SERVICE = {"type": "aws:ecs/service:Service", "outputs": {"name": "hello-service-1a2b3c4"}}


def read(*resources: dict[str, Any]) -> Summary:
    return summarize({"deployment": {"resources": list(resources)}})


@pytest.mark.parametrize(
    ("resources", "running"),
    [
        ([STACK, REPLICA, CHECK], ["hello-gunicorn-0-1a2b3c4"]),
        ([STACK, SERVICE], ["hello-service-1a2b3c4"]),
        ([], []),
    ],
)
def test_it_names_what_runs(resources: list[dict[str, Any]], running: list[str]) -> None:
    assert read(*resources).running == running


def test_the_url_of_the_first_site_is_the_last_one() -> None:
    assert read(STACK, REPLICA).list_urls() == ["https://shop.example", "https://hello.example"]
    assert read(CHECK).list_urls() == []


def test_what_is_pinned_is_said_with_the_command_that_sets_it_free(monkeypatch: pytest.MonkeyPatch) -> None:
    reported = f"shop is pinned to release {'b' * 12}; its source is not deployed: "
    assert read(STACK).tell_pinned() == [f"{reported}portico resume --site shop"]
    monkeypatch.setenv(MADE, "yes")
    assert read(STACK).tell_pinned() == [f"{reported}make resume SITE=shop"]


def test_what_an_earlier_version_wrote_has_its_name_of_today() -> None:
    outputs = {key: value for key, value in STACK["outputs"].items() if key != "pinned"}
    old = {**STACK, "outputs": {**outputs, "he" + "ld": {"shop": "b" * 12}}}
    assert read(old).pinned == read(STACK).pinned == {"shop": "b" * 12}
