"""Sites on ECS that share a host: the balancer leads by path, and each task knows its own."""

import json
from pathlib import Path

import pytest

from portico.config.plan import make_plan
from portico.config.targets.ecs import make_fleet
from tests.components.ecs.sample import SECTION, deploy
from tests.components.recorder import Recorder
from tests.config.ecs_sample import make_ecs_values
from tests.config.sample import SHOP, make_site, write_files

SITES = (
    make_site(aliases=["www.shop.example"]),
    make_site(name="blog", path="/blog", aliases=["www.shop.example"], health="/healthz"),
)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Recorder:
    root = write_files(tmp_path_factory.mktemp("root") / "shop", SHOP).parent
    return deploy(root, *SITES, section=SECTION)


def test_the_balancer_leads_by_host_and_path(made: Recorder) -> None:
    rules = sorted(made.of_type("aws:lb/listenerRule:ListenerRule"), key=lambda one: one.inputs["priority"])
    hosts = {"hostHeader": {"values": ["shop.example", "www.shop.example"]}}
    assert [(one.inputs["actions"][0]["targetGroupArn"], one.inputs["conditions"]) for one in rules] == [
        ("arn:aws:test:::blog-web", [hosts, {"pathPattern": {"values": ["/blog", "/blog/*"]}}]),
        ("arn:aws:test:::shop-web", [hosts]),
    ]


def test_a_shared_name_is_led_and_certified_once(made: Recorder) -> None:
    records = [one.inputs["name"] for one in made.of_type("aws:route53/record:Record") if one.inputs["type"] == "A"]
    assert records == ["shop.example", "www.shop.example"]
    (certificate,) = made.of_type("aws:acm/certificate:Certificate")
    names = [certificate.inputs["domainName"], *certificate.inputs["subjectAlternativeNames"]]
    assert names == ["shop.example", "www.shop.example"]


def test_the_url_has_the_path(made: Recorder) -> None:
    assert made.exports["urls"] == {"shop": "https://shop.example", "blog": "https://shop.example/blog/"}


def test_a_task_is_asked_below_its_path(made: Recorder) -> None:
    asked = {}
    for one in made.of_type("aws:ecs/taskDefinition:TaskDefinition"):
        for container in json.loads(one.inputs["containerDefinitions"]):
            if container["name"] == "gunicorn":
                asked[one.inputs["family"].rpartition("-")[2]] = container["healthCheck"]["command"][8]
    assert asked == {"shop": "/", "blog": "/blog/healthz"}


def test_its_nginx_has_a_host_with_that_path_alone(tmp_path: Path) -> None:
    write_files(tmp_path / "shop", SHOP)
    shop, blog = make_fleet(make_plan(make_ecs_values(*SITES), tmp_path))
    assert not [path for path in shop.tree.files if path.startswith("hosts/")]
    files = {path: text for path, text in blog.tree.files.items() if path.startswith("hosts/")}
    assert set(files) == {"hosts/shop.example/server.conf", "hosts/shop.example/paths/blog.conf"}
    assert "location / { return 404; }" in files["hosts/shop.example/server.conf"]
    assert "proxy_pass http://blog/blog/healthz;" in blog.tree.files["conf.d/01-ready.conf"]
    # Static files lie where the location looks for them.
    assert "/blog/static/" in blog.nginx["Dockerfile"].content.decode()
