"""The volumes of data: they outlive releases, the stack and its record, so Portico finds them by their names."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import pulumi
import pulumi_docker as docker

from portico.components.docker.engine_client import Engine
from portico.components.docker.labels import list_labels
from portico.components.docker.other_version import list_volumes, refuse_other_version
from portico.components.docker.preview import is_announced
from portico.components.scope import name_owner, name_resource
from portico.config.messages.data_changes import Kept, Key, announce_data
from portico.config.settings import Settings
from portico.config.settings.data import Data

ROLE, LABEL = "data", "portico.data"
_VOLUME, _CONTAINER = "docker:index/volume:Volume", "docker:index/container:Container"
_NETWORK = "docker:index/network:Network"


def name_volume(site: str, data: str) -> str:
    """What Docker calls it: the same in every run, so that what `down` has left is taken over by the next `up`.

    Neither a site's name nor the data's holds a dot, and whose a volume is that has this name, its labels tell.
    """
    return ".".join((name_owner(), pulumi.get_stack(), site, data))


def label_volume(site: str, data: str) -> dict[str, str]:
    """Its labels: the same as long as it is the same data."""
    return list_labels(ROLE, site) | {LABEL: data}


class DataDisk(Protocol):
    """A disk of its own for data, mounted at `folder`; it may have to come from another machine first."""

    folder: str

    def prepare(self, images: Sequence[pulumi.Output[str]], folders: Sequence[str]) -> pulumi.Output[Any]:
        """Have it mounted, with these folders on it; what is returned is known once they are there.

        It is not taken from another machine before all `images` of the sites are here: until then, that one serves.
        """


@dataclass(frozen=True, kw_only=True)
class DataVolumesArgs:
    """`engine` is asked which volumes there are, None where there is none yet; `resources` are the stack's own.

    `disk` and `place` are PorticoArgs'.
    """

    settings: Settings
    engine: Engine | None = None
    resources: Mapping[str, Any] = field(default_factory=dict)
    disk: DataDisk | None = None
    place: str = ""


class DataVolumes:
    """All of a stack's. Raises pulumi.RunError before anything is made where one of them is somebody else's.

    `of` are the names of a site's volumes by the data's name. `served` are those that NGINX has to see. Both are there
    once `settle` was called.
    """

    def __init__(self, args: DataVolumesArgs, opts: pulumi.ResourceOptions) -> None:
        wanted = {(owner, one.name): one for owner, one in args.settings.list_data()}
        before = dict(_list_known(args.resources))
        found = _ask(args.engine, wanted, args.resources) if wanted or before else {}
        if args.settings.contained_services:
            refuse_other_version(args.settings, list(before), list_volumes(args.engine))
        if lines := list(_list_strangers(args.settings, found)):
            reported = "\n".join(f"  {line}" for line in lines)
            raise pulumi.RunError(f"Data that is not this stack's cannot be used; nothing was changed.\n{reported}")
        if is_announced() and args.engine:
            there = {key for key, one in found.items() if one.exists}
            names = {key: name_volume(*key) for key in wanted}
            servers = [one.name for one in args.settings.contained_services]
            for change in announce_data(before, wanted, there, names, apart=args.disk is not None, services=servers):
                pulumi.log.info(str(change))
        self._wanted, self._disk = wanted, args.disk
        folder = args.disk.folder if args.disk else None
        self._volumes = {key: _keep(*key, args.place, folder, opts) for key in wanted}

    def settle(self, images: Sequence[pulumi.Output[str]]) -> None:
        """Wait for the disk, where there is one, before anything is mounted; `images` are DataDisk's."""
        if self._disk:
            ready = self._disk.prepare(images, [name_volume(*key) for key in self._wanted])
            self._volumes = {
                key: pulumi.Output.all(volume, ready).apply(lambda known: str(known[0]))
                for key, volume in self._volumes.items()
            }

    @property
    def served(self) -> dict[str, pulumi.Output[str]]:
        """The volumes with a URL, by "site/data"."""
        return {"/".join(key): volume for key, volume in self._volumes.items() if self._wanted[key].url}

    def of(self, site: str) -> Mapping[str, pulumi.Output[str]]:
        """The names of its volumes by the name of the data; {} for a site without data."""
        return {name: volume for (owner, name), volume in self._volumes.items() if owner == site}


