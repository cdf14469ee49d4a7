"""Says in a preview what the authority will find at each host name whose certificate is ordered: DNS, CAA, and more."""

import os
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pulumi

from portico.components.docker.certificate_report import find_report
from portico.components.docker.dns_lookup import is_own, list_sources, look_up
from portico.components.docker.engine_client import Engine
from portico.components.docker.preview import is_announced
from portico.config.messages.caa import tell_caa
from portico.config.messages.host_names import Here, is_public, tell_name, tell_proven
from portico.config.ordered_names import list_ordered
from portico.config.settings import Settings
from portico.config.wildcard import covers, name_below

_ADDRESS = "aws:ec2/eip:Eip"


def announce_names(settings: Settings, resources: Mapping[str, Any], engine: Engine | None) -> None:
    """Look up each name, and say what is known of it; what cannot be known is said to be so. Nothing fails here."""
    acme = settings.tls.acme if settings.tls else None
    sites = {name: site.name for site in settings.ordered for name in (*site.hosts, *site.aliases)}
    if not sites or acme is None or not is_announced():
        return
    names = [*sites]
    public = acme.directory is None
    machine = _name_machine(settings, resources)
    # An authority of the user's own does not read public CAA records.
    addresses, records = look_up([*map(name_below, names), *machine], names if public else ())
    here = _find_here(settings, machine, addresses)
    known, now = find_report(engine, resources), datetime.now(UTC)
    wanted = {site.name: list_ordered(site) for site in settings.ordered}
    for name in names:
        # What stands for any name has no address of its own; what it stands for needs no certificate besides.
        leads, asked = addresses.get(name_below(name)), next(one for one in wanted[sites[name]] if covers([one], name))
        by_dns = acme.proves_by_dns(asked)
        reported = [tell_proven(name, leads, here) if by_dns else tell_name(name, leads, here, public=public)]
        if public and leads is not None:
            reported.append(tell_caa(asked, records, "dns-01" if by_dns else "http-01"))
        if certificate := known.get(sites[name]):
            # Of the names that will be ordered, not of those that were.
            reported.append(replace(certificate, hosts=wanted[sites[name]]).tell_host(name, now))
        line = " ".join(text for text, _ in reported)
        (pulumi.log.warn if any(wrong for _, wrong in reported) else pulumi.log.info)(line)


def _name_machine(settings: Settings, resources: Mapping[str, Any]) -> list[str]:
    """What another machine is called: names or addresses; nothing for this one."""
    if settings.ssh:
        return [settings.ssh.host]
    addresses = [one["outputs"].get("publicIp") for one in resources.values() if one["type"] == _ADDRESS]
    return [str(one) for one in addresses if one]


def _find_here(settings: Settings, machine: list[str], found: Mapping[str, list[str]]) -> Here:
    """The addresses of the machine that NGINX is on, as far as anybody can tell from here."""
    if settings.target != "local":
        # What DNS does not know, such as a name of ssh's own, says nothing.
        own = frozenset(address for name in machine for address in found.get(name, ()))
        # Of a name all are known, and on AWS a machine has no other one.
        return Here(own, whole=settings.target == "aws" or not own <= {*machine})
    if os.environ.get("DOCKER_HOST", "unix://").partition("://")[0] != "unix":
        return Here()
    own = frozenset(address for reported in found.values() for address in reported if is_own(address))
    # Where it speaks by public ones, these are its own; behind a router others lead here.
    return Here(own | {one for one in list_sources() if is_public(one)})
