"""The rules that join several settings, kept by changing random settings as little as possible."""

from typing import Final

from hypothesis import assume
from pydantic.alias_generators import to_camel

from portico.config.settings import Duration, Size
from portico.config.settings.nginx import BESIDES
from portico.config.settings.service import IMAGES, OF_AWS, OF_CONTAINERS
from tests.property.applications import APPLICATIONS, CERTIFICATE, KEY
from tests.property.simple_values import Values


def keep_rules(values: Values, version: str) -> Values:
    """Keep the rules that join several fields, each by changing as little as possible."""
    tls = values.get("tls")
    if tls is not None:
        if tuple(map(int, version.split("."))) < (1, 25, 0):
            tls.pop("http3", None)
        if tls.get("port", 8443) == values.get("port", 8080):
            tls["port"] = values.get("port", 8080) % 65535 + 1
        if acme := tls.get("acme"):
            tls.pop("localAuthority", None)
            acme.pop("staging" if "directory" in acme else "caBundle", None)
    hosts: set[str] = set()
    for site in values["sites"]:
        if tls is None:
            site.pop("certificate", None)
        if tls is not None and not tls.get("localAuthority") and not tls.get("acme"):
            site.setdefault("certificate", {"certificate": CERTIFICATE, "key": KEY})
        if tls is not None and tls.get("acme") and "certificate" not in site:
            _name_in_public(site)
        _fix_hosts(site, hosts)
        _fix_site(site)
        if values.get("upstream") == "container" and tuple(map(int, version.split("."))) < (1, 27, 3):
            site.pop("weights", None)
            site.pop("balance", None)
    _fix_memory(values)
    _fix_services(values)
    return values


def _fix_managed(service: Values, region: str) -> None:
    """What AWS runs on ECS is no container, and elsewhere everything is one."""
    managed = service["managed"] = bool(region)
    for name in OF_CONTAINERS if managed else OF_AWS:
        service.pop(to_camel(name), None)
    if not managed:
        return
    kind = {"postgres": "db.", "valkey": "cache."}[service["kind"]]
    if not service.get("instance", kind).startswith(kind):
        del service["instance"]
    if service["kind"] == "valkey":
        service.pop("storage", None)
        service.pop("storageLimit", None)
    elif int(service.get("storage", "20G")[:-1]) > 90:
        service.setdefault("storageLimit", "1024G")
    if "key" in service:
        partition = "aws-us-gov" if "gov" in region else "aws"
        service["key"] = f"arn:{partition}:kms:{region}:123456789012:{service['key']}"


def _name_in_public(site: Values) -> None:
    """Names that an authority gives a certificate for, as many as there were."""
    for key in ("hosts", "aliases"):
        if key in site:
            site[key] = [f"{key}{number}.{site['name']}.example" for number in range(len(site[key]))]


def _count_heads(nginx: Values) -> int:
    """MiB that longer heads may take, of all connections at once."""
    request = max(0, Size.parse(nginx.get("requestHeader", "8K")).bytes - 8192) * 4
    answer = max(0, Size.parse(nginx.get("answerHeaders", "16K")).bytes - 16384)
    return Size(nginx.get("workers", 2) * nginx.get("connections", 1024) * (request + answer)).mebibytes


def _fix_services(values: Values) -> None:
    """A site uses what there is, one of a kind; of a cache it is the only one."""
    kinds = {service["name"]: service["kind"] for service in values.get("services", ())}
    for service in values.get("services", ()):
        if service.get("version", "") not in IMAGES[service["kind"]]:
            service.pop("version", None)
        if service["kind"] == "postgres":
            service.pop("evict", None)
        _fix_managed(service, values.get("ecs", {}).get("region", "") if values.get("target") == "ecs" else "")
    taken: set[str] = set()
    for site in values["sites"]:
        of_a_kind = {kinds[name]: name for name in site.get("uses", ()) if name in kinds and name not in taken}
        if "uses" in site:
            site["uses"] = [*of_a_kind.values()]
        taken.update(name for kind, name in of_a_kind.items() if kind == "valkey")


