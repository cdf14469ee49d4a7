"""A Compose file, in Portico's words: the service with the web, and those of the same image as workers."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from portico.cli.compose_services import Taken, drop_addresses, take_services
from portico.cli.converted import Converted
from portico.cli.refused import Refused
from portico.config.document import UnreadableDocument, read_document

# What Portico does itself, or what means nothing beside it. Everything else that is not read is named.
_SILENT: Final = (
    "restart",
    "depends_on",
    "container_name",
    "hostname",
    "networks",
    "expose",
    "init",
    "stop_grace_period",
)
_READ: Final = ("build", "image", "command", "environment", "volumes", "ports", "deploy", "scale", "mem_limit")
_PROXIES: Final = re.compile(r"(^|/)(nginx|traefik|caddy|haproxy|httpd|nginx-proxy)\b")
_SIZE: Final = re.compile(r"(\d+)\s*([kmg])i?b?", re.IGNORECASE)


def read_compose(file: Path, service: str = "") -> Converted:
    """What its services say; `service` is the one with the web. Raises Refused."""
    try:
        document = read_document(file)
    except (UnreadableDocument, OSError) as error:
        raise Refused(f"--from: {error}") from None
    services = {str(name): dict(one) for name, one in (_pairs(document.get("services"))).items() if _pairs(one)}
    web = _choose(file, services, service)
    made = Converted(source=_read_context(services[web]))
    # First: the application's variables lead to them.
    taken = take_services(made, {name: str(one.get("image", "")) for name, one in services.items() if name != web})
    _read_web(made, web, services[web], taken)
    for name, one in services.items():
        if name == web or name in taken:
            continue
        if "build" in one and _read_context(one) == made.source:
            made.add_process(name, _spell_command(one.get("command")))
        elif _PROXIES.search(str(one.get("image", ""))):
            made.left.append(f"{name}: Portico's own NGINX takes its place")
            made.port = made.port if (ports := _read_ports(one)) is None else ports
        else:
            what = one.get("image") or "another image"
            made.left.append(
                f"{name} ({what}): Portico runs one PostgreSQL and one Valkey for a site; run this elsewhere, and "
                "write its address to environment"
            )
    for key in document:
        if key not in ("services", "version", "name", "volumes", "networks") and not str(key).startswith("x-"):
            made.left.append(f"{key}: Portico has no equivalent")
    return made


def _choose(file: Path, services: Mapping[str, Mapping[str, Any]], service: str) -> str:
    built = [name for name, one in services.items() if "build" in one]
    if service:
        if service not in built:
            raise Refused(f'--service: "{service}" is no service with build in {file}; write one of: {" ".join(built)}')
        return service
    served = [name for name in built if "gunicorn" in _spell_command(services[name].get("command"))]
    for some in (served, [name for name in built if services[name].get("ports")], built):
        if len(some) == 1:
            return some[0]
    if not built:
        raise Refused(
            f"--from: no service of {file} has build, so none has a source; write portico init without --from"
        )
    raise Refused(f"--from: which service of {file} answers requests? Write --service and one of: {' '.join(built)}")


def _read_web(made: Converted, name: str, one: Mapping[str, Any], taken: Taken) -> None:
    made.add_web(name, _spell_command(one.get("command")))
    made.add_variables(name, drop_addresses(made, name, _read_variables(one.get("environment")), taken))
    made.port = _read_ports(one)
    if isinstance(one.get("build"), Mapping) and (more := [key for key in one["build"] if key != "context"]):
        made.left.append(
            f"{name}: build.{', build.'.join(map(str, more))}: a Dockerfile in the source is used by itself"
        )
    for volume in one.get("volumes") or []:
        source, _, rest = str(volume).partition(":")
        path = rest.partition(":")[0]
        if isinstance(volume, Mapping) or not path.startswith("/") or not re.fullmatch(r"[a-z][a-z0-9_-]*", source):
            made.left.append(f"{name}: the volume {volume}: a folder of this machine is not in the image; see data")
        else:
            folder = {"name": source.replace("_", "-")[:32].strip("-"), "path": path.rstrip("/")}
            made.site.setdefault("data", []).append(folder)
            made.left.append(
                f"{name}: the content of the volume {source} is not copied: data {folder['name']} begins with what "
                "the image has"
            )
    deploy = _pairs(one.get("deploy"))
    replicas = str(deploy.get("replicas") or one.get("scale") or "")
    if replicas.isdigit() and int(replicas) > 0:
        made.site["replicas"] = int(replicas)
    memory = one.get("mem_limit") or _pairs(_pairs(deploy.get("resources")).get("limits")).get("memory")
    if size := _SIZE.fullmatch(str(memory or "")):
        made.site["gunicorn"] = {**made.site.get("gunicorn", {}), "memory": f"{size[1]}{size[2].upper()}"}
    for key in one:
        if key == "healthcheck":
            made.left.append(f"{name}: healthcheck: write the path that it asks to health")
        elif key == "env_file":
            made.left.append(
                f"{name}: env_file: write its lines to environment, and what is secret by pulumi config set"
            )
        elif key not in (*_SILENT, *_READ):
            made.left.append(f"{name}: {key}: there is no setting for it")


def _pairs(value: Any) -> Mapping[Any, Any]:
    return value if isinstance(value, Mapping) else {}


def _read_context(one: Mapping[str, Any]) -> str:
    build = one.get("build")
    return str(_pairs(build).get("context") or ".") if isinstance(build, Mapping) else str(build or ".")


def _spell_command(value: Any) -> str:
    return " ".join(map(_quote, value)) if isinstance(value, list) else str(value or "")


def _quote(word: Any) -> str:
    return str(word) if re.fullmatch(r"[\w@%+=:,./-]+", str(word)) else f"'{word}'"


def _read_variables(value: Any) -> dict[str, str | None]:
    if isinstance(value, list):
        pairs = (str(one).partition("=") for one in value)
        return {key: text if equals else None for key, equals, text in pairs}
    return {str(key): None if one is None else _spell(one) for key, one in _pairs(value).items()}


def _spell(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _read_ports(one: Mapping[str, Any]) -> int | None:
    """The first port that is published on the machine; None where there is none that is a plain number."""
    for port in one.get("ports") or []:
        published = str(_pairs(port).get("published", "") if isinstance(port, Mapping) else port).partition("/")[0]
        found = published.split(":")
        if isinstance(port, Mapping) or len(found) > 1:
            number = found[-2] if len(found) > 1 else found[0]
            if number.isdigit():
                return int(number)
    return None
