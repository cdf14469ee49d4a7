"""The whole program, for each stack file that comes with it."""

from collections import Counter
from dataclasses import dataclass

import pytest

from tests.components.recorder import CONTAINER, IMAGE, NETWORK, PROVIDER, VOLUME, Recorder
from tests.program.stackfile import STACKS


@dataclass(frozen=True, kw_only=True)
class Expected:
    """What a stack is to be."""

    sites: dict[str, int]
    address: str
    port: int
    urls: dict[str, str]
    protect: bool = False


EXPECTED = {
    "dev": Expected(
        sites={"hello": 2, "httpbin": 2},
        address="127.0.0.1",
        port=8080,
        urls={"hello": "http://localhost:8080", "httpbin": "http://httpbin.localhost:8080"},
    ),
    "staging": Expected(sites={"hello": 2}, address="0.0.0.0", port=80, urls={"hello": "http://hello.staging.example"}),
    "prod": Expected(
        sites={"hello": 3}, address="0.0.0.0", port=80, urls={"hello": "http://hello.example"}, protect=True
    ),
}


@pytest.fixture(params=STACKS)
def stack(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def made(stack: str, programs: dict[str, Recorder]) -> Recorder:
    return programs[stack]


@pytest.fixture
def expected(stack: str) -> Expected:
    return EXPECTED[stack]


def test_so_many_resources_of_each_type(made: Recorder, expected: Expected) -> None:
    sites, replicas = len(expected.sites), sum(expected.sites.values())
    assert Counter(found.type for found in made.resources) == {
        PROVIDER: 1,
        "portico:index:LocalHost": 1,
        "portico:index:Portico": 1,
        "portico:index:Network": 1,
        "portico:index:ConfigCheck": 1,
        "portico:index:Nginx": 1,
        "portico:index:Port": 1,
        "portico:index:ConfigRelease": 1,
        "portico:index:FlaskApp": sites,
        "portico:index:Gunicorn": sites,
        NETWORK: 1,
        VOLUME: 3,
        IMAGE: 1 + sites,
        CONTAINER: 4 + sites + replicas,
    }


def test_the_containers_by_name(made: Recorder, expected: Expected) -> None:
    names = {"portico-check-nginx-t", "portico-nginx-server", "portico-release-switch", "portico-port-holder"}
    for site, replicas in expected.sites.items():
        names |= {f"{site}-files", *(f"{site}-gunicorn-{index}" for index in range(replicas))}
    assert {found.name for found in made.of_type(CONTAINER)} == names


def test_every_container_is_labelled_with_its_stack(stack: str, made: Recorder) -> None:
    assert {found.labels["portico.stack"] for found in made.of_type(CONTAINER)} == {stack}


def test_the_edge_is_published_where_the_stack_says(made: Recorder, expected: Expected) -> None:
    (port,) = made.container("portico-port-holder").inputs["ports"]
    assert (port["ip"], port["external"]) == (expected.address, expected.port)


def test_the_exports(made: Recorder, expected: Expected) -> None:
    assert set(made.exports) == {"address", "url", "urls", "releases", "tree", "history", "held", "baseline"}
    assert made.exports["urls"] == expected.urls
    assert list(made.exports["urls"]) == list(expected.sites)
    assert made.exports["url"] == next(iter(expected.urls.values()))
    assert set(made.exports["releases"]) == set(expected.sites)
    outputs = made.registered_outputs("Portico")
    assert made.exports["tree"] == outputs["tree"] and len(outputs["tree"]) == 12


def test_the_exported_releases_are_those_that_run(made: Recorder, expected: Expected) -> None:
    for site in expected.sites:
        replica = made.container(f"{site}-gunicorn-0")
        assert replica.labels["portico.release"] == made.exports["releases"][site]


def test_the_history_holds_what_is_live(made: Recorder, expected: Expected) -> None:
    assert set(made.exports["history"]) == set(expected.sites) and made.exports["held"] == {}
    for site, (record,) in made.exports["history"].items():
        assert record["release"] == made.exports["releases"][site]
        (image,) = [one for one in made.of_type(IMAGE) if one.name.startswith(f"{site}-image-")]
        assert image.name.endswith(record["image"])


def test_network_and_volumes_are_protected_where_the_stack_says(made: Recorder, expected: Expected) -> None:
    for found in [*made.of_type(NETWORK), *made.of_type(VOLUME)]:
        assert found.protect == expected.protect


def test_what_a_release_replaces_is_never_protected(made: Recorder) -> None:
    assert [found.name for found in made.of_type(CONTAINER) + made.of_type(IMAGE) if found.protect] == []


def test_everything_of_docker_is_made_by_the_hosts_provider(made: Recorder) -> None:
    for found in made.resources:
        if found.type.startswith("docker:"):
            assert "::host-docker::" in found.provider


def test_containers_that_must_get_healthy_say_why_they_did_not(made: Recorder, expected: Expected) -> None:
    told = {found.name for found in made.of_type(CONTAINER) if found.error_hooks}
    replicas = {f"{site}-gunicorn-{index}" for site, count in expected.sites.items() for index in range(count)}
    assert told >= {*replicas, "portico-release-switch"}


def test_the_same_example_is_built_into_the_same_image_unless_the_stack_says_otherwise(
    programs: dict[str, Recorder],
) -> None:
    dev, staging, prod = (
        next(image.name for image in programs[stack].of_type(IMAGE) if image.name.startswith("hello-image-"))
        for stack in STACKS
    )
    assert dev == staging != prod  # prod runs four workers
