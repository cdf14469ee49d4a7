"""Whole stacks on the double, on paper: refreshed half a day later, beside another one, with a site renamed."""

from pathlib import Path
from typing import Any

import pytest

from tests.cloud.caller import Refused
from tests.cloud.paper import Paper
from tests.cloud.plugin.fleet_kinds import CERTIFICATE, REPOSITORY
from tests.cloud.plugin.registry import end_logins
from tests.cloud.plugin.service_kinds import DATABASE
from tests.components.aws.sample import make_host
from tests.components.ecs.sample import BUSY, SECTION, SERVICES, deploy
from tests.components.recorder import Recorder
from tests.components.sample import BLOG, SECRET
from tests.config.ecs_sample import ZONE
from tests.config.sample import SHOP, make_site, write_files
from tests.program.conftest import reach_everything

pytestmark = pytest.mark.extended

VALIDATION = "aws:acm/certificateValidation:CertificateValidation"

# Of another length than the shop's: the recorder's ACM distinguishes proofs by that.
OTHER = {**BLOG, "hosts": ["blogs.example"]}


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("BUILDX_CONFIG", str(tmp_path / "buildx"))
    write_files(tmp_path / "shop", SHOP)
    return tmp_path


def plan(root: Path, *sites: Any, **stack: Any) -> Recorder:
    return deploy(root, *(sites or (BUSY, OTHER)), section=SECTION, secrets={"shop": {"KEY": SECRET}}, **stack)


def test_a_fleet_that_is_refreshed_half_a_day_later_changes_nothing(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paper, made = Paper(root / "cloud", monkeypatch), plan(root)
    assert len(paper.up(made)) > 70
    end_logins(paper.cloud)
    assert paper.refresh() == []
    assert paper.up(made) == []


def test_services_stay_as_they_are_and_a_protected_database_stays(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    paper, site = Paper(root / "cloud", monkeypatch), BUSY | {"uses": ["db", "cache"]}
    # A key of KMS would have to be there.
    services = [{name: value for name, value in one.items() if name != "key"} for one in SERVICES]
    made = plan(root, site, services=services, protect=True)
    assert {"db-managed-instance", "cache-managed-group"} <= {*paper.up(made)}
    assert paper.refresh() == [] == paper.up(made)
    (database,) = paper.cloud.things(DATABASE)
    with pytest.raises(Refused, match="Cannot delete protected DB Instance"):
        paper.caller.delete(database)
    # Balancers are protected too. What is refused first depends on the order in which the program made them.
    with pytest.raises(Refused, match="protect"):
        paper.down()
    assert paper.cloud.things(DATABASE) == [database]


def test_a_fleet_keeps_what_another_one_of_its_zone_needs(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one, other = (Paper(root / "cloud", monkeypatch) for _ in range(2))
    # All names below the shop's: ACM wants the same proof as for the shop itself.
    below = {**BUSY, "hosts": ["*.shop.example"], "aliases": []}
    planned = plan(root, below, answers={"stack": "other"})
    one.up(plan(root))
    other.up(planned)
    one.down()
    assert other.refresh() == [] and other.up(planned) == []
    # As at a renewal: AWS looks for the proof of each name again.
    again = other.caller.create(CERTIFICATE, "again", domainName="*.shop.example", validationMethod="DNS")
    other.caller.create(VALIDATION, "issued", certificateArn=again.outputs["arn"])


def test_a_site_of_a_protected_fleet_is_renamed(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    paper = Paper(root / "cloud", monkeypatch)
    paper.up(plan(root, BUSY, OTHER, protect=True))
    changed = paper.up(plan(root, BUSY, {**OTHER, "name": "weblog"}, protect=True))
    assert {"weblog-service", "blog-service", "blog-registry-application"} <= {*changed}
    names = [str(one.inputs["name"]).split("/")[-2] for one in paper.cloud.things(REPOSITORY)]
    assert sorted(names) == ["shop", "shop", "weblog", "weblog"]
    assert paper.refresh() == []


def test_a_machine_is_refreshed_and_another_one_goes(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reach_everything(monkeypatch)
    # No process stands for an address.
    monkeypatch.setattr("tests.cloud.plugin.effects.point", lambda *_: None)
    monkeypatch.setattr("tests.cloud.plugin.effects.release", lambda *_: None)
    monkeypatch.chdir(root)
    data = [{"name": "store", "path": "/var/lib/shop"}]
    dns = {"zone": ZONE, "name": "shop.example"}
    made, planned = (
        make_host(root, {"dns": {**dns, "name": name}}, sites=[make_site(data=data)], answers={"stack": stack})
        for stack, name in (("test", "shop.example"), ("other", "other.example"))
    )
    one, other = (Paper(root / "cloud", monkeypatch) for _ in range(2))
    assert len(one.up(made)) > 20
    assert one.refresh() == [] and one.up(made) == []
    other.up(planned)
    one.down()
    assert other.refresh() == [] and other.up(planned) == []
