"""The deploy benchmark's table, record and files do not rot; the measuring itself is `make bench-deploy`."""

import dataclasses
import re
import runpy
import xml.etree.ElementTree
from collections import Counter
from pathlib import Path

import pytest
import yaml

from bench.deploying import phases, record, table
from bench.deploying.contenders import HERE, NGINX, Contender
from bench.deploying.experts import RollingCompose
from bench.deploying.run import describe
from tests.docker.command import ROOT
from tests.docker.load import Report, Sample, Seen

pytestmark = pytest.mark.extended

SAMPLE = record.load(HERE / "sample.jsonl")
NAMES = ["Portico", "Docker Compose", "Plain pulumi-docker"]


def test_a_record_is_read_back_as_it_was_saved(tmp_path: Path) -> None:
    record.save(tmp_path / "record", SAMPLE)
    assert record.load(tmp_path / "record") == SAMPLE


def test_the_table_has_a_row_for_everybody_and_tells_lost_requests() -> None:
    text = table.make_table(SAMPLE)
    assert [name for name in NAMES if f"\n| {name} |" in text] == NAMES
    compose = next(run for run in SAMPLE if run.contender == "Docker Compose")
    assert f"**{compose.all_lost}**" in text
    assert all(f"{count:,} {what}" in text for what, count in compose.lost.items())
    assert "- Portico: none" in text


def test_a_promise_that_is_not_kept_is_said() -> None:
    kept = [dataclasses.replace(run, lost={}, done=10.0) for run in SAMPLE]
    assert "**no**" not in table.make_table(kept)
    for broken in ({"lost": {"status 502": 1}}, {"done": 15.1}, {"done": 30.1}):
        runs = [dataclasses.replace(run, **broken) if run.contender == "Portico" else run for run in kept]
        wrong = table.make_table(runs).count("**no**")
        assert wrong == (2 if broken == {"done": 30.1} else 1), broken


def test_figures_show_their_spread() -> None:
    assert record.spread([3.0, 1.0, 2.0]).text(".1f") == "2.0 (1.0-3.0)"
    assert record.spread([2.01, 2.0]).text(".1f") == "2.0"


def test_bars_count_what_lies_in_them() -> None:
    assert record.count_bars([0.0, 0.4, 0.5, 1.9, 2.0], 0, 4) == [2, 1, 0, 1]
    assert record.count_bars([-1.0, -0.1], -1, 2) == [1, 1]


def test_a_report_becomes_a_run_that_counts_from_the_command() -> None:
    samples = [
        Sample(at=at, latency=latency, host="localhost", long=False) for at, latency in ((1, 0.1), (6, 0.2), (9, 0.3))
    ]
    report = Report(
        sent=5,
        ok=3,
        failures=Counter({"status 502": 2}),
        examples=[],
        reopened=0,
        hosts={},
        seen={"hello/new": Seen(count=1, first=6.0, last=9.0)},
        seconds=10.0,
        ended_early="",
        samples=samples,
        failed_at=[5.2, 5.3],
    )
    run = describe("Portico", report, begin=5.0, done=8.0, live=6.0)
    assert (run.done, run.live, run.begin, run.all_lost, run.gap) == (3.0, 1.0, -5.0, 2, 5)
    assert (run.p99_before, run.p99_during) == (0.1, 0.3)
    assert (sum(run.answered), sum(run.failed), run.failed[10]) == (3, 2, 2)


