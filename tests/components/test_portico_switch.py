"""The switch of a whole stack: what it asks of which replicas, and what a change leaves alone."""

from pathlib import Path

import pulumi
import pytest

from portico.components.docker.portico_args import PorticoArgs
from portico.components.docker.stack import Portico
from tests.components.recorder import CONTAINER, Recorder, Resource, run
from tests.components.sample import BLOG, deploy, make_stack
from tests.components.watched import EDGE, Watched, show
from tests.config.sample import make_site, write_files


def read_envs(container: Resource) -> dict[str, str]:
    return dict(env.split("=", 1) for env in container.inputs["envs"])


def test_the_switch_has_time_for_the_longest_request(whole: Recorder) -> None:
    envs = read_envs(whole.container("portico-release-switch"))
    assert int(envs["LONGEST"]) > 50 + 5


def test_the_switch_asks_every_replica_of_every_site(whole: Recorder) -> None:
    asked = [line.split() for line in read_envs(whole.container("portico-release-switch"))["REPLICAS"].splitlines()]
    assert [(site, index, id) for site, _, index, id, *_ in asked] == [
        ("shop", "0", "shop-gunicorn-0-id"[:12]),
        ("shop", "1", "shop-gunicorn-1-id"[:12]),
        ("blog", "0", "blog-gunicorn-0-id"[:12]),
    ]


def test_the_switch_waits_for_replicas_as_long_as_set(root: Path) -> None:
    envs = read_envs(deploy(root, healthTimeout=90).container("portico-release-switch"))
    assert envs["WAIT"] == "90"
    replica = deploy(root, healthTimeout=90).container("shop-gunicorn-0").inputs
    assert not replica.get("wait") and "waitTimeout" not in replica


def test_nothing_is_asked_of_a_site_in_maintenance(root: Path) -> None:
    made = deploy(root, make_site(maintenance=True), BLOG)
    asked = read_envs(made.container("portico-release-switch"))["REPLICAS"].splitlines()
    assert [line.split()[0] for line in asked] == ["blog"]
    everything_in_maintenance = deploy(root, make_site(maintenance=True))
    assert read_envs(everything_in_maintenance.container("portico-release-switch"))["REPLICAS"] == ""


def test_a_replica_that_is_not_well_is_made_anew_and_the_other_is_not(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever the state says: a refresh has taken the mark from it."""
    stack = make_stack(root)
    release = stack.releases[0].id
    well, sick = show("1" * 12, release=release), show("2" * 12, release=release, State="restarting")
    files = {f"trees/{stack.tree.digest}/{path}": text for path, text in stack.tree.files.items()}
    proven = f"shop {'1' * 12}\nshop {'2' * 12}\n"
    engine = Watched(listed=[EDGE, well, sick], target=f"trees/{stack.tree.digest}", files={**files, "proven": proven})
    resources = {
        f"urn:pulumi:test::portico::{CONTAINER}::{name}": {
            "type": CONTAINER,
            "outputs": {"name": one["Names"][0][1:], "labels": [{"label": "portico.attempt", "value": "4"}]},
        }
        for name, one in {"shop-gunicorn-0": well, "shop-gunicorn-1": sick, "portico-nginx-server": EDGE}.items()
    }
    monkeypatch.setattr("portico.components.docker.image_tags.list_tags", lambda _: frozenset())
    monkeypatch.setattr("portico.components.docker.preview.list_tags", lambda _: frozenset())
    args = PorticoArgs(stack=stack, root=root, engine=engine, resources=resources)
    made = run(lambda: Portico("portico", args))
    attempts = [made.container(f"shop-gunicorn-{index}").labels["portico.attempt"] for index in range(2)]
    assert attempts == ["4", "5"]
    # The tree is live: the switch has nothing to repeat, but for the replica that it has to ask.
    assert made.container("portico-release-switch").labels["portico.attempt"] == "0"


def test_a_switch_that_ends_badly_fails_the_run_before_the_port_is_taken(root: Path) -> None:
    seen: list[Resource] = []
    logs = "@refused shop 0 0123456789ab nothing answers GET /\n"
    with pytest.raises(pulumi.RunError, match="shop did not go live"):
        deploy(root, states={"portico-release-switch": {"exitCode": 1, "containerLogs": logs}}, seen=seen)
    roles = {found.labels["portico.role"] for found in seen if found.type == CONTAINER}
    assert "gunicorn" in roles and "switch" in roles and "port" not in roles


def test_one_sites_change_leaves_the_others_replicas_alone(root: Path) -> None:
    write_files(root / "blog", {"requirements.txt": "flask\n", "web.py": "app = 1\n"})
    before = deploy(root, make_site(), BLOG | {"source": "blog"})
    write_files(root / "shop", {"web.py": "app = 2\n"})
    after = deploy(root, make_site(), BLOG | {"source": "blog"})
    assert before.container("blog-gunicorn-0").inputs == after.container("blog-gunicorn-0").inputs
    assert before.container("shop-gunicorn-0").inputs != after.container("shop-gunicorn-0").inputs


def test_a_change_of_nginx_alone_leaves_all_replicas_alone(root: Path) -> None:
    before, after = deploy(root), deploy(root, nginx={"workers": 4})
    assert before.container("shop-gunicorn-0").inputs == after.container("shop-gunicorn-0").inputs
    assert before.container("portico-nginx-server").inputs == after.container("portico-nginx-server").inputs
    assert before.container("portico-release-switch").inputs != after.container("portico-release-switch").inputs
