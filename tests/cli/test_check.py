"""What make check says, from the stack's state, NGINX's files and the engine's containers."""

import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from portico.cli import pulumi
from portico.cli.commands import check
from portico.cli.engine import CONTAINER, PROVIDER, SERVICE
from portico.cli.main import portico
from portico.cli.prepare import Place
from portico.components.docker.engine_client import Engine
from tests.components.watched import EDGE, Watched, inspect, serve, show

OLD, NEW, BLOG = "a" * 12, "b" * 12, "c" * 12
FIRST, SECOND, THIRD = "1" * 12, "2" * 12, "3" * 12
URN = f"urn:pulumi:test::portico::{PROVIDER}::docker"
PORT = show("ffff", "port", "")
SHOP = serve(OLD) | serve(BLOG, "blog") | {"trees/t1/nginx.conf": "events {}"}


def name(listed: dict[str, Any], *, leaves: bool = False, provider: str = URN, **outputs: Any) -> dict[str, Any]:
    """A container in the stack's state; one that `leaves` waits for its removal."""
    labels = [{"label": key, "value": value} for key, value in listed["Labels"].items() if value]
    reported = {"id": listed["Id"], "name": listed["Names"][0].lstrip("/"), "labels": labels, **outputs}
    found = {"type": CONTAINER, "provider": f"{provider}::1", "inputs": {"labels": labels}, "outputs": reported}
    return found | ({"delete": True} if leaves else {})


def export(*resources: dict[str, Any], tree: str = "t1", files: dict[str, str] | None = None) -> dict[str, Any]:
    """A state: NGINX, what holds its port, the check and the switch of a tree, and these resources."""
    reported = files or {path.removeprefix("trees/t1/"): text for path, text in SHOP.items()}
    uploads = [{"file": f"/incoming/{path}", "content": text} for path, text in reported.items()]
    uploads.append({"file": "/private/shop.key", "content": "secret"})
    checked = name(show("c0c0", "check", ""), uploads={"plaintext": json.dumps(uploads)}, envs=["A=1", f"TREE={tree}"])
    provider = {"type": PROVIDER, "urn": URN, "inputs": {}}
    switch = name(show("5717", "switch", ""), exitCode=0)
    return {"deployment": {"resources": [provider, name(EDGE), name(PORT), checked, switch, *resources]}}


def watch(*listed: dict[str, Any], **more: Any) -> Watched:
    return Watched(listed=[EDGE, PORT, *listed], **{"target": "trees/t1", "files": SHOP, **more})


ONE, TWO = show(FIRST, release=OLD), show(SECOND, release=OLD)
OTHER = show(THIRD, site="blog", release=BLOG)
FRESH = show("4" * 12, release=NEW)
GOOD = export(name(ONE), name(TWO), name(OTHER))
# shop's new release was refused; the replicas of the one before it wait for their removal and serve.
FAILED = export(name(FRESH), name(ONE, leaves=True), name(TWO, leaves=True), name(OTHER), tree="t2")
REFUSED = f"shop: release {NEW} is not live; release {OLD} serves"


def test_where_all_is_as_it_was_left_nothing_is_said() -> None:
    assert check.compare(GOOD, watch(ONE, TWO, OTHER, show("dead", State="exited"))) == ([], True)


@pytest.mark.parametrize(
    ("listed", "said"),
    [
        ((ONE, OTHER), f"container {SECOND}-name is gone"),
        ((ONE, {**TWO, "State": "exited"}, OTHER), f"container {SECOND}-name is stopped (exited)"),
        ((ONE, {**TWO, "Id": "f" * 64}, OTHER), f"container {SECOND}-name was replaced by hand"),
        (
            (ONE, {**TWO, "Status": "Up 2 minutes (unhealthy)"}, OTHER),
            f"container {SECOND}-name does not pass its health check",
        ),
    ],
)
def test_a_replica_that_is_not_as_it_should_be_is_said(listed: tuple[dict[str, Any], ...], said: str) -> None:
    assert check.compare(GOOD, watch(*listed)) == ([said], True)


@pytest.mark.parametrize("digits", ["", ".5", ".1234", ".123456789"])
def test_a_replica_that_restarts_is_said(digits: str) -> None:
    started = (datetime.now(UTC) - timedelta(seconds=20)).strftime("%Y-%m-%dT%H:%M:%S") + f"{digits}Z"
    two = {**TWO, "inspected": inspect(TWO, 7, started)}
    (said,), live = check.compare(GOOD, watch(ONE, two, OTHER))
    assert live and said.startswith(f"container {SECOND}-name has restarted 7 times, ")
    assert 18 < float(said.split(", ")[1].split()[0]) < 40
    long_ago = {**TWO, "inspected": inspect(TWO, 7)}
    assert check.compare(GOOD, watch(ONE, long_ago, OTHER)) == ([], True)


