"""Who waits for whom behind a load balancer, for any longest request: nobody hangs up on the one before."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import strategies as st

from portico.config.checks import check_settings
from portico.config.plan import make_plan
from portico.config.settings import Mistakes
from portico.config.targets.ecs import FleetSite, container_definitions, make_fleet
from tests.config.nginx_file import Directive
from tests.property.pool import Tried, holds_for_stacks
from tests.property.profile import holds_for
from tests.property.reading import find_place, find_rest, find_upstream, milliseconds, only, value
from tests.property.rendered import Rendered

IMAGE = f"registry.example/shop@sha256:{'0' * 64}"
# Which one AWS refuses beyond, in seconds.
STOPPED, SILENT = 120, 4000


@holds_for_stacks("ecs")
def test_everybody_waits_longer_than_the_next(stack: Tried) -> None:
    (site,) = stack.values["sites"]
    secrets = {site["name"]: dict.fromkeys(site.get("buildSecrets", ()), "reported when it is built")}
    (fleet,) = make_fleet(make_plan({**stack.values, "secrets": secrets}, stack.root))
    # What runs is what was rendered here; only its digest speaks of another release.
    if stack.layout == "conf.d":
        assert stack.rendered.tree.files.keys() == fleet.tree.files.keys()
    check_chain(fleet, stack.rendered, stack.main)


def check_chain(fleet: FleetSite, rendered: Rendered, main: Directive) -> None:
    timing, site = fleet.timing, fleet.site
    http, (release,) = only(main, "http"), rendered.releases
    gunicorn = rendered.gunicorn(release, release.bind[0])
    defined = container_definitions(
        fleet,
        application=IMAGE,
        nginx=IMAGE,
        log_group="all",
        region="eu-central-1",
        users="arn:users" if site.users else None,
    )
    containers = {one["name"]: one for one in defined}

    # A connection is closed by the one who opened it, or before the other one would.
    assert timing.alb_idle * 1000 < milliseconds(str(value(http, "keepalive_timeout")))
    if fleet.settings.nginx.upstream_connections:
        kept = milliseconds(str(value(find_upstream(main, site.name), "keepalive_timeout")))
        assert kept == timing.upstream_keepalive * 1000
        assert timing.upstream_keepalive < timing.gunicorn_keepalive
    assert gunicorn["keepalive"] == timing.gunicorn_keepalive

    # An answer may take as long as is said: Gunicorn gives up first, then NGINX, then the load balancer.
    if not site.maintenance:
        location = find_rest(find_place(main, fleet.settings, site), site)
        waited = milliseconds(str(value(location, "proxy_read_timeout")))
        assert waited < timing.alb_idle * 1000
        if not any(route.path == "/" for route in site.routes):
            assert gunicorn["timeout"] * 1000 < waited
    for route in site.routes:
        assert not route.longest_silence or route.longest_silence.amount < timing.alb_idle * 1000

    # A task that goes: no new requests, then those that began end, then it is stopped, then killed.
    assert gunicorn["timeout"] <= gunicorn["graceful_timeout"] <= timing.graceful
    assert timing.graceful < timing.deregistration
    assert timing.graceful < containers["gunicorn"]["stopTimeout"] == timing.stop_timeout <= STOPPED
    shutdown = milliseconds(str(value(main, "worker_shutdown_timeout")))
    assert gunicorn["timeout"] * 1000 < shutdown < containers["nginx"]["stopTimeout"] * 1000
    assert timing.alb_idle <= SILENT

    # A new task is given up by its own health check before the load balancer's opinion of it counts.
    assert containers["gunicorn"]["healthCheck"]["startPeriod"] == rendered.settings.health_timeout
    assert timing.health_grace > rendered.settings.health_timeout


@pytest.mark.parametrize("seconds", [1, 30, 110])
def test_all_follow_from_the_longest_request_of_any_site(root: Path, seconds: int) -> None:
    sites = [
        {"name": name, "source": "plain", "entry": "web:app", "hosts": [f"{name}.example"], "gunicorn": {"timeout": t}}
        for name, t in (("one", "1s"), ("two", f"{seconds}s"))
    ]
    values = {"target": "ecs", "ecs": {"region": "eu-central-1"}, "sites": sites}
    one, two = make_fleet(make_plan(values, root))
    assert one.timing == two.timing
    timing = one.timing
    assert (timing.graceful, timing.read, timing.alb_idle, timing.nginx_keepalive) == (
        *(seconds, seconds + 5, seconds + 10, seconds + 20),
    )
    assert (timing.deregistration, timing.stop_timeout) == (seconds + 10, seconds + 10)


@holds_for(seconds=st.integers(1, 400), silent=st.none() | st.integers(1, 8000), start=st.integers(5, 600))
def test_what_aws_does_not_allow_is_refused_and_nothing_else(
    root: Path, seconds: int, silent: int | None, start: int
) -> None:
    site: dict[str, Any] = {"name": "shop", "source": "plain", "entry": "web:app", "hosts": ["shop.example"]}
    site["gunicorn"] = {"timeout": f"{seconds}s"}
    if silent:
        site["routes"] = [{"path": "/events", "stream": True, "timeout": f"{silent}s"}]
    values = {"target": "ecs", "ecs": {"region": "eu-central-1"}, "healthTimeout": start, "sites": [site]}
    try:
        check_settings(values, root)
        refused = set()
    except Mistakes as mistakes:
        refused = {mistake.path for mistake in mistakes.all}
    wanted = {
        "sites[0].gunicorn.timeout": seconds + 10 > STOPPED,
        "sites[0].routes[0].timeout": bool(silent) and (silent or 0) + 10 > SILENT,
        "healthTimeout": start > 300,
    }
    assert refused == {path for path, bad in wanted.items() if bad}
