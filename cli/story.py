"""What a run does, reported as changes that a user would name: of each site, and of NGINX."""

import re
from dataclasses import dataclass, field

from portico.cli.events import STACK, Event
from portico.cli.failure import choose, lists_mistakes, tidy

_MADE = ("create", "create-replacement", "replace", "update")
_GONE = ("delete", "delete-replaced", "discard-replaced")
# The sentences of config/messages/change_summary.py that the changes themselves tell afterwards.
_RELEASE = re.compile(r"(?P<site>[\w-]+): a new release \((?P<old>\w+) → (?P<new>\w+)\): ")
_ADDED = re.compile(r"(?P<site>[\w-]+): added: ")
# Types of which each release makes new ones.
_RENEWED = ("docker:", "portico:", "pulumi:", "aws:ecs/taskDefinition:")
IMAGE = "docker:index/remoteImage:RemoteImage"


@dataclass
class Change:
    """What an update does with one site. Times are those of the events, in seconds."""

    site: str
    what: str = "changes"
    began: int = 0
    building: int | None = None
    built: int | None = None
    ordered: int | None = None  # its release command
    done: int | None = None
    starting: int | None = None
    live: int | None = None
    given_up: bool = False

    def describe_stage(self) -> str:
        """What is done just now."""
        if self.live is not None:
            return "live"
        if self.ordered is not None and self.done is None:
            return "running its release command"
        if self.starting is not None:
            return "getting healthy"
        return "building" if self.building is not None and self.built is None else "starting"

    def describe(self) -> str:
        """What was done, in one line."""
        parts = []
        if self.building is not None and self.built is not None:
            parts.append(f"built in {self.built - self.building} s")
        if self.ordered is not None and self.done is not None:
            parts.append(f"release command done in {self.done - self.ordered} s")
        if self.starting is None or self.live is None:
            parts.append("live")
        else:
            # It waits for other sites of the update, too, so this is not how long its replicas took to become healthy.
            parts.append(f"live {self.live - self.starting} s after its start")
        return f"{self.site}: {self.what}: {', '.join(parts)}."


