"""A walk through the doors of a deployment, and the model of what may be seen after each step.

The promises, whatever was done before:

- what answers is the last good release or a newer good one, all the time, and no request is lost; but where somebody
  has removed or stopped the only replica of a site, requests to it may fail until an update has made another one;
- a command that updates ends with 0 exactly if all that is asked for is live then; one broken site keeps no other one
  from going live;
- `make check` ends with 0 exactly if what runs is what was asked for and nothing was changed by hand;
- `make releases` calls live what answers, `make diff` finds a difference where there is one, and so does a preview.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from tests.docker.command import Result
from tests.docker.doors import STEPS, Kind, Step
from tests.docker.ground import REPLICAS, Answer, Ground, read_live
from tests.docker.load import Report

KEPT = 5  # releases to go back to: keepReleases
# They bring all that is asked for live, or say that they could not.
UPDATES = (Kind.UPDATE, Kind.RECOVER, Kind.HOLD, Kind.FREE)


@dataclass
class Site:
    """What the model knows of a site. Texts are numbers: see Ground.

    `served` answers, `release` is what it was released as. `past` are those that can be gone back to, newest first;
    `killed` what an update that was killed may still bring live. `hurt` says what its live replicas suffer.
    """

    name: str
    source: int
    good: bool = True
    served: int = 0
    release: str = ""
    held: int = 0
    killed: int = 0
    past: list[int] = field(default_factory=list)
    hurt: set[str] = field(default_factory=set)

    @property
    def wanted(self) -> int:
        """The text that an update makes live; 0 where it must fail."""
        return self.held or (self.source if self.good else 0)

    @property
    def down(self) -> bool:
        """Whether nobody may be left to answer."""
        return REPLICAS[self.name] == 1 and bool(self.hurt & {"remove", "stop"})

    def find_before(self) -> int:
        """The text to go back to; 0 for none."""
        live = self.held or self.served
        older = self.past[self.past.index(live) + 1 :] if live in self.past else self.past
        return older[0] if older else 0


class Wrong(AssertionError):
    """A promise that was not kept."""


@dataclass
class Walk:
    """Takes steps on a ground that is up, and raises Wrong where something is not as the model says."""

    ground: Ground
    sites: dict[str, Site] = field(default_factory=dict)
    taken: list[str] = field(default_factory=list)
    sent: int = 0
    lost: int = 0
    excused: int = 0  # requests that failed where the last replica was taken away by hand
    # What is known of the last update: it succeeded, it failed; and what was done since.
    succeeded: bool = False
    failed: bool = False
    interrupted: bool = False
    unsure: bool = False  # whether a replica that was hurt by hand was made anew
    texts: dict[str, int] = field(default_factory=dict)  # by the release that was made of it

    def begin(self) -> None:
        """Both sites are up, by a good update."""
        self.taken.clear()
        self.failed = self.interrupted = self.unsure = False
        self.succeeded = True
        for name in REPLICAS:
            answer = self.ground.look(name)
            assert isinstance(answer, Answer), answer
            self.texts[answer.release] = answer.text
            self.sites[name] = Site(name=name, source=answer.text, served=answer.text, release=answer.release)
        self._read_past()

    def recover(self) -> None:
        """Back to where all is well, after whatever went wrong: good sources, nothing held, one good update."""
        deployment = self.ground.deployment
        deployment.pulumi("config", "rm", "--stack", deployment.name, "rollback", fails=None)
        for name in REPLICAS:
            self.ground.write(name)
        deployment.recover()
        self.begin()

    def take(self, names: Iterable[str]) -> None:
        """Take these steps, one after the other."""
        for name in names:
            self.step(STEPS[name])

    def list_sequences(self, length: int) -> set[tuple[str, ...]]:
        """The different sequences of so many steps that were taken."""
        return {tuple(self.taken[start : start + length]) for start in range(len(self.taken) - length + 1)}

    # --- one step

    def step(self, step: Step) -> None:
        self.taken.append(step.name)
        # A switch that was killed by halves may still come to its end.
        before = {site.name: {site.served, site.killed} for site in self.sites.values()}
        down = {site.name for site in self.sites.values() if site.down}
        with self.ground.load() as load:
            result = step.do(self.ground)
            load.wait(0.5)
        report = load.report()
        print(f"  {len(self.taken):3} {step.name}: {self._describe(result, report)}", flush=True)
        acted = self._foresee(step)
        down |= {site.name for site in self.sites.values() if site.down}
        self._judge_requests(report, before, down)
        for site in self.sites.values():
            self._judge_answers(site, before[site.name])
        if result:
            self._judge_code(step, result, acted)
        if self.succeeded and step.kind in UPDATES:
            self._judge_containers()
        if step.kind is Kind.RECOVER:
            self._read_past()

    def _describe(self, result: Result | None, report: Report) -> str:
        ended = f"{result.code} after {result.seconds:.1f} s, " if result else ""
        return f"{ended}{report.failed} of {report.sent} lost, seen {' '.join(report.seen)}"

    # --- the model

    def _foresee(self, step: Step) -> bool:
        """What the sites are to be after this step; whether it does anything. Only a killed run leaves a choice."""
        match step.kind:
            case Kind.UPDATE:
                self._foresee_update()
            case Kind.RECOVER:
                self.interrupted = False
                self._foresee_update()
                for one in self.sites.values():
                    one.killed = 0
            case Kind.PART:
                self.succeeded = False
                self.unsure = self.unsure or any(one.hurt for one in self.sites.values())
            case Kind.KILL:
                self.interrupted, self.succeeded, self.failed = True, False, False
                for one in self.sites.values():
                    one.killed = one.wanted
            case Kind.SOURCE | Kind.HAND | Kind.HOLD | Kind.FREE:
                return self._foresee_of(self.sites[step.site], step)
        return True

    def _foresee_of(self, site: Site, step: Step) -> bool:
        if step.kind is Kind.SOURCE:
            site.source, site.good = self.ground.texts, "break" not in step.name
            self.succeeded = self.failed = False
        elif step.kind is Kind.HAND:
            site.hurt.add(step.hurt)
        else:
            held = site.find_before() if step.kind is Kind.HOLD else 0
            # Nothing to go back to, or nothing held: nothing is run.
            if bool(held) != (step.kind is Kind.HOLD) or held == site.held:
                return False
            site.held = held
            self._foresee_update()
        return True

    def _foresee_update(self) -> None:
        if self.interrupted:
            # It may be refused; what it says is compared with what answers.
            self.succeeded = self.failed = False
            return
        self.succeeded = all(site.wanted for site in self.sites.values())
        self.failed = not self.succeeded
        self.unsure = False
        for site in self.sites.values():
            if site.wanted:
                site.served = site.wanted
                site.hurt.clear()
            if self.succeeded and not site.held:
                site.past = [site.served, *(one for one in site.past if one != site.served)][:KEPT]

    def _read_past(self) -> None:
        """After a run that was killed nobody else knows which releases were live by a whole update."""
        for name, records in self.ground.deployment.outputs()["history"].items():
            known = [self.texts.get(record["release"], 0) for record in records]
            self.sites[name].past = [text for text in known if text]

    # --- what is seen

    def _judge_requests(self, report: Report, before: Mapping[str, set[int]], down: set[str]) -> None:
        self.sent += report.sent
        for name, counts in ((host.partition(".")[0], counts) for host, counts in report.hosts.items()):
            if name in down:
                self.excused += counts["failed"]
            else:
                self.lost += counts["failed"]
                self._require(not counts["failed"], f"requests to {name} were lost: {report.details()}")
        self._require(not report.ended_early, report.ended_early)
        for seen in report.seen:
            name, _, text = seen.partition("/")
            site = self.sites[name]
            allowed = before[name] | {site.served, site.killed}
            self._require(int(text) in allowed, f"text {text} of {name} answered, and only {sorted(allowed)} may")

    def _judge_answers(self, site: Site, before: set[int]) -> None:
        """What answers now, and that all replicas of it are there but for those that somebody took."""
        answer = self.ground.look(site.name)
        if site.down:
            return
        if not isinstance(answer, Answer):
            raise self._fail(f"{site.name} answers: {answer}")
        self.texts[answer.release] = answer.text
        if self.interrupted and answer.text in before | {site.killed, site.wanted}:
            site.served = answer.text
        if not site.wanted and answer.text in before:
            site.served = answer.text
        self._require(answer.text == site.served, f"text {answer.text} of {site.name} answers, not {site.served}")
        site.release = answer.release
        if not site.hurt and not self.interrupted:
            count, wanted = len(self.ground.list_serving(site.name)), REPLICAS[site.name]
            self._require(count == wanted, f"{count} replicas of what {site.name} serves are there, not {wanted}")

    def _judge_code(self, step: Step, result: Result, acted: bool) -> None:
        """Whether its exit code, and what it tells, are true."""
        name, well, tail = step.name, result.code == 0, f"\n{result.tail(60)}"
        live = all(site.wanted == site.served for site in self.sites.values())
        if step.kind in UPDATES:
            right = well == (acted and live) or (self.interrupted and not well)
            self._require(right, f"{name} ended with {result.code}; all that is asked for is live: {live}{tail}")
        elif not self.interrupted and step.kind is Kind.LOOK:
            self._require(
                self._tells_the_truth(name, result), f"{name} ended with {result.code}, and is not right{tail}"
            )

    def _tells_the_truth(self, name: str, result: Result) -> bool:
        sites = self.sites.values()
        hurt, well = any(site.hurt for site in sites), result.code == 0
        match name.split()[-1]:
            case "check" if (hurt and not self.unsure) or self.failed:
                return not well
            case "check" if self.succeeded and not hurt:
                return well
            case "check":
                return True
            case "releases":
                told = read_live(result.output)
                return well and all(told.get(site.name) == [site.release] for site in sites if not site.down)
            case "diff":
                asked = all((site.held or site.source) == site.served for site in sites)
                return well and ("Nothing differs" in result.output) == asked
            case "render":
                # What a site is held at has no source that could be rendered.
                return well != any(site.held for site in sites)
            case "preview" if self.failed:
                return well and result.changes > 0
            case "preview" if self.succeeded and not hurt:
                return well and result.changes == 0
        return well

    def _judge_containers(self) -> None:
        """After a good update nothing is there but what is wanted, and Pulumi's outputs tell it."""
        present, wanted = self.ground.deployment.present(), self.ground.deployment.wanted()
        self._require(present == wanted, f"there is {present}, and wanted is {wanted}")

    def _require(self, holds: bool, what: str) -> None:
        if not holds:
            raise self._fail(what)

    def _fail(self, what: str) -> Wrong:
        steps = "\n".join(f"  {number:3} {name}" for number, name in enumerate(self.taken, 1))
        return Wrong(f"{what}\nafter these steps:\n{steps}\nwhere {self.sites}")


def chain(doors: Sequence[str]) -> list[str]:
    """One way through these doors on which each of them follows each, itself included: every pair once."""
    # Hierholzer: in the graph of all pairs as many ways lead to each door as away from it.
    left = {door: list(doors) for door in doors}
    way: list[str] = []
    at = [doors[0]]
    while at:
        if left[at[-1]]:
            at.append(left[at[-1]].pop(0))
        else:
            way.append(at.pop())
    way.reverse()
    assert len(set(pairwise(way))) == len(doors) ** 2
    return way