def _fix_memory(values: Values) -> None:
    """Bodies fit where they are collected, and that fits into NGINX's memory: as a whole, or everything is smaller."""
    bodies = [one for site in values["sites"] for one in (site, *site.get("routes", ()))]
    nginx = values.get("nginx", {})
    least = max([Size.parse("5M"), *(Size.parse(one["body"]) for one in bodies if "body" in one)])
    if least.mebibytes + BESIDES.mebibytes > 1024 * 1024:
        for one in bodies:
            one.pop("body", None)
        least = Size.parse("5M")
    if Size.parse(nginx.get("uploads", "96M")) < least:
        nginx["uploads"] = str(least)
    if Size.parse(nginx.get("uploads", "96M")).mebibytes + BESIDES.mebibytes > 1024 * 1024:
        nginx["uploads"] = "1000G"
    heads = _count_heads(nginx)
    if heads > 4096:
        # Thousands of connections, each with the longest headers: more than a task may have.
        nginx.pop("requestHeader", None)
        nginx.pop("answerHeaders", None)
        heads = 0
    space = Size.parse(nginx.get("uploads", "96M")).mebibytes + BESIDES.mebibytes + heads
    if Size.parse(nginx.get("memory", "256M")).mebibytes < space:
        nginx["memory"] = f"{space}M"
    if nginx:
        values["nginx"] = nginx
    # /tmp holds two bodies, and is a part of Gunicorn's memory; in a task it is on the disk.
    for site in values["sites"] if values.get("target") != "ecs" else ():
        bodies = [Size.parse(one["body"]) for one in (site, *site.get("routes", ())) if "body" in one]
        if any(body > Size.parse("400G") for body in bodies):
            for one in (site, *site.get("routes", ())):
                one.pop("body", None)
            bodies = []
        needed = 2 * max([Size.parse("64M"), *bodies]).mebibytes + 128
        gunicorn = site.setdefault("gunicorn", {})
        if bodies and Size.parse(gunicorn.get("memory", "512M")).mebibytes < needed:
            gunicorn["memory"] = f"{needed}M"


def _fix_hosts(site: Values, taken: set[str]) -> None:
    """A host name belongs to one site, once."""
    for key in ("hosts", "aliases"):
        if key in site:
            site[key] = [host for host in site[key] if host not in taken]
            taken.update(site[key])
    if not site["hosts"]:
        site["hosts"] = [f"{site['name']}.one.of.several.example"]
    # Aliases lead to the first name, so it is a single one.
    site["hosts"].sort(key=lambda host: host.startswith("*"))
    if site["hosts"][0].startswith("*"):
        site.pop("aliases", None)


# What sites of one host say alike.
_OF_THE_HOST: Final = ("hosts", "aliases", "certificate")


def share_host(sites: list[Values]) -> None:
    """Let all sites be on the host of the first, each below a path of its own."""
    first = dict(sites[0])
    taken: set[str] = set()
    for number, site in enumerate(sites):
        for key in _OF_THE_HOST:
            site.pop(key, None)
            if key in first:
                site[key] = first[key]
        if site.get("path", "/") in taken:
            site["path"] = f"/of/{number}"
        taken.add(site.get("path", "/"))
    # Nothing of a site is below the longer path of another one.
    for site in sites:
        own = site.get("path", "/").rstrip("/")
        urls = [site.get("staticUrl", "/static/"), *(route["path"] for route in site.get("routes", []))]
        urls += [data["url"] for data in site.get("data", []) if "url" in data]
        for path in taken - {site.get("path", "/"), "/"}:
            assume(not (path.startswith(f"{own}/") and any(f"{own}{url}/".startswith(f"{path}/") for url in urls)))


def _fix_site(site: Values) -> None:
    application = APPLICATIONS[site["source"]]
    if site["entry"] not in application.entries:
        site["entry"] = application.entries[-1]
    if site.get("static") not in application.static:
        site.pop("static", None)
    if "Dockerfile" in application.files:
        # They are for the one that Portico writes.
        for key in ("requirements", "extras", "pythonImage", "packages", "buildPackages"):
            site.pop(key, None)
    if site.get("requirements") not in application.files:
        site.pop("requirements", None)
    listed = "requirements.txt" if "requirements.txt" in application.files else "pyproject.toml"
    if site.get("requirements", listed) != "pyproject.toml":
        # A list of packages has none.
        site.pop("extras", None)
    gunicorn = site.get("gunicorn", {})
    if gunicorn.get("workerClass") == "gevent":
        # It has no threads, and has to come before the application.
        gunicorn.pop("threads", None)
        gunicorn.pop("preload", None)
    elif gunicorn.get("workers", 2) * gunicorn.get("threads", 4) > 512:
        gunicorn["threads"] = 512 // gunicorn["workers"]
    if site.get("weights"):
        site["replicas"] = len(site["weights"])
    url = site.get("staticUrl", "/static/")
    if site.get("health", "/").startswith(url):
        site.pop("health")
    limit = longest = Duration.parse(site.get("gunicorn", {}).get("timeout", "30s"))
    for route in site.get("routes", []):
        if route.get("stream"):
            route.pop("websocket", None)
        if not route.get("buffering", True):
            route.pop("cache", None)
        if route.get("stream") or route.get("websocket"):
            route.pop("cache", None)
        elif "timeout" in route:
            longest = max(longest, Duration.parse(route["timeout"]))
    if longest > limit:
        site["gunicorn"] = site.get("gunicorn", {}) | {"timeout": str(longest)}
    taken = [url, "/portico-unavailable.html/", *(route["path"] for route in site.get("routes", []))]
    for data in site.get("data", []):
        if data.get("url") in taken or site.get("health", "/").startswith(data.get("url", "//")):
            data.pop("url")
        if "url" not in data:
            data.pop("guarded", None)
    # NGINX's own page and the static files stand there.
    paths = [route["path"].rstrip("/") for route in site.get("routes", [])]
    assume(url.rstrip("/") not in paths and "/portico-unavailable.html" not in paths)
