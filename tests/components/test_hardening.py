"""Every container that is made, whoever makes it, has no more powers than it needs."""

import re

import pytest

from tests.components.recorder import CONTAINER, Recorder, Resource

NAMES = [
    *("portico-check-nginx-t", "portico-nginx-server", "portico-release-switch", "portico-port-holder-8080"),
    *("shop-files", "shop-gunicorn-0", "shop-gunicorn-1", "blog-files", "blog-gunicorn-0"),
]
# Root for a moment, each with the powers that it needs: the switch sends NGINX a signal, tries its files as `nginx -t`
# does, and asks at sockets that belong to the sites' users.
ROOT = {"check": ["CAP_CHOWN"], "files": ["CAP_CHOWN"], "switch": ["CAP_KILL", "CAP_CHOWN", "CAP_DAC_OVERRIDE"]}
# Docker copies uploads into the container's own file system, so it cannot be read-only.
UPLOADING = {"portico-check-nginx-t", "shop-files"}


@pytest.fixture(params=NAMES)
def container(request: pytest.FixtureRequest, whole: Recorder) -> Resource:
    return whole.container(request.param)


def test_no_container_is_left_out(whole: Recorder) -> None:
    assert {found.name for found in whole.of_type(CONTAINER)} == set(NAMES)


def test_all_capabilities_are_dropped_but_the_named_ones(container: Resource) -> None:
    capabilities = container.inputs["capabilities"]
    assert capabilities["drops"] == ["ALL"]
    assert capabilities.get("adds") == ROOT.get(container.labels["portico.role"])


def test_nothing_gains_privileges(container: Resource) -> None:
    assert container.inputs["securityOpts"] == ["no-new-privileges:true"]
    assert not container.inputs.get("privileged")


def test_memory_and_processes_have_a_limit(container: Resource) -> None:
    assert container.inputs["memory"] > 0
    assert container.inputs["memorySwap"] == container.inputs["memory"]
    (limit,) = container.inputs["ulimits"]
    assert limit["name"] == "nproc" and 0 < limit["soft"] <= limit["hard"] <= 4096


def test_logs_have_a_limit(container: Resource) -> None:
    assert container.inputs["logDriver"] == "json-file"
    assert container.inputs["logOpts"] == {"max-size": "10m", "max-file": "3"}


def test_the_file_system_is_read_only_unless_it_takes_uploads(container: Resource) -> None:
    assert bool(container.inputs.get("uploads")) == (container.name in UPLOADING)
    assert container.inputs["readOnly"] == (container.name not in UPLOADING)


def test_nobody_is_root_but_three_helpers(container: Resource) -> None:
    assert (container.inputs["user"] == "0:0") == (container.labels["portico.role"] in ROOT)


def test_no_container_is_given_the_host(container: Resource) -> None:
    for volume in container.inputs["volumes"]:
        assert "hostPath" not in volume and not volume["volumeName"].startswith("/")
    assert not container.inputs.get("mounts") and not container.inputs.get("devices")
    assert container.inputs.get("pidMode") != "host" and container.inputs.get("networkMode") != "host"


def test_what_may_be_written_to_holds_no_programs(container: Resource) -> None:
    for options in container.inputs.get("tmpfs", {}).values():
        assert {"noexec", "nosuid", "nodev"} <= set(options.split(","))
        assert "size=" in options


def test_what_lies_in_memory_never_takes_all_of_it(container: Resource) -> None:
    """Files there count as memory: without a bound a flood of uploads would end the container."""
    sizes = {
        path: int(re.search(r"size=(\d+)m", options)[1])  # type: ignore[index]
        for path, options in container.inputs.get("tmpfs", {}).items()
    }
    if container.labels["portico.role"] == "nginx":
        # One store for the bodies of each of the two sites; where the packaged NGINX has bodies, it writes none.
        for path in ("/var/cache/nginx", "/var/lib/nginx", "/tmp/bodies-2", "/tmp/bodies-3"):
            sizes.pop(path)
        assert {*sizes} == {"/tmp", "/tmp/bodies-0", "/tmp/bodies-1"}
        assert sum(sizes.values()) <= container.inputs["memory"] - 96
        return
    # It tries files as NGINX does, which keeps its own in one of two places, by distribution.
    caches = [sizes.pop(path) for path in ("/var/cache/nginx", "/var/lib/nginx") if path in sizes]
    assert sum(sizes.values()) + max(caches, default=0) <= container.inputs["memory"] * 3 / 4


def test_every_container_has_an_init_and_labels(container: Resource) -> None:
    assert container.inputs["init"] is True
    assert container.labels["portico.project"] == "portico"
    assert container.labels["portico.stack"] == "test"
    assert container.labels["portico.role"] in {*ROOT, "gunicorn", "nginx", "port"}


def test_only_what_serves_is_restarted(container: Resource) -> None:
    serves = container.labels["portico.role"] in {"gunicorn", "nginx", "port"}
    assert container.inputs["restart"] == ("unless-stopped" if serves else "no")


def test_nothing_has_as_large_a_share_of_a_busy_processor_as_nginx(container: Resource) -> None:
    """Each request of each site passes there."""
    usual = 1024
    share = container.inputs.get("cpuShares") or usual
    assert share >= 4 * usual if container.labels["portico.role"] == "nginx" else share <= usual


def test_docker_chooses_every_name(container: Resource) -> None:
    assert "name" not in container.inputs


def test_only_what_holds_it_has_a_port_on_the_host(container: Resource) -> None:
    assert bool(container.inputs.get("ports")) == (container.labels["portico.role"] == "port")


def test_only_what_holds_the_port_stops_before_its_successor_starts(container: Resource) -> None:
    assert container.delete_before_replace == (container.labels["portico.role"] == "port")


def test_a_failed_container_is_made_anew(container: Resource) -> None:
    assert {"*", "#initerror"} & set(container.replace_on_changes)
