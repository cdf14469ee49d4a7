"""What an update will do to those who send requests, reported before it is done."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from portico.config.public_address import Public
from portico.config.release.release import Release
from portico.config.release.schedule import list_workers
from portico.config.release.worker import digest_workers
from portico.config.settings import Settings

Kind = Literal["first", "reload", "rolling", "rebuild", "interruption", "update", "removal"]

# What NGINX's container cannot change while it runs, in the user's words; what else it has is "its own parts".
_EDGE = {
    "image": "its image",
    "address": "its address",
    "port": "its port",
    "tls_port": "its HTTPS port",
    "http3": "HTTP/3",
    "data": "the data that it serves",
    "sites": "the sites that have a network",
    "parts": "how Portico starts it",
    "owner": "how Portico holds its port",
}
# Where another container holds the port, of these a new one can begin beside the old one.
_BESIDE = {"image", "data", "sites", "parts"}
# What is published: where the new ports and the old ones go together, both are there for a while.
_PUBLIC = ("address", "port", "tls_port", "http3")
# From the last answer of the old container to the first one of the new; docs/releases.md has the measurements.
GAP = "about 1.5 s"


@dataclass(frozen=True)
class Change:
    """What happens to one `subject`, a site's name or NGINX, in a sentence or two."""

    kind: Kind
    subject: str
    text: str

    def __str__(self) -> str:
        return f"{self.subject}: {self.text}"


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What an update leaves, or will leave: the part of the stack's outputs that announcements compare.

    `images` are names by content, `edge` what NGINX's container is made of, `repairs` how often
    files changed by hand have been restored, `kept` the images of earlier releases that can be gone back to, `workers`
    what the workers of each site are, by name.
    """

    releases: Mapping[str, str]
    images: Mapping[str, str]
    tree: str
    edge: Mapping[str, Any]
    memory: int
    repairs: int = 0
    kept: Mapping[str, Collection[str]] = field(default_factory=dict)
    workers: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def export(self) -> dict[str, Any]:
        """The outputs as the stack shows them; `releases` and `tree` are exported once they are live."""
        workers = {"workers": {site: dict(found) for site, found in self.workers.items()}} if self.workers else {}
        edge = {**self.edge, "memory": self.memory}
        return {"images": dict(self.images), "edge": edge, "repairs": self.repairs} | workers


def foresee(
    settings: Settings, releases: Sequence[Release], tree: str, edge: Mapping[str, Any], repairs: int = 0
) -> Outcome:
    """What an update to these settings and releases will leave."""
    return Outcome(
        releases={release.site.name: release.id for release in releases},
        images={release.site.name: release.image for release in releases},
        tree=tree,
        edge=edge,
        memory=settings.nginx.limit_memory(len(settings.sites)).mebibytes,
        repairs=repairs,
        workers={release.site.name: digest_workers(release) for release in releases if list_workers(release.site)},
    )


def recall(previous: Mapping[str, Any]) -> Outcome | None:
    """What the last good update left, from the stack's outputs; None before the first one."""
    if not all(previous.get(key) for key in ("releases", "images", "tree", "edge")):
        return None
    edge = dict(previous["edge"])
    memory = int(edge.pop("memory", 0))
    return Outcome(
        releases=previous["releases"],
        images=previous["images"],
        tree=str(previous["tree"]),
        edge=edge,
        memory=memory,
        repairs=int(previous.get("repairs", 0)),
        kept={
            site: {record["image"] for record in records} | {previous.get("there", {}).get(site)}
            for site, records in previous.get("history", {}).items()
        },
        workers=previous.get("workers", {}),
    )


def announce(
    before: Outcome | None,
    after: Outcome,
    replicas: Mapping[str, int],
    faults: Mapping[str, Sequence[str]] | None = None,
    further: Mapping[str, Sequence[str]] | None = None,
    lost: tuple[str, str] = ("", ""),
) -> list[Change]:
    """What differs, one change a subject: sites in their order, NGINX last; nothing where nothing does.

    `replicas` are the numbers of containers by site, `faults` what is wrong with those that are not well, `further`
    sentences on the other processes of a site (process_changes.py). `lost` is why NGINX's container serves nobody, and
    why that which holds its port does not, such as "gone"; "" where they do.
    """
    return _add_further(_compare(before, after, replicas, faults or {}, lost), after, further or {})


