"""Which host names lead to which site."""

from fnmatch import fnmatchcase
from pathlib import Path

import pytest

from portico.components.ecs.hosts import HostRule, list_rules
from tests.components.ecs.sample import deploy
from tests.components.recorder import Recorder
from tests.config.ecs_sample import ZONE
from tests.config.sample import make_site, read_settings

RULE = "aws:lb/listenerRule:ListenerRule"


def rules(root: Path, **sites: list[str]) -> tuple[HostRule, ...]:
    """The rules of sites with these hosts."""
    return list_rules(read_settings(root, *(make_site(name=name, hosts=sites[name]) for name in sites)).sites)


def ask(found: tuple[HostRule, ...], host: str, path: str = "/") -> str | None:
    """The site that a balancer with these rules sends a request to."""
    for rule in sorted(found, key=lambda one: one.priority):
        named = any(fnmatchcase(host, pattern) for pattern in rule.hosts)
        if named and (not rule.paths or any(fnmatchcase(path, pattern) for pattern in rule.paths)):
            return rule.site
    return None


def test_exact_names_come_before_wildcards_and_long_ones_before_short_ones(root: Path) -> None:
    found = rules(root, wide=["*.example"], narrow=["*.shop.example"], exact=["a.shop.example", "b.example"])
    asked = {host: ask(found, host) for host in ("a.shop.example", "b.shop.example", "b.example", "c.example", "x.y")}
    assert asked == {
        "a.shop.example": "exact",
        "b.shop.example": "narrow",
        "b.example": "exact",
        "c.example": "wide",
        "x.y": None,
    }


def test_a_rule_has_no_more_values_than_aws_takes(root: Path) -> None:
    hosts = [f"h{number}.example" for number in range(11)]
    found = rules(root, shop=[*hosts, "*.a.example", "*.b.example"])
    assert sorted(len(rule.hosts) for rule in found) == [1, 1, 1, 5, 5]
    assert sorted(host for rule in found for host in rule.hosts) == sorted([*hosts, "*.a.example", "*.b.example"])


def test_each_has_a_priority_of_its_own_that_aws_takes(root: Path) -> None:
    sites = {f"s{number}": [f"s{number}.example", f"*.s{number}.example"] for number in range(60)}
    priorities = [rule.priority for rule in rules(root, **sites)]
    assert len(priorities) == len(set(priorities)) == 120
    assert all(1 <= priority <= 50_000 for priority in priorities)


def test_a_site_keeps_its_priority_as_others_come_and_go(root: Path) -> None:
    def of_shop(**others: list[str]) -> dict[str, int]:
        found = rules(root, shop=["shop.example", "*.shop.example"], **others)
        return {rule.name: rule.priority for rule in found if rule.site == "shop"}

    assert of_shop() == of_shop(blog=["blog.example"], wiki=["*.wiki.example"])


def below(root: Path, *hosts: str, **paths: str) -> tuple[HostRule, ...]:
    """The rules of sites that share these hosts, by their paths."""
    sites = [make_site(name=name, hosts=list(hosts), path=path) for name, path in paths.items()]
    return list_rules(read_settings(root, *sites).sites)


@pytest.mark.parametrize("host", ["shop.example", "*.shop.example", "10.0.0.1"])
def test_the_longest_path_of_a_host_comes_first(root: Path, host: str) -> None:
    paths = {"s1": "/a", "s2": "/a/b", "s3": "/a/b/c", "s4": "/a/b/c/d", "s5": "/b", "whole": "/"}
    # Whatever their names are: the numbers follow from these.
    for number in range(40):
        found = below(root, host, **{f"{name}x{number}": path for name, path in paths.items()})
        asked = host.replace("*", "www")
        for name, path in paths.items():
            for target in (path, f"{path.rstrip('/')}/x"):
                assert ask(found, asked, target) == f"{name}x{number}"
        assert ask(found, asked, "/abc") == ask(found, asked, "/bb") == f"wholex{number}"
        assert len({rule.priority for rule in found}) == len(found)


def test_without_a_site_at_the_root_nothing_else_is_led(root: Path) -> None:
    found = below(root, "shop.example", shop="/shop", blog="/blog")
    assert [ask(found, "shop.example", path) for path in ("/shop", "/blog/x", "/", "/shopping")] == [
        *("shop", "blog"),
        *(None, None),
    ]


def test_a_path_allows_fewer_hosts_of_a_rule(root: Path) -> None:
    found = below(root, *(f"h{number}.example" for number in range(7)), shop="/shop")
    assert sorted(len(rule.hosts) + len(rule.paths) for rule in found) == [3, 5, 5]
    assert all(rule.paths == ("/shop", "/shop/*") for rule in found)


def test_a_site_below_a_path_keeps_its_priority_as_others_come_and_go(root: Path) -> None:
    def of_shop(**others: str) -> set[int]:
        return {rule.priority for rule in below(root, "shop.example", shop="/shop", **others) if rule.site == "shop"}

    assert of_shop() == of_shop(blog="/blog", whole="/") == of_shop(deep="/shop/deep")


def test_the_balancer_sends_hosts_and_aliases_to_the_tasks_of_their_site(made: Recorder) -> None:
    led: dict[str, set[str]] = {}
    for one in made.of_type(RULE):
        (condition,), (action,) = one.inputs["conditions"], one.inputs["actions"]
        assert action["type"] == "forward" and one.inputs["listenerArn"] == "arn:aws:test:::fleet-balancer-https"
        led.setdefault(action["targetGroupArn"], set()).update(condition["hostHeader"]["values"])
    assert led == {
        "arn:aws:test:::shop-web": {"shop.example", "www.shop.example"},
        "arn:aws:test:::blog-web": {"blog.example", "*.blog.example"},
    }


@pytest.mark.parametrize("count", [10, 11])
def test_more_names_than_an_account_has_by_itself_are_warned_of(
    root: Path, count: int, caplog: pytest.LogCaptureFixture
) -> None:
    site = make_site(hosts=[f"s{number}.example" for number in range(count)])
    made = deploy(root, site, section={"dns": {"zone": ZONE}})
    assert ("The certificate is for 11 names" in caplog.text) == (count > 10)
    # A stack that is up has them.
    caplog.clear()
    subnet = made.of_type("aws:ec2/subnet:Subnet")[0]
    known = {subnet.urn: {"type": subnet.type, "outputs": subnet.inputs}}
    deploy(root, site, section={"dns": {"zone": ZONE}}, answers={"known": known})
    assert "The certificate is for" not in caplog.text
