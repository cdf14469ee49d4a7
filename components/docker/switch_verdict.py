"""The result of a switch, as a message, and compared with what the engine shows at the end of the run."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import docker.errors
import pulumi

from portico.components.docker.diagnosis import describe
from portico.components.docker.engine_client import Engine
from portico.components.docker.live_files import read_live
from portico.components.docker.replica import Replica
from portico.components.docker.superseded_replicas import stop_superseded
from portico.components.partial_update import NONE, join_names, tell_failed
from portico.components.shutdown import settle


@dataclass(frozen=True)
class Ended:
    """A switch that has ended: to which tree, in which NGINX, what it asked (container ids), and how it ended."""

    tree: str
    edge: str
    replicas: Sequence[str]
    code: int | None
    logs: str | None

    def serves(self, site: str) -> bool:
        """Whether `site` is live as asked for; nobody asks for the replicas of one in maintenance."""
        return self.code in (None, 0) or bool(_read_live(self) and site not in _read_refused(self))


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What the switch was to do: ask the replicas `asked`. `served` are the releases that were live before, by site.

    `engine` is asked why a replica is not well, and at the end whether everything is there.
    """

    asked: Sequence[Replica]
    served: Mapping[str, str]
    engine: Engine | None

    def require_answers(self, ended: Ended) -> str:
        """The tree's digest, once NGINX has something to answer with: a release of one site at least.

        Raises pulumi.RunError where it has nothing: nobody needs its port then.
        """
        if ended.code in (None, 0) or self.served or _read_live(ended):
            return ended.tree
        raise self._refuse(ended)

    def require_live(self, ended: Ended, lacking: Sequence[str] = ()) -> str:
        """The tree's digest, once the switch has ended well and the engine shows what it left.

        `lacking` are sites of which a replica could not be made, asked or not.
        Raises pulumi.RunError with what is live and what is not, and why; nothing is deleted then.
        """
        if pulumi.runtime.is_dry_run():
            return ended.tree
        if ended.code not in (None, 0):
            raise self._refuse(ended)
        if lacking:
            raise pulumi.RunError(tell_failed(lacking))
        if self.engine and (wrong := compare(self.engine, self.asked, ended)):
            raise pulumi.RunError(
                f"What should be live is not: {'; '.join(wrong)}. Nothing was removed. Run this again: "
                "it replaces what is unhealthy."
            )
        settle()
        return ended.tree

    def _refuse(self, ended: Ended) -> pulumi.RunError:
        said = _explain(self.engine, ended, self.served)
        if self.engine and "@drained" in (ended.logs or ""):
            stop_superseded(self.engine, ended.edge)
        return pulumi.RunError(said)


def _read_refused(ended: Ended) -> dict[str, list[tuple[str, str, str]]]:
    """The replicas that the switch refused, by site: index, container and why."""
    refused: dict[str, list[tuple[str, str, str]]] = {}
    for line in (ended.logs or "").splitlines():
        if line.startswith("@refused "):
            _, site, index, container, why = line.split(" ", 4)
            refused.setdefault(site, []).append((index, container, why))
    return refused


def _read_live(ended: Ended) -> list[str]:
    """The sites that the switch has made live with the release that was asked for."""
    return [line.removeprefix("@live ") for line in (ended.logs or "").splitlines() if line.startswith("@live ")]


def _explain(engine: Engine | None, ended: Ended, served: Mapping[str, str]) -> str:
    lines, refused, live = (ended.logs or "").strip().splitlines(), _read_refused(ended), _read_live(ended)
    for site, replicas in refused.items():
        keeps = _tell_keeps(site, served)
        # The replicas of one release fail alike: the first one says why.
        index, container, why = replicas[0]
        # The reason was reported when making it failed.
        if container == NONE:
            continue
        pulumi.log.error(describe(engine, container, f"{site}-gunicorn-{index}", why, keeps))
    reported = [line for line in lines if not line.startswith("@")]
    if not refused:
        what = "The new releases are live, but the switch ended with an error." if live else "NGINX was not switched."
        return "\n".join([what, *(f"  {line}" for line in reported or [_tell_silence(ended.code)])])
    parts = [tell_failed(refused)]
    if live:
        verb = "is" if len(live) == 1 else "are"
        parts.append(f"{join_names(live)} {verb} live with the release that was asked for.")
    names = tuple(f"{site}-gunicorn-" for site in refused)
    parts += [line for line in reported if not line.endswith(" is live") and not line.startswith(names)]
    return "\n".join(parts)


def _tell_silence(code: int | None) -> str:
    # It runs among NGINX's processes, and ends with them.
    if code == 137:
        return "it was killed: NGINX's container ended meanwhile, or somebody stopped it; run this again"
    return f"it printed nothing, and ended with {code}"


def _tell_keeps(site: str, served: Mapping[str, str]) -> str:
    if site in served:
        return f"It gets no request; the release before it ({served[site]}) keeps serving."
    return f"It gets no request; there is no release of {site} before it, so nothing answers for {site} yet."


def compare(engine: Engine, asked: Sequence[Replica], ended: Ended) -> list[str]:
    """What the engine shows otherwise than it should be."""
    live = read_live(engine, ended.edge)
    right = live is not None and live.target == f"trees/{ended.tree}"
    found = [] if right else [f"NGINX does not serve the tree {ended.tree}"]
    try:
        client = engine.connect()
        listed: list[dict[str, Any]] = client.api.containers(all=True)
    except (docker.errors.DockerException, OSError) as error:
        return [f"Docker could not be asked: {error}"]
    seen = {one["Id"]: one for one in listed}
    for one, id in zip(asked, ended.replicas, strict=True):
        there = seen.get(id)
        if there is None or there["State"] != "running":
            found.append(f"{one.name} {'is gone' if there is None else 'does not run'}")
        elif "(unhealthy)" in str(there["Status"]):
            found.append(f"{one.name} does not pass its health check")
    return found
