"""The section `ecs`: what is refused, in which words, and what follows from it."""

from pathlib import Path
from typing import Any

import pytest

from portico.config.checks import check_settings
from portico.config.settings import Size
from tests.config.ecs_sample import CERTIFICATE, ZONE, make_ecs_values, make_section, read_ecs
from tests.config.sample import HASH, make_site, make_values, refuse

OTHER = {"name": "blog", "hosts": ["blog.example"]}


def ecs(**changes: Any) -> dict[str, Any]:
    return make_ecs_values(section=make_section(**changes))


def site(**changes: Any) -> dict[str, Any]:
    return make_ecs_values(make_site(**changes))


ROWS: list[tuple[dict[str, Any], str]] = [
    # the target and its section belong together
    (make_values(target="ecs"), "ecs: is required for target ecs; write at least its region"),
    (make_values(ecs=make_section()), "ecs: is for another target than local; write target: ecs, or leave it out"),
    (
        make_ecs_values(ssh={"host": "vm.example", "user": "deploy"}),
        "ssh: is for another target than ecs; write target: ssh, or leave it out",
    ),
    (
        make_ecs_values(nginx={"requestHeader": "17K", "memory": "512M"}),
        "nginx.requestHeader: the load balancer on ecs takes no header above 16k; write that, or less",
    ),
    # what is required, and grammars
    (ecs(region=None), "ecs.region: is required; write region: eu-central-1"),
    (
        ecs(region="Frankfurt"),
        'ecs.region: "Frankfurt" is not a region of AWS that Portico knows; write one such as eu-central-1',
    ),
    (
        ecs(zones=["eu-central-1"]),
        'ecs.zones[0]: "eu-central-1" is not an availability zone; write one such as eu-central-1a',
    ),
    (ecs(architecture="amd64"), "ecs.architecture: \"amd64\" does not fit; write 'arm64' or 'x86_64'"),
    (ecs(network="private"), "ecs.network: \"private\" does not fit; write 'public', 'nat' or 'endpoints'"),
    (ecs(cpu=300), "ecs.cpu: 300 does not fit; write 256, 512, 1024, 2048 or 4096"),
    (ecs(most=0), "ecs.most: 0 does not fit; write at least 1"),
    (ecs(cpuTarget=100), "ecs.cpuTarget: 100 does not fit; write at most 95"),
    (ecs(requestsTarget=0), "ecs.requestsTarget: 0 does not fit; write at least 1"),
    (
        ecs(certificate="shop.example"),
        'ecs.certificate: "shop.example" is not the ARN of a certificate of ACM; write one such as '
        "arn:aws:acm:eu-central-1:123456789012:certificate/0a1b2c3d-0a1b-2c3d-4e5f-0a1b2c3d4e5f",
    ),
    (
        ecs(dns={"zone": "shop.example"}),
        'ecs.dns.zone: "shop.example" is not the id of a hosted zone; write one such as Z0123456789ABCDEFGHIJ',
    ),
    (ecs(dns={}), "ecs.dns.zone: is required; write zone: Z0123456789ABCDEFGHIJ"),
    (
        ecs(memory=512),
        "ecs.memory: there is no such setting; the settings here are region, zones, architecture, network, "
        "range, cpu, most, cpuTarget, requestsTarget, certificate, dns, egress, retention, tags",
    ),
    (
        ecs(tags={"Name": "shop"}),
        'ecs.tags.Name: "Name" is not a tag\'s key; write letters, digits and _ . : / = + @ -; aws:, Name, '
        "Project, Stack and UserData are taken",
    ),
    (ecs(egress=[{"name": "database", "network": "10.0.0.0/8"}]), "ecs.egress[0].port: is required; write port: 5432"),
    # what does not fit together in the section
    (ecs(zones=["eu-central-1a"]), "ecs.zones: one zone is lost as a whole; write at least two, or leave it out"),
    (
        ecs(zones=["eu-central-1a", "eu-west-1b"]),
        'ecs.zones[1]: "eu-west-1b" is not in eu-central-1; write one such as eu-central-1a',
    ),
    (
        ecs(zones=["eu-central-1a", "eu-central-1a"]),
        'ecs.zones[1]: "eu-central-1a" is listed twice; write each zone once',
    ),
    (
        ecs(certificate=CERTIFICATE, dns={"zone": ZONE}),
        "ecs.certificate: cannot be used with ecs.dns, which makes one; write one of them",
    ),
    (
        ecs(region="eu-west-1", certificate=CERTIFICATE),
        "ecs.certificate: is in eu-central-1, and load balancers in eu-west-1 use those of eu-west-1 alone; "
        "write the ARN of one there",
    ),
    (
        ecs(retention=2),
        "ecs.retention: CloudWatch keeps nothing for 2 days; write one of 1, 3, 5, 7, 14, 30, 60, 90, 120, "
        "150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653",
    ),
    (
        ecs(egress=[{"name": "https", "port": 443, "network": "10.0.0.0/8"}]),
        'ecs.egress[0].name: "https" is another rule already; write another name',
    ),
    (
        ecs(egress=[{"name": "db", "port": port, "network": "10.0.0.0/8"} for port in (5432, 5433)]),
        'ecs.egress[1].name: "db" is another rule already; write another name',
    ),
    (
        ecs(
            egress=[
                {"name": "web", "port": 443, "network": "0.0.0.0/0"},
                {"name": "quic", "port": 443, "protocol": "udp", "network": "0.0.0.0/0"},
            ]
        ),
        'ecs.egress[0]: opens what "https" opens already, and AWS accepts each rule once; leave it out',
    ),
    # between the section and the sites
    (make_ecs_values(replicas=9), "replicas: 9 is above ecs.most, 8; raise that too"),
    (site(replicas=9), "sites[0].replicas: 9 is above ecs.most, 8; raise that too"),
    (
        site(gunicorn={"memory": "2G"}),
        "sites[0].gunicorn.memory: with NGINX a task needs 2432 MiB, and Fargate gives at most 2048 MiB to "
        "ecs.cpu: 256; write ecs.cpu: 512, or less",
    ),
    (
        site(gunicorn={"memory": "40G"}),
        "sites[0].gunicorn.memory: with NGINX a task needs 41344 MiB, and Fargate gives at most 2048 MiB to "
        "ecs.cpu: 256; write less",
    ),
    *(
        (
            make_ecs_values(make_site(hosts=[host]), section=make_section(dns={"zone": ZONE})),
            f'sites[0].hosts[0]: "{host}" is not a name that a zone can answer for; leave it out, or leave ecs.dns out',
        )
        # ACM gives no certificate for all names of a top-level domain, and knows none of one letter.
        for host in ("*.example", "shop.a")
    ),
    (
        make_ecs_values(make_site(hosts=["10.0.0.1"]), section=make_section(dns={"zone": ZONE})),
        'sites[0].hosts[0]: "10.0.0.1" is not a name that a zone can answer for; leave it out, or leave ecs.dns out',
    ),
    (
        make_ecs_values(make_site(aliases=["shop"]), section=make_section(dns={"zone": ZONE})),
        'sites[0].aliases[0]: "shop" is not a name that a zone can answer for; leave it out, or leave ecs.dns out',
    ),
    (
        make_ecs_values(
            make_site(hosts=[f"a{number}.example" for number in range(101)]), section=make_section(dns={"zone": ZONE})
        ),
        "ecs.dns: a certificate holds 100 names, and the sites have 101; write fewer",
    ),
    (
        site(body="20G"),
        "sites[0].body: 20g does not fit on a task's disk, where bodies are collected; write at most 10g, or "
        "requestBuffering: false for the route",
    ),
    # times that AWS does not allow
    (
        site(gunicorn={"timeout": "111s"}),
        "sites[0].gunicorn.timeout: 111s is longer than a task on Fargate may take to stop, 120 s with 10 s to "
        "spare; write at most 110s",
    ),
    (
        make_ecs_values(make_site(), make_site(**OTHER, gunicorn={"timeout": "5m"})),
        "sites[1].gunicorn.timeout: 5m is longer than a task on Fargate may take to stop, 120 s with 10 s to "
        "spare; write at most 110s",
    ),
    (
        site(routes=[{"path": "/events", "stream": True, "timeout": "2h"}]),
        "sites[0].routes[0].timeout: 2h is longer than the load balancer keeps a silent connection, 4000 s; "
        "write at most 3990s",
    ),
    (
        make_ecs_values(healthTimeout=301),
        "healthTimeout: 301 is longer than ECS waits for a container, 300 s; write at most 300",
    ),
    # what is the load balancer's
    (
        make_ecs_values(address="192.0.2.1"),
        'address: "192.0.2.1" has no meaning on ecs, where the load balancer has its own addresses; leave it out',
    ),
    (
        make_ecs_values(port=8000),
        "port: 8000 cannot be used on ecs, where the load balancer has ports 80 and 443; leave it out",
    ),
    (
        make_ecs_values(upstream="container"),
        'upstream: "container" has no meaning on ecs, where NGINX and Gunicorn share a loopback; leave it out',
    ),
    (
        make_ecs_values(docker="unix:///run/docker.sock"),
        "docker: is for another target than ecs; write target: local, or leave it out",
    ),
    (
        make_ecs_values(tls={"localAuthority": True}),
        "tls: is the load balancer's on ecs; write ecs.certificate or ecs.dns instead",
    ),
    (
        make_ecs_values(client={"proxies": ["10.0.0.0/8"]}),
        "client: follows on ecs: only the load balancer is in front; leave it out",
    ),
    (
        make_ecs_values(nginx={"handover": False}),
        "nginx.handover: is for a port of one machine, and ecs has none; leave it out",
    ),
    (
        make_ecs_values(nginx={"keepalive": "65s"}),
        "nginx.keepalive: follows on ecs from the longest request; leave it out",
    ),
    (
        site(certificate={"certificate": "tls/shop.crt", "key": "tls/shop.key"}),
        "sites[0].certificate: is the load balancer's on ecs; write ecs.certificate or ecs.dns instead",
    ),
    (
        site(replicas=2, weights=[1, 2]),
        "sites[0].weights: is for replicas of one machine, and tasks on ecs are all alike; leave it out",
    ),
    (
        site(balance="ip_hash"),
        'sites[0].balance: "ip_hash" is not supported by the load balancer; write round_robin, least_conn or random',
    ),
    (make_ecs_values(protect=True), "ecs: a protected stack speaks HTTPS; write ecs.certificate or ecs.dns"),
    # all of it at once
    (
        make_ecs_values(port=1, section=make_section(zones=["eu-west-1a", "eu-west-1b"], retention=2)),
        'ecs.zones[0]: "eu-west-1a" is not in eu-central-1; write one such as eu-central-1a\n'
        'ecs.zones[1]: "eu-west-1b" is not in eu-central-1; write one such as eu-central-1a\n'
        "ecs.retention: CloudWatch keeps nothing for 2 days; write one of 1, 3, 5, 7, 14, 30, 60, 90, 120, "
        "150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653\n"
        "port: 1 cannot be used on ecs, where the load balancer has ports 80 and 443; leave it out",
    ),
]


