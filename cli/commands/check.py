"""`portico check`: whether what runs is what the last update left. Exit code 1 where it is not."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import click
import docker

from portico.cli.backups import read_backups
from portico.cli.certificates import read_certificates
from portico.cli.deployed import Deployed
from portico.cli.engine import (
    CONTAINER,
    SERVICE,
    find_engine,
    find_provider,
    list_resources,
    list_serving,
    name_provider,
)
from portico.cli.holder import describe
from portico.cli.observed import observe
from portico.cli.options import example, json_option, spell_json, stack_option
from portico.cli.prepare import prepare
from portico.cli.pulumi import ask, has_failed, require_stack
from portico.cli.run import find_last_log, spell_path
from portico.cli.service_disk import list_troubles
from portico.cli.spelling import spell
from portico.components.docker.engine_client import Engine
from portico.components.docker.live_files import read_live
from portico.config.live.drift import Container, Live, compare_containers, compare_files, compare_releases
from portico.config.live.served import find_releases
from portico.config.release.process import PROCESS

Export = dict[str, Any]
# Roles of what a release runs all the time. Its release command ends.
_RUNNING = ("gunicorn", "worker")


def find(export: Export, role: str) -> list[Export]:
    """The containers of one role that the last update left."""
    label = {"label": "portico.role", "value": role}
    return [one["outputs"] for one in list_serving(export) if label in one["outputs"]["labels"]]


def find_wanted(export: Export) -> dict[str, str]:
    """The release of each site that the last update asked for, whether it went live or not."""
    labels = [read_labels(found) for found in find(export, "gunicorn")]
    return {one["portico.site"]: one["portico.release"] for one in labels}


def list_expected(export: Export, served: Mapping[str, str]) -> list[Container]:
    """What should run: what holds the port, NGINX, services, who orders certificates and makes backups, what is served.

    That is the replicas and workers of the live releases. Of a release that did not go live none is asked for; those
    of the one before it are still there.
    """
    running = []
    for one in list_containers(export):
        label = read_labels(one["outputs"])
        if label.get("portico.role") in _RUNNING and served.get(label["portico.site"]) == label["portico.release"]:
            running.append((bool(one.get("delete")), one["outputs"]))
    # One that waits for its removal counts only where no other one of its release does the same work.
    fresh = {name_work(one) for leaves, one in running if not leaves}
    serving = [one for leaves, one in running if not leaves or name_work(one) not in fresh]
    roles = ("port", "nginx", "acme", "backups", "dumper", "service")
    found = [*(one for role in roles for one in find(export, role)), *serving]
    return [Container(id=one["id"], name=one["name"], networks=read_networks(one)) for one in found]


def read_networks(outputs: Export) -> frozenset[str]:
    """The networks that a container was made in, by name."""
    return frozenset(str(one["name"]) for one in outputs.get("networksAdvanced") or [])


def list_containers(export: Export) -> list[Export]:
    """The containers on the engine that serves, those included that wait for their removal."""
    provider = find_provider(export) or {}
    found = (export.get("deployment") or {}).get("resources") or []
    return [one for one in found if one["type"] == CONTAINER and name_provider(one) == provider.get("urn")]


def read_labels(outputs: Export) -> dict[str, str]:
    """The labels of a container by name."""
    return {str(one["label"]): str(one["value"]) for one in outputs["labels"]}


def name_work(outputs: Export) -> tuple[str, str]:
    """The release that a container is of, and which of its processes it runs: "" for its replicas."""
    label = read_labels(outputs)
    return label["portico.release"], label.get(PROCESS, "")


def list_observed(client: docker.DockerClient) -> list[Container]:
    """Every container of the engine, stopped ones included."""
    found = client.containers.list(all=True, ignore_removed=True)
    return [observe(one) for one in found]


def check_files(export: Export, live: Live) -> list[str]:
    """What differs in the files that NGINX reads."""
    (check,) = find(export, "check")
    uploads = check["uploads"]
    uploads = json.loads(uploads["plaintext"]) if isinstance(uploads, dict) else uploads
    files = {one["file"].removeprefix("/incoming/"): one["content"] for one in uploads}
    files = {path: text for path, text in files.items() if not path.startswith("/")}
    (digest,) = [text.removeprefix("TREE=") for text in check["envs"] if text.startswith("TREE=")]
    return compare_files(digest, files, live)


def compare(export: Export, engine: Engine) -> tuple[list[str], bool]:
    """What differs from the last update, in sentences, and whether all that it asked for went live.

    Raises DockerException or OSError where the engine does not answer.
    """
    client = engine.connect()
    live = read_live(engine, find(export, "nginx")[0]["id"])
    wanted = find_wanted(export)
    # Without NGINX nobody can tell what was served; its container is said to be gone.
    served = find_releases(live) if live else wanted
    failed = compare_releases(wanted, served)
    different = compare_containers(list_expected(export, served), list_observed(client))
    return [*failed, *different, *(check_files(export, live) if live and not failed else [])], not failed


def judge(stack: str, export: Export, locked: str | None = None, failed: str = "") -> tuple[bool, list[str]]:
    """Whether nothing differs, and the lines to print; `locked` says why no update is possible now, and what to do.

    `failed` is the log of the last update where that failed. Then the state does not name all that it asked for:
    neither a release whose image or release command failed, nor that a site was taken out.
    """
    if list_resources(export, SERVICE):
        return True, [
            f"The stack {stack} is on ECS: AWS replaces tasks that end by itself. What else was changed",
            f"by hand: pulumi refresh --preview-only --stack {stack}",
        ]
    if not find(export, "nginx"):
        return False, [f"Nothing of the stack {stack} is up.", *(locked or "").splitlines()]
    different, live = compare(export, find_engine(export) or Engine())
    now = datetime.now(UTC)
    ordered = read_certificates(Deployed.of(stack, export)) if find(export, "acme") else {}
    warned = [line for one in ordered.values() for line in one.warn(now)]
    if find(export, "backups") and (backups := read_backups(Deployed.of(stack, export))):
        warned += backups.warn(now)
    if find(export, "service"):
        warned += list_troubles(Deployed.of(stack, export).list_containers(role="service"))
    if failed:
        different.insert(0, f"the last update of {stack} failed, and not all that it asked for is done; see {failed}")
    said = [f"{line}." for line in different]
    if different and not locked:
        said.append(f"{spell('up', stack)} {'fixes it' if live and not failed else 'tries again'}.")
    if not different:
        said = [f"What runs is what the last update of {stack} left."]
    said += (locked or "").splitlines()
    return not different and not warned, [*said, *(f"{line}." for line in warned)]


@click.command(epilog=example("portico check -s prod --json"))
@stack_option
@json_option
@click.pass_context
def command(context: click.Context, stack: str, as_json: bool) -> None:
    """Compare what runs with what the last update left. Exit code 1 where they differ."""
    place = prepare(stack)
    require_stack(stack, place.root)
    export = json.loads(ask("stack", "export", "--show-secrets", "--stack", stack))
    failed = spell_path(find_last_log(place)) if has_failed(stack, place.root) else ""
    good, reported = judge(stack, export, describe(stack, place.root), failed)
    click.echo(spell_json({"stack": stack, "good": good, "reported": reported}) if as_json else "\n".join(reported))
    context.exit(0 if good else 1)