def _keep(site: str, data: str, place: str, folder: str | None, opts: pulumi.ResourceOptions) -> pulumi.Output[str]:
    """The volume; on a disk that is mounted at `folder` it is a folder of that."""
    name = name_volume(site, data)
    labels = [docker.VolumeLabelArgs(label=key, value=value) for key, value in label_volume(site, data).items()]
    return docker.Volume(
        name_resource(f"{site}-data-{data}{place}"),
        name=name,
        labels=labels,
        # Docker mounts it with its first container, which does not start where the disk is not there.
        driver_opts={"type": "none", "o": "bind", "device": f"{folder}/{name}"} if folder else None,
        # Pulumi may forget it, and never delete it. So it needs no protection, which would stand in the way of
        # taking it out of the settings.
        opts=pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(retain_on_delete=True)),
    ).name


@dataclass(frozen=True)
class _Found:
    """What the engine shows of a wanted volume: whether it is there, its labels, and who else uses it now."""

    exists: bool = False
    labels: Mapping[str, str] = field(default_factory=dict)
    strangers: tuple[str, ...] = ()


def _ask(engine: Engine | None, wanted: Mapping[Key, Data], resources: Mapping[str, Any]) -> dict[Key, _Found]:
    """What is found of each, {} where the engine cannot be asked: who needs it says so. It takes 10 ms a volume."""
    import docker.errors

    if engine is None or not wanted:
        return {}
    try:
        client = engine.connect()
        listed = {one["Name"]: one for one in client.api.volumes().get("Volumes") or []}
        return {key: _look(client, listed.get(name_volume(*key)), resources) for key in wanted}
    except (docker.errors.DockerException, OSError):
        return {}


def _look(client: Any, volume: Mapping[str, Any] | None, resources: Mapping[str, Any]) -> _Found:
    if volume is None:
        return _Found()
    # What the stack starts beside its record, such as `portico exec`, is in its network.
    own, networks = _name_all(resources, _CONTAINER), _name_all(resources, _NETWORK)
    strangers = []
    for one in client.api.containers(filters={"volume": volume["Name"]}):
        name = str((one.get("Names") or ["?"])[0]).removeprefix("/")
        if name not in own and not networks & set((one.get("NetworkSettings") or {}).get("Networks") or {}):
            strangers.append(name)
    return _Found(True, volume.get("Labels") or {}, tuple(sorted(strangers)))


def _name_all(resources: Mapping[str, Any], kind: str) -> set[str]:
    return {str(one["outputs"].get("name")) for one in resources.values() if one["type"] == kind}


def _list_strangers(settings: Settings, found: Mapping[Key, _Found]) -> Iterator[str]:
    for where, owner, name in _list_places(settings):
        seen, volume = found.get((owner, name)), name_volume(owner, name)
        if seen is None or not seen.exists:
            continue
        if label_volume(owner, name).items() - seen.labels.items():
            yield (
                f"{where}: there is a volume {volume} already, and its labels say that it is not this "
                f"{'site' if where.startswith('sites') else 'service'}'s; "
                "write another name, or remove it: docker volume rm"
            )
        elif seen.strangers:
            yield (
                f"{where}: the volume {volume} is in use by {', '.join(seen.strangers)}, which this stack's record "
                "does not know: another checkout has a stack of the same name here; remove that one with its own "
                "`portico down`, or write another name"
            )


def _list_places(settings: Settings) -> Iterator[tuple[str, str, str]]:
    """Where each folder stands in the settings, whose it is, and its name."""
    for index, site in enumerate(settings.sites):
        yield from ((f"sites[{index}].data[{number}]", site.name, one.name) for number, one in enumerate(site.data))
    for index, service in enumerate(settings.services):
        if service.managed:
            continue
        yield f"services[{index}]", service.name, service.data.name


def _list_known(resources: Mapping[str, Any]) -> Iterator[tuple[Key, Kept]]:
    """The data that the last update left, by site and name."""
    for one in resources.values():
        labels = {label["label"]: label["value"] for label in one["outputs"].get("labels") or () if "label" in label}
        if one["type"] == _VOLUME and labels.get("portico.role") == ROLE:
            site, name = labels["portico.site"], labels[LABEL]
            yield (site, name), Kept(site, name, str(one["outputs"].get("name")))
