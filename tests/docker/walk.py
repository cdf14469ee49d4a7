"""A walk through the doors of a deployment: step after step, and what is seen after each compared with the model."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from tests.docker.breakable import REPLICAS, Answer, Breakable, read_live
from tests.docker.command import Result
from tests.docker.doors import STEPS, UPDATES, Kind, Step
from tests.docker.load import Report
from tests.docker.model import Model, Site


class Wrong(AssertionError):
    """A promise that was not kept."""


@dataclass
class Walk:
    """Takes steps on a sites that is up, and raises Wrong where something is not as the model says.

    Of the requests that were `sent`, some may be `excused`: nobody was left to answer them, by a step itself.
    `releases` are the texts that were seen, by the release that was made of each.
    """

    sites: Breakable
    model: Model = field(default_factory=Model)
    taken: list[str] = field(default_factory=list)
    sent: int = 0
    lost: int = 0
    excused: int = 0
    releases: dict[str, int] = field(default_factory=dict)

    def begin(self) -> None:
        """Both sites are up, by a good update."""
        self.taken.clear()
        self.model = Model()
        for name in REPLICAS:
            answer = self.sites.look(name)
            assert isinstance(answer, Answer), answer
            self.releases[answer.release] = answer.text
            site = Site(name=name, source=answer.text, served=answer.text, release=answer.release)
            self.model.sites[name] = site
        self._read_earlier()

    def recover(self) -> None:
        """Back to where all is well, after whatever went wrong: good sources, nothing pinned, one good update."""
        deployment = self.sites.deployment
        deployment.pulumi("config", "rm", "--stack", deployment.name, "rollback", fails=None)
        for name in REPLICAS:
            self.sites.write(name)
        deployment.recover()
        self.begin()

    def take(self, names: Iterable[str]) -> None:
        """Take these steps, one after the other."""
        for name in names:
            self.step(STEPS[name])

    def list_sequences(self, length: int) -> set[tuple[str, ...]]:
        """The different sequences of so many steps that were taken."""
        return {tuple(self.taken[start : start + length]) for start in range(len(self.taken) - length + 1)}

    def step(self, step: Step) -> None:
        """Take one step under load, and look."""
        model, sites = self.model, self.model.sites.values()
        self.taken.append(step.name)
        # A switch that was killed by halves may still finish.
        before = {site.name: {site.served, site.killed} for site in sites}
        down = {site.name for site in sites if site.down}
        with self.sites.load() as load:
            result = step.do(self.sites)
            load.wait(0.5)
        report = load.report()
        print(f"  {len(self.taken):3} {step.name}: {describe(result, report)}", flush=True)
        acted = model.foresee(step, self.sites.texts)
        down |= {site.name for site in sites if site.down}
        if model.interrupted and step.kind in (*UPDATES, Kind.PART):
            # Until somebody recovers, an update may be refused, or bring what is asked for now, of one site or of all.
            before = {site.name: before[site.name] | {site.wanted} for site in sites}
        self._judge_requests(report, before, down)
        for site in sites:
            self._judge_answers(site, before[site.name])
        if result:
            self._judge_command(step, result, acted)
        if step.kind in UPDATES and model.succeeded:
            self._judge_containers()
        if step.kind is Kind.RECOVER:
            self._read_earlier()

    def _read_earlier(self) -> None:
        """After a run that was killed nobody else knows which releases were live by a whole update."""
        for name, records in self.sites.deployment.outputs()["history"].items():
            known = [self.releases.get(record["release"], 0) for record in records]
            self.model.sites[name].earlier = [text for text in known if text]

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
            site = self.model.sites[name]
            allowed = before[name] | {site.served, site.killed}
            self._require(int(text) in allowed, f"text {text} of {name} answered, and only {sorted(allowed)} may")

    def _judge_answers(self, site: Site, before: set[int]) -> None:
        """What answers now, and that all replicas of it are there but for those that somebody took."""
        answer = self.sites.look(site.name)
        if site.down:
            return
        if not isinstance(answer, Answer):
            raise self._fail(f"{site.name} answers: {answer}")
        self.releases[answer.release] = answer.text
        if self.model.interrupted and answer.text in before | {site.killed, site.wanted}:
            site.served = answer.text
        if not site.wanted and answer.text in before:
            site.served = answer.text
        self._require(answer.text == site.served, f"text {answer.text} of {site.name} answers, not {site.served}")
        site.release = answer.release
        if not site.hurt and not self.model.interrupted:
            count, wanted = len(self.sites.list_serving(site.name)), REPLICAS[site.name]
            self._require(count == wanted, f"{count} replicas of what {site.name} serves are there, not {wanted}")

    def _judge_command(self, step: Step, result: Result, acted: bool) -> None:
        """Whether its exit code, and what it tells, are true."""
        model, ended = self.model, f"{step.name} ended with {result.code}"
        if step.kind in UPDATES:
            right = (result.code == 0) == (acted and model.live) or (model.interrupted and result.code != 0)
            reported = f"{ended}; all that is asked for is live: {model.live}"
            self._require(right, f"{reported}\n{result.tail(60)}")
        elif step.kind is Kind.LOOK and not model.interrupted:
            right = self._tells_the_truth(step.name, result)
            self._require(right, f"{ended}, and what it says is not so\n{result.tail(60)}")

    def _tells_the_truth(self, name: str, result: Result) -> bool:
        model, sites, well = self.model, self.model.sites.values(), result.code == 0
        match name.split()[-1]:
            case "check" if (model.hurt and not model.unsure) or model.failed:
                return not well
            case "check" if model.succeeded and not model.hurt:
                return well
            case "check":
                return True
            case "releases":
                reported = read_live(result.output)
                return well and all(reported.get(site.name) == [site.release] for site in sites if not site.down)
            case "diff":
                asked = all((site.pinned or site.source) == site.served for site in sites)
                return well and ("Nothing differs" in result.output) == asked
            case "render":
                # What a site is pinned to has no source that could be rendered.
                return well != model.pinned
            case "preview" if model.failed:
                return well and result.changes > 0
            case "preview" if model.succeeded and not model.hurt:
                return well and result.changes == 0
        return well

    def _judge_containers(self) -> None:
        """After a good update nothing is there but what is wanted, and Pulumi's outputs tell it."""
        present, wanted = self.sites.deployment.present(), self.sites.deployment.wanted()
        self._require(present == wanted, f"there is {present}, and wanted is {wanted}")

    def _require(self, holds: bool, what: str) -> None:
        if not holds:
            raise self._fail(what)

    def _fail(self, what: str) -> Wrong:
        steps = "\n".join(f"  {number:3} {name}" for number, name in enumerate(self.taken, 1))
        return Wrong(f"{what}\nafter these steps:\n{steps}\nwhere {self.model}")


def describe(result: Result | None, report: Report) -> str:
    """One line for each step of a walk."""
    ended = f"{result.code} after {result.seconds:.1f} s, " if result else ""
    return f"{ended}{report.failed} of {report.sent} lost, seen {' '.join(report.seen)}"


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
