"""The name of a Portico in a user's own program begins all names on AWS: it fits, or it is refused beforehand."""

from pathlib import Path

import pulumi
import pytest
from pulumi.runtime.settings import SETTINGS

from portico import Portico, Site
from tests.components.recorder import Recorder, run
from tests.config.ecs_sample import ZONE, make_section
from tests.config.sample import SHOP, write_files

# What Pulumi adds where nobody gives a name, and the most that AWS takes.
DIGITS = 8
MOST = {"aws:iam/role:Role": 64, "aws:lb/loadBalancer:LoadBalancer": 32, "aws:s3/bucket:Bucket": 63}
MOST |= {"aws:lb/targetGroup:TargetGroup": 32, "aws:scheduler/scheduleGroup:ScheduleGroup": 64}
SITE = "s" * 20
JOB = {"name": "nightly", "cron": "30 3 * * *", "command": "flask tidy", "overlap": "allow"}


def deploy(root: Path, name: str, project: str = "ours") -> Recorder:
    write_files(root / "shop", SHOP)
    more = {"schedule": [JOB], "data": [{"name": "store", "path": "/var/lib/shop"}]}
    site = Site(name=SITE, source="shop", entry="web:app", hosts=["shop.example"], settings=more)

    def build() -> None:
        SETTINGS.project, SETTINGS.root_directory = project, str(root)
        Portico(name, sites=[site], settings={"target": "ecs", "ecs": make_section(dns={"zone": ZONE})})

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BUILDX_CONFIG", str(root / "buildx"))
        patch.setattr("portico.components.ecs.shared.expect_verdict", lambda: None)
        return run(build)


def test_the_longest_name_that_is_taken_fits(tmp_path: Path) -> None:
    made = deploy(tmp_path, "p" * 19, project="o" * 100)
    for kind, most in MOST.items():
        found = made.of_type(kind)
        assert found, kind
        for one in found:
            assert len(one.inputs.get("name") or one.name) + DIGITS <= most, one.name
    (system,) = made.of_type("aws:efs/fileSystem:FileSystem")
    assert len(system.inputs["creationToken"]) == 64


def test_a_longer_one_is_refused_before_anything_is_made(tmp_path: Path) -> None:
    said = r'Portico\("p{20}"\): the name has 20 characters, .* write at most 19\. Nothing was changed\.'
    with pytest.raises(pulumi.RunError, match=said):
        deploy(tmp_path, "p" * 20)
