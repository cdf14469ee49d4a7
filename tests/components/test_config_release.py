"""ConfigCheck and ConfigRelease: a tree is checked in the real image, then made live."""

from pathlib import Path
from typing import Any

import pulumi
import pulumi_docker as docker
import pytest

from portico.components.docker.config_switch import ConfigCheck, ConfigCheckArgs, ConfigRelease, ConfigReleaseArgs
from portico.components.docker.replica import Replica
from portico.config.render.tree import name_tree
from portico.config.tls.nginx_secrets import Private
from tests.components.recorder import CONTAINER, Recorder, list_texts, run
from tests.components.sample import make_stack
from tests.config.sample import make_site

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


def release(root: Path, attempt: int = 0, state: dict[str, Any] | None = None, **site: Any) -> Recorder:
    found = make_stack(root, make_site(**site)).releases[0]

    def build() -> None:
        replicas = [docker.Container(f"replica-{index}", image="shop") for index in range(2)]
        args = ConfigReleaseArgs(
            verdict="tree",
            image="sha256:nginx",
            config="config",
            sockets="sockets",
            nginx="edge-id",
            replicas=[Replica(release=found, index=i, container=one) for i, one in enumerate(replicas)],
            health_timeout=60,
            longest=70,
            attempt=attempt,
        )
        made = ConfigRelease("release", args, pulumi.ResourceOptions(depends_on=replicas))
        pulumi.export("live", made.require_live())

    return run(build, states={"release-switch": state or {}})


def envs(made: Recorder) -> dict[str, str]:
    return dict(env.split("=", 1) for env in made.container("release-switch").inputs["envs"])


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


def test_the_switch_runs_in_nginxs_own_namespaces(root: Path) -> None:
    made = release(root)
    assert made.children(made.component("ConfigRelease")) == {"release-switch": CONTAINER}
    inputs = made.container("release-switch").inputs
    assert (inputs["pidMode"], inputs["networkMode"]) == ("container:edge-id", "container:edge-id")
    reported = envs(made)
    assert {key: reported[key] for key in ("TREE", "PORT", "REPAIRS", "WAIT", "LONGEST")} == {
        "TREE": "tree",
        "PORT": "8081",
        "REPAIRS": "0",
        "WAIT": "60",
        "LONGEST": "70",
    }
    assert set(reported) == {"TREE", "PORT", "REPAIRS", "WAIT", "LONGEST", "REPLICAS"}
    # It asks at the very sockets that NGINX uses.
    assert made.container("release-switch").mounts == {"/etc/portico": "config", "/run/portico": "sockets"}


def test_the_switch_ends_and_its_exit_code_is_read(root: Path) -> None:
    inputs = release(root).container("release-switch").inputs
    assert (inputs["attach"], inputs["mustRun"], inputs["logs"], inputs["restart"]) == (True, False, True, "no")
    assert "healthcheck" not in inputs and not inputs.get("wait")


def test_a_switch_that_ended_badly_is_no_live_tree(root: Path) -> None:
    logs = "the tree tree is not there any more"
    with pytest.raises(pulumi.RunError) as caught:
        release(root, state={"exitCode": 1, "containerLogs": logs})
    assert str(caught.value) == f"NGINX was not switched.\n  {logs}"


def test_the_switch_asks_each_replica_at_its_own_address_and_knows_the_one_that_nginx_uses(root: Path) -> None:
    found = make_stack(root, make_site(health="/healthz", hosts=["*.shop.example"])).releases[0]
    lines = envs(release(root, health="/healthz", hosts=["*.shop.example"]))["REPLICAS"].splitlines()
    known = f"unix:/run/portico/shop/{found.id}"
    assert lines == [
        f"shop {found.id} {n} replica-{n}-id {found.site.gunicorn.workers} {known}-{n}.sock.replica-{n}-id "
        f"{known}-{n}.sock www.shop.example /healthz"
        for n in range(2)
    ]


def test_where_nginx_finds_replicas_by_name_each_container_is_asked_by_its_own(root: Path) -> None:
    for image, known in (("nginx:1.30.6", "shop-{id}-1:8000"), ("nginx:1.26.3", "shop-{id}:8000")):
        found = make_stack(root, upstream="container", nginxImage=image).releases[0]
        reported = Replica(release=found, index=1, container=None).describe("0123456789abcdef")  # type: ignore[arg-type]
        assert reported.split()[5:7] == ["0123456789ab:8000", known.format(id=found.id)]


def test_the_switch_asks_before_it_turns_anything(root: Path) -> None:
    script = release(root).container("release-switch").inputs["entrypoints"][-1]
    assert script.index("prove() {") < script.index("\nprove\n") < script.index('\n    point "$next"\n')


def test_another_attempt_switches_again(root: Path) -> None:
    first, second = (release(root, attempt).container("release-switch") for attempt in (0, 1))
    assert (first.labels["portico.attempt"], second.labels["portico.attempt"]) == ("0", "1")
    assert {**first.inputs, "labels": ()} == {**second.inputs, "labels": ()}


def test_a_program_that_switches_must_hear_the_verdict(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """See components/shutdown.py; a preview asks for none."""
    heard: list[str] = []
    monkeypatch.setattr("portico.components.docker.switch_verdict.settle", lambda: heard.append("settled"))
    assert release(root).expected == 1 and heard == ["settled"]
    with pytest.raises(pulumi.RunError):
        release(root, state={"exitCode": 1})
    assert heard == ["settled"]
    monkeypatch.setattr(pulumi.runtime, "is_dry_run", lambda: True)
    assert release(root).expected == 0 and heard == ["settled"]


def test_the_switch_comes_after_everything_it_depends_on(root: Path) -> None:
    made = release(root)
    names = [found.name for found in made.resources]
    replicas = {found.urn for found in made.resources if found.name.startswith("replica-")}
    assert made.component("ConfigRelease").dependencies == replicas
    assert names.index("release-switch") > max(names.index(f"replica-{index}") for index in range(2))


def test_the_live_tree_is_the_output(root: Path) -> None:
    made = release(root)
    assert made.registered_outputs("ConfigRelease") == {"answers": "tree"}
    assert made.exports == {"live": "tree"}


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
