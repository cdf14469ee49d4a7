"""Random settings moved to ECS: without what the load balancer does there, and within what AWS allows."""

from typing import Final

from portico.config.settings import Duration, Size
from portico.config.settings.ecs import CERTIFIED, INIT_MEMORY
from tests.property.joint_rules import keep_rules
from tests.property.simple_values import Values
from tests.property.stack_fields import CPU


def name_version(values: Values, version: str, said: bool) -> None:
    if said:
        # A tag would have to say the same; a digest says nothing.
        values["nginx"] = values.get("nginx", {}) | {"version": version}
        values["nginxImage"] = f"nginx@sha256:{'0' * 64}"
    else:
        values["nginxImage"] = f"nginx:{version}"
        values.get("nginx", {}).pop("version", None)


# The load balancer's; see Settings.
_NOT_OURS: Final = ("docker", "address", "port", "upstream", "tls", "client")


def move_to_ecs(values: Values, ecs: Values, version: str, said: bool) -> Values:
    """The same stack on ECS: without what is the load balancer's there, and within what AWS allows."""
    values = {key: value for key, value in values.items() if key not in _NOT_OURS}
    values |= {"target": "ecs", "ecs": ecs, "sites": values["sites"][:1]}
    (site,) = values["sites"]
    name_version(values, version, said)
    nginx = {key: value for key, value in values.get("nginx", {}).items() if key not in ("keepalive", "handover")}
    for name in ("memory", "uploads"):
        _bound(nginx, name, Size, "8G")
    _bound(nginx, "requestHeader", Size, "16K")
    values["nginx"] = nginx
    values["healthTimeout"] = min(values.get("healthTimeout", 60), 300)
    for key in (
        "certificate",
        "data",
        "weights",
        "schedule",
        "workers",
        "release",
        *(["balance"] if site.get("balance") == "ip_hash" else []),
    ):
        site.pop(key, None)
    gunicorn = site.setdefault("gunicorn", {})
    _bound(gunicorn, "timeout", Duration, "110s")
    _bound(gunicorn, "memory", Size, "16G")
    for one in (site, *site.get("routes", ())):
        _bound(one, "body", Size, "10G")
    for route in site.get("routes", ()):
        _bound(route, "timeout", Duration, "3990s" if route.get("stream") or route.get("websocket") else "110s")
    values = keep_rules(values, version)
    _fix_ecs(values, ecs)
    return values


def _bound(values: Values, name: str, kind: type[Size] | type[Duration], most: str) -> None:
    if name in values and kind.parse(values[name]).amount > kind.parse(most).amount:
        values[name] = most


def _fix_ecs(values: Values, ecs: Values) -> None:
    (site,) = values["sites"]
    region = ecs["region"]
    if "zones" in ecs:
        ecs["zones"] = [f"{region}{letter}" for letter in ecs["zones"]]
    if "dns" in ecs:
        ecs.pop("certificate", None)
        # No zone answers for a name without a domain, or for an address: they get one, so that `dns` is tried often.
        for key in ("hosts", "aliases"):
            if key in site:
                site[key] = [_name_domain(host) for host in site[key]]
    elif "certificate" in ecs:
        ecs["certificate"] = f"arn:aws:acm:{region}:123456789012:{ecs['certificate']}"
    else:
        values.pop("protect", None)
    ecs["most"] = max(ecs.get("most", 8), site.get("replicas", values.get("replicas", 2)))
    nginx, gunicorn = Size.parse(values["nginx"].get("memory", "256M")), site["gunicorn"].get("memory", "512M")
    least = nginx.mebibytes + Size.parse(gunicorn).mebibytes + 2 * INIT_MEMORY
    sold = {256: 2048, 512: 4096, 1024: 8192, 2048: 16384, 4096: 30720}
    ecs["cpu"] = next(cpu for cpu in CPU if cpu >= ecs.get("cpu", 256) and sold[cpu] >= least)


def _name_domain(host: str) -> str:
    """A name that a zone may answer for, another one for another host."""
    if host.replace(".", "").isdigit():
        return f"ip-{host}.of.the.zone.example"
    return host if CERTIFIED.fullmatch(host) else f"{host}.of.the.zone.example"