def _compare(
    before: Outcome | None,
    after: Outcome,
    replicas: Mapping[str, int],
    faults: Mapping[str, Sequence[str]],
    lost: tuple[str, str],
) -> list[Change]:
    if before is None:
        return [
            *(_add(site, None, after, replicas[site]) for site in after.releases),
            Change("first", "NGINX", "starts."),
        ]
    changes: list[Change] = []
    for site, id in after.releases.items():
        if site not in before.releases:
            changes.append(_add(site, before, after, replicas[site]))
        elif before.releases[site] != id:
            changes.append(_renew(site, before, after, replicas[site]))
        elif faults.get(site):
            changes.append(Change("rolling", site, _heal(faults[site])))
    changes += [
        Change("removal", site, "removed: NGINX reloads without it, then its replicas end; its images are removed.")
        for site in before.releases
        if site not in after.releases
    ]
    reloads = bool(changes)
    if replaced := [key for key in _EDGE if before.edge.get(key) != after.edge.get(key)]:
        changes.append(_replace(replaced, before, after))
    elif any(lost):
        changes.append(Change("interruption", "NGINX", _restore(*lost)))
    elif before.repairs != after.repairs:
        text = "its files were changed by hand: they are written again, then it reloads. No request waits."
        changes.append(Change("reload", "NGINX", text))
    elif before.memory != after.memory:
        text = f"its memory limit changes while it runs ({before.memory} → {after.memory} MiB). No request waits."
        changes.append(Change("update", "NGINX", text))
    elif before.tree != after.tree and not reloads:
        changes.append(Change("reload", "NGINX", "reload (its files change). No request waits."))
    return changes


def _add_further(changes: Sequence[Change], after: Outcome, further: Mapping[str, Sequence[str]]) -> list[Change]:
    """The changes with those of the other processes of each site; NGINX stays last."""
    reported = {change.subject: change for change in changes}
    for site, sentences in further.items():
        if sentences:
            known = reported.get(site) or Change("update", site, "its replicas stay.")
            reported[site] = Change(known.kind, site, " ".join([known.text, *sentences]))
    names = [*after.releases, *(change.subject for change in changes if change.subject not in after.releases)]
    return [reported[name] for name in names if name in reported]


def _add(site: str, before: Outcome | None, after: Outcome, replicas: int) -> Change:
    there = before is not None and after.images[site] in before.kept.get(site, ())
    image = "its image is there already" if there else "its image is built"
    return Change("first", site, f"added: {image}, {_count(replicas)} start{_s(replicas)}, then NGINX serves it.")


def _renew(site: str, before: Outcome, after: Outcome, replicas: int) -> Change:
    image = after.images[site]
    built = image != before.images.get(site) and image not in before.kept.get(site, ())
    return Change(
        "rebuild" if built else "rolling",
        site,
        f"a new release ({before.releases[site]} → {after.releases[site]}): "
        f"{'its image is built' if built else 'its image is there already'}, "
        f"{_count(replicas)} start{_s(replicas)} beside the old ones, then NGINX reloads. No request waits.",
    )


def _heal(faults: Sequence[str]) -> str:
    why = ", ".join(dict.fromkeys(faults))
    if len(faults) == 1:
        return f"a replica is unhealthy ({why}): another one replaces it once that is healthy. No request waits."
    return (
        f"{len(faults)} replicas are unhealthy ({why}): others replace them once those are healthy. No request waits."
    )


def _restore(edge: str, holder: str) -> str:
    what = f"its container is {edge}" if edge else f"the container that holds its port is {holder}"
    return f"{what}: another one starts. Until then requests get no answer."


def _replace(keys: Sequence[str], before: Outcome, after: Outcome) -> Change:
    image = f" ({before.edge.get('image')} → {after.edge.get('image')})" if "image" in keys else ""
    reasons = " and ".join(_EDGE[key] for key in keys)
    change = "changes" if len(keys) == 1 else "change"
    kept_open = before.edge.get("owner") and after.edge.get("owner")
    quic = " HTTP/3 connections begin again." if after.edge.get("http3") else ""
    if kept_open and set(keys) <= _BESIDE:
        text = f"since {reasons} {change}{image}: the new one takes the port beside it. No request waits."
        return Change("rolling", "NGINX", f"replaced, {text}{quic}")
    old, new = (_read_public(outcome) for outcome in (before, after))
    if old and new and new.stands_beside(old):
        cut = "" if kept_open else " At the old one, requests that take longer than 0.2 s are cut."
        text = f"since {reasons} {change}{image}: the new port is open before the old one closes. No request waits."
        return Change("rolling", "NGINX", f"replaced, {text}{cut}{quic}")
    return Change(
        "interruption",
        "NGINX",
        f"replaced, since {reasons} {change}{image}: {GAP} without answers. "
        "Requests that take longer than 0.2 s are cut.",
    )


def _read_public(outcome: Outcome) -> Public | None:
    # What is not set is no output.
    reported = {key: outcome.edge[key] for key in _PUBLIC if key in outcome.edge}
    return Public(**reported) if {"address", "port"} <= reported.keys() else None


def _count(replicas: int) -> str:
    return "1 replica" if replicas == 1 else f"{replicas} replicas"


def _s(replicas: int) -> str:
    return "s" if replicas == 1 else ""
