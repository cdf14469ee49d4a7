"""Whether an update may remove or replace something that cannot be restored: then a preview comes first."""

from collections.abc import Iterable
from typing import Any

from portico.cli.engine import CONTAINER, Export, find_address, list_resources
from portico.cli.prepare import Place
from portico.cli.project import read_config
from portico.config.services.labels import NAME


def tell_danger(place: Place, export: Export) -> str:
    """Why a preview comes first, as words for people; "" where the update may go on at once.

    An update may where it only makes things, and where each thing it replaces has a successor beside it: there the
    program runs once. It may not where a site or a service goes, where the sites move to another machine, or on AWS,
    where a replacement is a machine.
    """
    config = read_config(place.root, place.stack)
    target = str(config.get("target") or "local")
    if is_cloud(target):
        return f"the target is {target}"
    deployed = set(list_labels(export, "portico.site"))
    if not deployed:
        return ""
    gone = sorted(deployed - set(name_all(config.get("sites"))))
    if gone := gone + sorted(set(list_labels(export, NAME)) - set(name_all(config.get("services")))):
        return f"{', '.join(gone)} would be removed"
    if _moves(config, target, export):
        return "the sites would move to another machine"
    return ""


def is_cloud(target: str) -> bool:
    """Whether Pulumi makes and removes machines there."""
    return target not in ("local", "ssh")


def list_labels(export: Export, name: str) -> Iterable[str]:
    """The values of this label of containers in the state: the sites, say, that have some."""
    for one in list_resources(export, CONTAINER):
        for label in (one.get("inputs") or {}).get("labels") or []:
            if isinstance(label, dict) and label.get("label") == name:
                yield str(label.get("value"))


def name_all(settings: Any) -> Iterable[str]:
    """The names that a list of settings gives, such as that of the sites; what is none is refused by the program."""
    return [str(one.get("name")) for one in settings if isinstance(one, dict)] if isinstance(settings, list) else []


def _moves(config: dict[str, Any], target: str, export: Export) -> bool:
    address = find_address(export)
    remote = address.startswith("ssh://")
    if target == "local":
        return remote
    ssh = config.get("ssh")
    host = str(ssh.get("host") or "") if isinstance(ssh, dict) else ""
    return not remote or host not in address