def test_a_release_that_did_not_go_live_is_said_and_its_replicas_are_not_asked_for() -> None:
    assert check.compare(FAILED, watch(ONE, TWO, OTHER, {**FRESH, "State": "exited"})) == ([REFUSED], False)
    assert check.compare(FAILED, watch(ONE, TWO, OTHER)) == ([REFUSED], False)


def test_the_release_that_serves_instead_must_run() -> None:
    said = [REFUSED, f"container {SECOND}-name is gone"]
    assert check.compare(FAILED, watch(ONE, OTHER)) == (said, False)


def test_a_first_release_that_did_not_go_live_is_said() -> None:
    fresh = export(name(FRESH), name(OTHER))
    nothing = watch(OTHER, files={path: text for path, text in SHOP.items() if "shop" not in path})
    said = f"shop: release {NEW} is not live; nothing serves this site"
    assert check.compare(fresh, nothing) == ([said], False)


def test_a_replica_that_another_of_its_release_replaces_is_not_asked_for() -> None:
    """An update that failed while it removed it; one that nothing replaces is still needed."""
    state = export(name(ONE), name(TWO), name(OTHER), name(show("5" * 12, release=OLD), leaves=True))
    assert check.compare(state, watch(ONE, TWO, OTHER)) == ([], True)


def work(id: str, release: str, process: str = "queue", **more: Any) -> dict[str, Any]:
    """A worker as Docker lists it; it has no health check."""
    listed = show(id, "worker", release=release, Status="Up 2 minutes", **more)
    return {**listed, "Labels": {**listed["Labels"], "portico.process": process}}


@pytest.mark.parametrize(
    ("listed", "said"),
    [
        ([work("6" * 12, OLD)], []),
        ([], [f"container {'6' * 12}-name is gone"]),
        ([work("6" * 12, OLD, State="exited")], [f"container {'6' * 12}-name is stopped (exited)"]),
    ],
)
def test_a_worker_of_what_is_live_must_run(listed: list[dict[str, Any]], said: list[str]) -> None:
    state = export(name(ONE), name(TWO), name(OTHER), name(work("6" * 12, OLD)))
    assert check.compare(state, watch(ONE, TWO, OTHER, *listed)) == (said, True)


def test_where_a_release_did_not_go_live_the_worker_before_it_must_run_and_no_other() -> None:
    old, beat = work("6" * 12, OLD), work("7" * 12, OLD, "beat")
    waits = [name(one, leaves=True) for one in (ONE, TWO, old, beat)]
    state = export(name(FRESH), name(work("8" * 12, NEW)), *waits, name(OTHER), tree="t2")
    assert check.compare(state, watch(ONE, TWO, OTHER, old, beat)) == ([REFUSED], False)
    said = [REFUSED, f"container {'7' * 12}-name is gone"]
    assert check.compare(state, watch(ONE, TWO, OTHER, old)) == (said, False)


def test_a_worker_that_another_of_its_name_replaces_is_not_asked_for() -> None:
    """Settings of one that is alone are changed: same release, another container."""
    fresh, old = work("6" * 12, OLD), name(work("7" * 12, OLD), leaves=True)
    state = export(name(ONE), name(TWO), name(OTHER), name(fresh), old)
    assert check.compare(state, watch(ONE, TWO, OTHER, fresh)) == ([], True)


def test_files_changed_by_hand_are_said_where_all_is_live() -> None:
    files = {**SHOP, "trees/t1/nginx.conf": "events { }"}
    assert check.compare(GOOD, watch(ONE, TWO, OTHER, files=files)) == (["NGINX's file nginx.conf is changed"], True)
    # The mixture that an update left which failed for one site is nobody's change.
    assert check.compare(FAILED, watch(ONE, TWO, OTHER, files=files)) == ([REFUSED], False)
    (said,), live = check.compare(GOOD, watch(ONE, TWO, OTHER, target="trees/t0", files=move(SHOP, "t0")))
    assert (said, live) == ("NGINX's link `live` leads to trees/t0, not to trees/t1", True)


def move(files: dict[str, str], tree: str) -> dict[str, str]:
    return {path.replace("trees/t1/", f"trees/{tree}/"): text for path, text in files.items()}


def test_without_nginx_its_container_is_said_to_be_gone_and_nothing_is_guessed() -> None:
    engine = Watched(listed=[PORT, ONE, TWO, OTHER])
    assert check.compare(GOOD, engine) == (["container ed9e-name is gone"], True)


def test_containers_on_another_machine_are_not_asked_for() -> None:
    """A machine that was replaced, whose containers wait for their removal with it."""
    there = name(show("6" * 12, release=OLD), leaves=True, provider=URN + "2")
    assert check.compare(export(name(ONE), name(TWO), name(OTHER), there), watch(ONE, TWO, OTHER)) == ([], True)