@pytest.mark.parametrize(("values", "report"), ROWS, ids=[report[:60] for _, report in ROWS])
def test_a_bad_setting_is_refused(root: Path, values: dict[str, Any], report: str) -> None:
    assert "\n".join(refuse(root, values)) == report


@pytest.mark.parametrize(
    ("cpu", "nginx", "gunicorn", "memory"),
    [
        (256, 256, 128, 512),
        (256, 256, 129, 1024),
        (256, 256, 512, 1024),
        (256, 256, 1665, None),
        (512, 256, 128, 1024),
        (512, 256, 641, 2048),
        (1024, 256, 512, 2048),
        (2048, 1024, 8000, 9216),
        (4096, 256, 512, 8192),
        (4096, 1024, 29568, 30720),
        (4096, 1024, 29569, None),
    ],
)
def test_the_memory_of_a_task_is_the_least_that_holds_its_limits(
    root: Path, cpu: int, nginx: int, gunicorn: int, memory: int | None
) -> None:
    """Beside both limits there are 64 MiB each for the two containers that hand over secrets."""
    values = make_values(make_site(gunicorn={"memory": f"{gunicorn}M"}), nginx={"memory": f"{nginx}M"})
    settings = check_settings(values, root)
    assert read_ecs(cpu=cpu).memory_of(settings.sites[0], settings.nginx) == memory