def test_the_phases_of_a_release_are_as_long_as_all_of_it() -> None:
    def event(at: float, action: str, role: str) -> dict[str, object]:
        return {"timeNano": at * 1e9, "Action": action, "Actor": {"Attributes": {"portico.role": role}}}

    seen = [event(12, "create", "check"), event(13, "die", "check"), event(15, "create", "files")]
    seen += [event(15.5, "die", "files"), event(16, "create", "gunicorn"), event(19, "create", "switch")]
    seen += [event(25, "kill", "gunicorn"), event(26, "die", "gunicorn"), event(25.5, "die", "gunicorn")]
    found = phases.measure(seen, 10, 27)
    assert list(found.values()) == [2, 1, 2, 0.5, 3.5, 6, 1, 1]
    assert phases.measure([], 10, 27) == {phases.REST: 17}
    table_of_it = table.make_table([dataclasses.replace(run, phases=found) for run in SAMPLE])
    assert "| NGINX switches, old workers finish | 6.0 |" in table_of_it


def test_the_plot_is_whole_and_names_everybody() -> None:
    drawing = (ROOT / "docs/deploys.svg").read_text()
    xml.etree.ElementTree.fromstring(drawing)
    assert all(contender in drawing for contender in NAMES)
    assert "deploys.svg" in (ROOT / "docs/deploys.md").read_text()
    assert "docs/deploys.svg" in (ROOT / "README.md").read_text()


def test_the_change_fits_the_example(tmp_path: Path) -> None:
    module = tmp_path / "hello.py"
    before = (ROOT / "examples/hello/hello.py").read_text()
    module.write_text(before)

    class Developer(Contender):
        source = tmp_path

        def deploy(self) -> float:
            return 0.0

        def remove(self) -> None:
            pass

    for number in (1, 2):
        Developer().change(number)
        assert module.read_text().count(f'"change {number}"') == 1
    compile(module.read_text(), "hello.py", "exec")
    assert len(set(module.read_text().splitlines()) - set(before.splitlines())) == 1


def test_everybody_runs_gunicorn_alike() -> None:
    ours = runpy.run_path(str(HERE / "shared/gunicorn.conf.py"))
    rendered = (ROOT / "tests/config/golden/dev/hello/gunicorn.conf.py.txt").read_text()
    for key in set(ours) - {"bind"} - {key for key in ours if key.startswith("__")}:
        (value,) = re.findall(rf"^{key} = ([^ \n]+)", rendered, re.MULTILINE)
        assert value.strip("'\"") == str(ours[key]), key
    dockerfile = (ROOT / "tests/config/golden/dev/hello/Dockerfile").read_text()
    (version,) = re.findall(r"gunicorn==([\d.]+)", dockerfile)
    assert f"gunicorn=={version}\n" in (HERE / "shared/Dockerfile").read_text()


def test_the_compose_file_is_a_careful_one() -> None:
    services = yaml.safe_load((HERE / "compose/compose.yaml").read_text())["services"]
    assert services["app"]["scale"] == 2
    assert services["app"]["healthcheck"]["interval"] == "2s"
    assert services["nginx"]["depends_on"] == {"app": {"condition": "service_healthy"}}
    assert yaml.safe_load((ROOT / "Pulumi.yaml").read_text())["config"]["portico:nginxImage"]["default"] == NGINX


def test_a_rolling_compose_starts_new_containers_before_old_ones_stop(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("pip.conf", "ca.pem"):
        (tmp_path / name).touch()
    rolling = RollingCompose(tmp_path / "rolling", tmp_path)
    assert "server app:8000 resolve max_fails=0;" in (rolling.folder / "nginx.conf").read_text()
    ran: list[tuple[str, ...]] = []
    monkeypatch.setattr(rolling, "_run", lambda *words: ran.append(words))
    monkeypatch.setattr(rolling, "_list_replicas", lambda: ["one", "two"])
    monkeypatch.setattr(rolling, "_wait_healthy", lambda wanted: ran.append(("healthy", str(wanted))))
    monkeypatch.setattr("time.sleep", lambda _: None)
    rolling.deploy()
    assert [words[:2] for words in ran] == [
        ("docker-compose", "build"),
        ("docker-compose", "up"),
        ("healthy", "4"),
        ("docker", "stop"),
        ("docker", "rm"),
    ]
    assert "app=4" in ran[1] and ran[3][-2:] == ("one", "two")