@dataclass
class Story:
    """The run so far. `errors` are (resource, message), `notes` what was said, `counts` the resources by kind of step.

    `foresees`: it is a preview, and the sentences of the program are what it is for. `lost` are then the resources
    that would go or be replaced, but for those that each release makes again. `missing` are the health paths, by site,
    that are answered with 404.
    """

    foresees: bool = False
    begun: bool = False
    changes: dict[str, Change] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    errors: list[tuple[str, str]] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    removed: dict[str, int] = field(default_factory=dict)
    lost: list[str] = field(default_factory=list)
    missing: dict[str, str] = field(default_factory=dict)
    busy: str = ""

    def take(self, event: Event) -> list[str]:
        """Go on with an event; the lines that it is worth just now."""
        match event.kind:
            case "diagnosticEvent" if not event.body.get("ephemeral"):
                return self._hear(event, str(event.body.get("severity")), str(event.body.get("message")))
            case "resourcePreEvent" if event.body.get("planning"):
                self._foresee(event)
            case "resourcePreEvent":
                self._begin(event)
            case "resOutputsEvent" if not event.body.get("planning"):
                self._end(event)
            case "preludeEvent":
                self.begun = True
            case "summaryEvent":
                self.counts = dict(event.body.get("resourceChanges") or {})
        return []

    def _hear(self, event: Event, severity: str, message: str) -> list[str]:
        own = event.type in ("", STACK)
        if severity == "error":
            self.errors.append(("" if own else event.name, message))
            return self._give_up(tidy(message)) if own else []
        elif severity == "warning":
            return self._tell(f"warning: {tidy(message.removeprefix('warning: '))}")
        elif severity == "info" and own:
            text = message.strip()
            if not self.foresees and (reported := _RELEASE.match(text)):
                self._find(
                    reported["site"], event.at
                ).what = f"new release {reported['new']} (before: {reported['old']})"
            elif not self.foresees and (reported := _ADDED.match(text)):
                self._find(reported["site"], event.at).what = "added"
            else:
                return self._tell(text)
        return []

    def _give_up(self, text: str) -> list[str]:
        """What is said of a site at once while others are on their way: who waits for it need not wait for those."""
        first = re.split(r"[.;\n]", text, maxsplit=1)[0]
        named = [site for site in self.changes if f"{first} ".startswith((f"{site}-", f"{site} "))]
        if not named or "did not go live" in first:
            return []
        change = self.changes[max(named, key=len)]
        known, change.given_up = change.given_up, True
        others = [one.site for one in self.changes.values() if one.live is None and not one.given_up]
        return (
            []
            if known or not others
            else self._tell(f"{change.site} is given up: {first}. The cause is reported at the end.")
        )

    def _tell(self, text: str) -> list[str]:
        if not text or text in self.notes:
            return []
        self.notes.append(text)
        return [text]

    def _find(self, site: str, at: int) -> Change:
        return self.changes.setdefault(site, Change(site, began=at))

    def _begin(self, event: Event) -> None:
        op, labels = str(event.step.get("op")), event.labels
        site, role = labels.get("portico.site", ""), labels.get("portico.role")
        if op in _MADE:
            self.busy = f"making {event.name}"
            # No site is called so: what makes backups has an image, too.
            site = "" if "_" in site else site
            if site and event.type == IMAGE:
                self._find(site, event.at).building = event.at
            elif site and role == "command":
                change = self._find(site, event.at)
                change.ordered = event.at if change.ordered is None else change.ordered
            elif site and role == "gunicorn":
                change = self._find(site, event.at)
                change.starting = event.at if change.starting is None else change.starting
        elif op in _GONE:
            self.busy = f"removing {event.name}"

    def _foresee(self, event: Event) -> None:
        op = str(event.step.get("op"))
        if op in ("replace", *_GONE) and not event.type.startswith(_RENEWED) and event.name not in self.lost:
            self.lost.append(event.name)

    def _end(self, event: Event) -> None:
        op, labels = str(event.step.get("op")), event.labels
        # Data goes out of Pulumi's record alone.
        if op in _GONE and event.labels.get("portico.role") != "data":
            kind = event.type.rpartition(":")[2]
            self.removed[kind] = self.removed.get(kind, 0) + 1
        if op not in _MADE:
            return
        if event.type == IMAGE and (change := self.changes.get(labels.get("portico.site", ""))):
            change.built = event.at
        elif labels.get("portico.role") == "command" and (change := self.changes.get(labels.get("portico.site", ""))):
            change.done = event.at if change.done is None else change.done
        elif labels.get("portico.role") == "switch":
            reported = str(((event.step.get("new") or {}).get("outputs") or {}).get("containerLogs") or "")
            for site in re.findall(r"(?m)^@live (\S+)$", reported):
                if (change := self.changes.get(site)) and change.live is None:
                    change.live = event.at
            for site, path in re.findall(r"(?m)^@missing (\S+) (\S+)$", reported):
                if site in self.changes:
                    self.missing[site] = path

    @property
    def changed(self) -> int:
        """How many resources were changed, or would be."""
        return sum(count for op, count in self.counts.items() if op not in ("same", "refresh", "read"))

    def tell_progress(self) -> str:
        """What is done just now, in one line."""
        open_ = [change for change in self.changes.values() if change.live is None and not change.given_up]
        if open_:
            return "; ".join(f"{change.site}: {change.describe_stage()}" for change in open_)
        return self.busy or "comparing with what exists"

    def tell_changes(self) -> list[str]:
        """A line for each site that went live."""
        return [change.describe() for change in self.changes.values() if change.live is not None]

    def tell_missing(self) -> list[str]:
        """A line for each site that went live although its health path has no page."""
        return [
            f"warning: {site} answers its health path {path} with 404: it is live, and there may be no page at all. "
            "Write a path that exists at health, or another entry."
            for site, path in self.missing.items()
        ]

    def list_removed(self) -> list[tuple[str, int]]:
        """How many of each kind are gone, by the name of the kind; what nobody would name is left out."""
        names = {"Container": "container", "Network": "network", "Volume": "volume", "RemoteImage": "image"}
        return [(names[kind], count) for kind, count in self.removed.items() if kind in names]

    @property
    def refused(self) -> bool:
        """Whether nothing was touched: the run did not begin, or the settings were refused."""
        return not self.begun or any(lists_mistakes(message) for _, message in self.errors)

    def tell_failures(self) -> list[str]:
        """Each cause of a failure, once."""
        return choose(self.errors)
