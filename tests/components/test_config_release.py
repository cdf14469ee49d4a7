"""ConfigCheck and ConfigRelease: a tree is checked in the real image, then made live."""

from typing import Any

import pulumi
import pulumi_docker as docker
import pytest

from components.release import ConfigCheck, ConfigCheckArgs, ConfigRelease, ConfigReleaseArgs
from config.private import Private
from config.tree import name_tree
from tests.components.recorder import CONTAINER, Recorder, list_texts, run

TREE = name_tree({"nginx.conf": "events {}", "conf.d/shop.conf": "server {}"})


NONE = Private()
PRIVATE = Private({"shop.crt": "chain", "shop.key": "battery staple"}, "0123456789ab")


def check(state: dict[str, Any] | None = None, private: Private = NONE) -> Recorder:
    def build() -> None:
        checked = ConfigCheck(
            "check", ConfigCheckArgs(tree=TREE, private=private, image="sha256:nginx", config="config")
        )
        pulumi.export("verdict", checked.verdict)

    return run(build, states={"check-nginx-t": state or {}})


def release() -> Recorder:
    def build() -> None:
        replicas = [docker.Container(f"replica-{index}", image="shop") for index in range(2)]
        args = ConfigReleaseArgs(
            verdict="tree",
            image="sha256:nginx",
            config="config",
            sockets="sockets",
            nginx="edge-id",
            replicas=[Replica(release=RELEASE, index=i, container=one) for i, one in enumerate(replicas)],
            patience=60,
            longest=70,
            attempt=attempt,
        )
        live = ConfigRelease("release", args, pulumi.ResourceOptions(depends_on=replicas))
        pulumi.export("live", live.live)

    return run(build)


def test_the_check_asks_the_image_that_will_serve_the_tree() -> None:
    made = check()
    assert made.children(made.component("ConfigCheck")) == {"check-nginx-t": CONTAINER}
    container = made.container("check-nginx-t")
    assert container.inputs["image"] == "sha256:nginx"
    assert "nginx -t" in container.inputs["entrypoints"][-1]
    assert f"TREE={TREE.digest}" in container.inputs["envs"]
    assert container.mounts == {"/etc/portico": "config"}
    assert container.inputs["networkMode"] == "none"


def test_the_check_gets_every_file_of_the_tree() -> None:
    uploads = check().container("check-nginx-t").inputs["uploads"]
    assert {upload["file"]: upload["content"] for upload in uploads} == {
        "/incoming/nginx.conf": "events {}",
        "/incoming/conf.d/shop.conf": "server {}",
    }


def test_the_check_ends_and_its_exit_code_is_read() -> None:
    inputs = check().container("check-nginx-t").inputs
    assert (inputs["attach"], inputs["mustRun"], inputs["logs"]) == (True, False, True)


def test_an_accepted_tree_is_the_verdict() -> None:
    made = check()
    assert made.registered_outputs("ConfigCheck") == {"verdict": TREE.digest}
    assert made.exports == {"verdict": TREE.digest}


@pytest.mark.parametrize(
    ("logs", "said"),
    [
        (
            'nginx: [emerg] unknown directive "x"\nnginx: failed\n',
            '\n  nginx: [emerg] unknown directive "x"\n  nginx: failed',
        ),
        ("", "\n  it printed nothing"),
        (
            "\n".join(f"line {number}" for number in range(30)),
            "".join(f"\n  line {number}" for number in range(10, 30)),
        ),
    ],
    ids=["NGINX's lines", "silence", "only the last lines"],
)
def test_a_refused_tree_ends_the_run_with_nginxs_own_lines(logs: str, said: str) -> None:
    with pytest.raises(pulumi.RunError) as caught:
        check({"exitCode": 1, "containerLogs": logs})
    headline = "NGINX refused the configuration; nothing was switched, the releases before it keep serving."
    assert str(caught.value) == headline + said


def test_the_switch_runs_in_nginxs_own_namespaces() -> None:
    made = release()
    assert made.children(made.component("ConfigRelease")) == {"release-switch": CONTAINER}
    inputs = made.container("release-switch").inputs
    assert (inputs["pidMode"], inputs["networkMode"]) == ("container:edge-id", "container:edge-id")
    assert set(inputs["envs"]) == {"TREE=tree", "PORT=8081", "REPAIRS=0"}
    assert made.container("release-switch").mounts == {"/etc/portico": "config"}


def test_the_switch_is_waited_for_until_its_tree_is_live() -> None:
    inputs = release().container("release-switch").inputs
    assert (inputs["wait"], inputs["waitTimeout"]) == (True, 70)
    seldom = "test -e /tmp/live && { test ! -e /tmp/told || sleep 60; : > /tmp/told; }"
    # Spelled as Docker tells it: any other spelling is a change at every update.
    assert inputs["healthcheck"] == {"tests": ["CMD-SHELL", seldom], "interval": "1s", "timeout": "1m30s", "retries": 3}
    assert "mustRun" not in inputs or inputs["mustRun"]


def test_the_switch_comes_after_everything_it_depends_on() -> None:
    made = release()
    names = [found.name for found in made.resources]
    replicas = {found.urn for found in made.resources if found.name.startswith("replica-")}
    assert made.component("ConfigRelease").dependencies == replicas
    assert names.index("release-switch") > max(names.index(f"replica-{index}") for index in range(3))


def test_the_live_tree_is_the_output() -> None:
    assert release().registered_outputs("ConfigRelease") == {"live": "tree"}


def test_private_files_travel_as_secrets_that_only_root_reads() -> None:
    container = check(private=PRIVATE).container("check-nginx-t")
    uploads = {upload["file"]: upload for upload in container.inputs["uploads"]}
    assert uploads["/private/shop.key"] == {
        "file": "/private/shop.key",
        "content": "battery staple",
        "permissions": "0400",
    }
    assert set(uploads) == {
        "/incoming/nginx.conf",
        "/incoming/conf.d/shop.conf",
        "/private/shop.crt",
        "/private/shop.key",
    }
    assert f"PRIVATE={PRIVATE.digest}" in container.inputs["envs"]
    seen = [hidden for text, hidden in list_texts(container.raw) if text == "battery staple"]
    assert seen == [True]


def test_without_private_files_none_are_expected() -> None:
    container = check().container("check-nginx-t")
    assert "PRIVATE=" in container.inputs["envs"]
    assert all(upload["file"].startswith("/incoming/") for upload in container.inputs["uploads"])
