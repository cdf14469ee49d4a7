"""The whole program, for each stack file that comes with it."""

from collections import Counter
from dataclasses import dataclass, field

import pytest

from tests.components.recorder import CONTAINER, IMAGE, NETWORK, PROVIDER, VOLUME, Recorder
from tests.program.stackfile import STACKS


@dataclass(frozen=True, kw_only=True)
class Expected:
    """What a stack is to be."""

    sites: dict[str, int]
    address: str
    ports: tuple[int, ...]
    urls: dict[str, str]
    host: str = "LocalHost"
    place: str = ""
    protect: bool = False
    provider: str = "host-docker"
    names: str | None = None  # what the provider calls its engine
    cloud: dict[str, int] = field(default_factory=dict)

    @property
    def orders(self) -> bool:
        """Whether certificates are ordered: by a client with an image of its own, into two volumes."""
        return 443 in self.ports


EXPECTED = {
    "dev": Expected(
        sites={"hello": 2, "httpbin": 2},
        address="127.0.0.1",
        ports=(8080,),
        urls={"hello": "http://localhost:8080", "httpbin": "http://httpbin.localhost:8080"},
    ),
    "staging": Expected(
        sites={"hello": 2},
        address="0.0.0.0",
        ports=(80, 443),
        urls={"hello": "https://hello.staging.example"},
        host="SshHost",
        names="ssh://deploy@staging.example:22",
    ),
    "prod": Expected(
        sites={"hello": 3},
        address="0.0.0.0",
        ports=(80, 443),
        urls={"hello": "https://hello.example"},
        host="AwsHost",
        place="-vm-1",
        provider="host-docker-1",
        names="ssh://portico@host-eu-central-1-vm-1-instance-id:22",
        protect=True,
        cloud={
            "pulumi:providers:aws": 1,
            **{
                f"portico:index:{kind}": 1
                for kind in ("Address", "Alarms", "Firewall", "FlowLogs", "Role", "Vm", "Vpc")
            },
            "aws:ec2/vpc:Vpc": 1,
            "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup": 1,
            "aws:ec2/internetGateway:InternetGateway": 1,
            "aws:ec2/subnet:Subnet": 1,
            "aws:ec2/routeTable:RouteTable": 1,
            "aws:ec2/route:Route": 1,
            "aws:ec2/routeTableAssociation:RouteTableAssociation": 1,
            "aws:ec2/flowLog:FlowLog": 1,
            "aws:cloudwatch/logGroup:LogGroup": 1,
            "aws:iam/role:Role": 2,
            "aws:iam/rolePolicy:RolePolicy": 2,
            "aws:iam/rolePolicyAttachment:RolePolicyAttachment": 1,
            "aws:iam/instanceProfile:InstanceProfile": 1,
            "aws:ec2/securityGroup:SecurityGroup": 1,
            "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": 2,
            "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": 2,
            "aws:ec2/instance:Instance": 1,
            "aws:cloudwatch/metricAlarm:MetricAlarm": 2,
            "aws:ec2/eip:Eip": 1,
            "aws:ec2/eipAssociation:EipAssociation": 1,
        },
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
        f"portico:index:{expected.host}": 1,
        "portico:index:Portico": 1,
        "portico:index:Network": 1,
        "portico:index:ConfigCheck": 1,
        "portico:index:Nginx": 1,
        "portico:index:Port": 1,
        "portico:index:ConfigRelease": 1,
        "portico:index:FlaskApp": sites,
        "portico:index:Gunicorn": sites,
        NETWORK: 1,
        VOLUME: 3 + 2 * expected.orders,
        IMAGE: 1 + sites + expected.orders,
        CONTAINER: 4 + sites + replicas + expected.orders,
        **({"portico:index:Certificates": 1} if expected.orders else {}),
        **expected.cloud,
    }


def test_the_containers_by_name(made: Recorder, expected: Expected) -> None:
    place = expected.place
    own = ("check-nginx-t", "nginx-server", "release-switch", f"port-holder-{expected.ports[0]}")
    names = {f"portico{place}-{name}" for name in (*own, *(["certificates-client"] if expected.orders else []))}
    for site, replicas in expected.sites.items():
        names |= {f"{site}{place}-files", *(f"{site}-gunicorn{place}-{index}" for index in range(replicas))}
    assert {found.name for found in made.of_type(CONTAINER)} == names


def test_every_container_is_labelled_with_its_stack(stack: str, made: Recorder) -> None:
    assert {found.labels["portico.stack"] for found in made.of_type(CONTAINER)} == {stack}


def test_the_edge_is_published_where_the_stack_says(made: Recorder, expected: Expected) -> None:
    ports = made.container(f"portico{expected.place}-port-holder-{expected.ports[0]}").inputs["ports"]
    assert [(port["ip"], port["external"]) for port in ports] == [(expected.address, one) for one in expected.ports]


def test_the_exports(made: Recorder, expected: Expected) -> None:
    assert set(made.exports) == {"address", "url", "urls", "releases", "tree", "history", "pinned", "baseline"}
    assert made.exports["urls"] == expected.urls
    assert list(made.exports["urls"]) == list(expected.sites)
    assert made.exports["url"] == next(iter(expected.urls.values()))
    assert set(made.exports["releases"]) == set(expected.sites)
    outputs = made.registered_outputs("Portico")
    assert made.exports["tree"] == outputs["tree"] and len(outputs["tree"]) == 12


def test_the_exported_releases_are_those_that_run(made: Recorder, expected: Expected) -> None:
    for site in expected.sites:
        replica = made.container(f"{site}-gunicorn{expected.place}-0")
        assert replica.labels["portico.release"] == made.exports["releases"][site]


def test_the_history_holds_what_is_live(made: Recorder, expected: Expected) -> None:
    assert set(made.exports["history"]) == set(expected.sites) and made.exports["pinned"] == {}
    for site, (record,) in made.exports["history"].items():
        assert record["release"] == made.exports["releases"][site]
        (image,) = [one for one in made.of_type(IMAGE) if one.name.startswith(f"{site}{expected.place}-image-")]
        assert image.name.endswith(record["image"])


def test_what_lasts_is_protected_where_the_stack_says(made: Recorder, expected: Expected) -> None:
    lasting = [*made.of_type(NETWORK), *made.of_type(VOLUME)]
    if expected.place:
        assert not [found.name for found in lasting if found.protect]
        lasting = [*made.of_type("aws:ec2/vpc:Vpc"), *made.of_type("aws:ec2/eip:Eip")]
    assert lasting and all(found.protect == expected.protect for found in lasting)


def test_what_a_release_replaces_is_never_protected(made: Recorder) -> None:
    assert [found.name for found in made.of_type(CONTAINER) + made.of_type(IMAGE) if found.protect] == []


def test_everything_of_docker_is_made_by_the_hosts_provider(made: Recorder, expected: Expected) -> None:
    provider = f"::{expected.provider}::"
    for found in made.resources:
        if found.type.startswith("docker:"):
            assert provider in found.provider


def test_the_provider_talks_to_the_engine_of_the_stack(made: Recorder, expected: Expected) -> None:
    assert made.find(PROVIDER, expected.provider).inputs.get("host") == expected.names


def test_whatever_fails_on_docker_says_why(made: Recorder) -> None:
    """Anything may fail where the machine is lost or its disk is full (components/docker/diagnosis.py)."""
    resources = [found for found in made.resources if found.type.startswith("docker:")]
    assert len(resources) > 10
    assert [found.name for found in resources if not found.error_hooks] == []


def test_the_same_example_is_built_into_the_same_image_unless_the_stack_says_otherwise(
    programs: dict[str, Recorder],
) -> None:
    dev, staging, prod = (
        next(
            image.name.rpartition("-")[2]
            for image in programs[stack].of_type(IMAGE)
            if image.name.startswith("hello") and "-image-" in image.name
        )
        for stack in STACKS
    )
    assert dev == staging != prod  # prod runs four workers