def ask(
    monkeypatch: pytest.MonkeyPatch,
    state: dict[str, Any],
    engine: Engine,
    *words: str,
    locked: str | None = None,
    failed: bool = False,
    root: Path | None = None,
) -> Result:
    monkeypatch.setattr(check, "has_failed", lambda *_: failed)
    monkeypatch.setattr(check, "describe", lambda *_: locked)
    monkeypatch.setattr(check, "prepare", lambda stack: Place(root or Path(), stack))
    monkeypatch.setattr(check, "require_stack", lambda *_: None)
    monkeypatch.setattr(check, "ask", lambda *_: json.dumps(state))
    monkeypatch.setattr(check, "find_engine", lambda _: engine)
    return CliRunner().invoke(portico, ["check", *words])


@pytest.mark.parametrize(
    ("state", "engine", "code", "lines"),
    [
        (GOOD, watch(ONE, TWO, OTHER), 0, ["What runs is what the last update of dev left."]),
        (GOOD, watch(ONE, OTHER), 1, [f"container {SECOND}-name is gone.", "portico up -s dev fixes it."]),
        (FAILED, watch(ONE, TWO, OTHER), 1, [f"{REFUSED}.", "portico up -s dev tries again."]),
        ({"deployment": {}}, watch(), 1, ["Nothing of the stack dev is up."]),
    ],
    ids=["good", "fixed by up", "failed", "nothing is up"],
)
def test_what_is_printed(
    monkeypatch: pytest.MonkeyPatch, state: dict[str, Any], engine: Watched, code: int, lines: list[str]
) -> None:
    done = ask(monkeypatch, state, engine)
    assert (done.exit_code, done.output) == (code, "\n".join([*lines, ""]))
    reported = ask(monkeypatch, state, engine, "--json")
    assert reported.exit_code == code
    assert json.loads(reported.output) == {"stack": "dev", "good": not code, "reported": lines}


@pytest.mark.parametrize("name", ["up", "rollback", "down"])
def test_an_update_that_failed_before_its_replicas_were_made_is_reported(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str
) -> None:
    """Its image or its release command failed: the state names the release before, which serves."""
    logs = tmp_path / ".tools" / "logs"
    logs.mkdir(parents=True)
    # That of another stack, of a preview, of a run before: none of them is what failed last.
    for seconds, one in enumerate(["recover-dev", f"{name}-dev", "up-other", "preview-dev", f"{name}-dev.previous"]):
        (logs / f"{one}.log").touch()
        os.utime(logs / f"{one}.log", (seconds, seconds))
    done = ask(monkeypatch, GOOD, watch(ONE, TWO, OTHER), failed=True, root=tmp_path)
    said, then = done.output.splitlines()
    assert done.exit_code == 1 and then == "portico up -s dev tries again."
    assert said.startswith("the last update of dev failed, and not all that it asked for is done; see ")
    assert said.endswith(f".tools/logs/{name}-dev.log.")


@pytest.mark.parametrize(
    ("results", "failed"),
    [
        ([], False),
        ([("update", "succeeded"), ("update", "failed")], False),
        ([("update", "failed"), ("update", "succeeded")], True),
        ([("refresh", "succeeded"), ("update", "failed")], True),
        ([("destroy", "failed")], True),
    ],
)
def test_the_newest_change_decides(
    monkeypatch: pytest.MonkeyPatch, results: list[tuple[str, str]], failed: bool
) -> None:
    listed = [{"kind": kind, "result": result} for kind, result in results]
    monkeypatch.setattr(pulumi, "ask", lambda *_, **__: json.dumps(listed))
    assert pulumi.has_failed("dev") is failed


def test_where_no_update_is_possible_none_is_advised(monkeypatch: pytest.MonkeyPatch) -> None:
    locked = "The last run was interrupted.\n`portico recover -s dev` goes on."
    done = ask(monkeypatch, GOOD, watch(ONE, OTHER), locked=locked)
    assert done.output.splitlines() == [f"container {SECOND}-name is gone.", *locked.splitlines()]
    done = ask(monkeypatch, {"deployment": {}}, watch(), locked=locked)
    assert done.output.splitlines() == ["Nothing of the stack dev is up.", *locked.splitlines()]


def test_an_engine_that_does_not_answer_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    done = ask(monkeypatch, GOOD, Watched(listed=None))
    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr == "error: Docker could not be asked: nobody answers.\n"


def test_on_ecs_aws_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    done = ask(monkeypatch, {"deployment": {"resources": [{"type": SERVICE}]}}, Watched(listed=None))
    assert done.exit_code == 0 and done.output.startswith("The stack dev is on ECS")