@pytest.mark.parametrize(("region", "partition"), [("eu-central-1", "aws"), ("us-gov-west-1", "aws-us-gov")])
def test_the_partition_follows_from_the_region(region: str, partition: str) -> None:
    assert read_ecs(region=region).partition == partition


@pytest.mark.parametrize(("architecture", "platform"), [("arm64", "linux/arm64"), ("x86_64", "linux/amd64")])
def test_images_are_built_for_the_processor(architecture: str, platform: str) -> None:
    assert read_ecs(architecture=architecture).platform == platform


def test_https_follows_from_a_certificate_or_a_zone() -> None:
    assert not read_ecs().https
    assert read_ecs(certificate=CERTIFICATE).https and read_ecs(dns={"zone": ZONE}).https


@pytest.mark.parametrize("address", ["127.0.0.1", "0.0.0.0", "::"])
@pytest.mark.parametrize("port", [80, 8080])
def test_a_stack_moves_from_a_vm_by_its_target(root: Path, address: str, port: int) -> None:
    """What a VM needs, and what Pulumi.yaml hands over, may stay written."""
    written = make_ecs_values(address=address, port=port, upstream="socket", replicas=3)
    assert check_settings(written, root).ecs == read_ecs()


def test_a_protected_stack_with_https_is_taken(root: Path) -> None:
    values = make_ecs_values(section=make_section(certificate=CERTIFICATE), protect=True)
    assert check_settings(values, root).protect


def test_a_balance_that_the_load_balancer_knows_is_taken(root: Path) -> None:
    for balance in ("round_robin", "least_conn", "random"):
        assert check_settings(site(balance=balance), root).sites[0].balance == balance


def test_bodies_need_no_memory_in_a_task(root: Path) -> None:
    assert check_settings(site(body="1G"), root).sites[0].body == Size.parse("1G")


def test_users_need_no_certificate(root: Path) -> None:
    assert check_settings(site(users={"ann": HASH}), root).sites[0].users


def test_a_stack_on_another_target_needs_nothing_of_it(root: Path) -> None:
    assert check_settings(make_values(make_site()), root).ecs is None
