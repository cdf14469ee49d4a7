"""A stack on ECS for the tests: two sites, one of them with a secret and with users."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pulumi
import pytest
from pulumi.runtime import set_all_config

from portico.components.deploy import deploy as deploy_stack
from portico.config.load import load
from tests.components.fake_aws import FakeAws
from tests.components.fleet_answers import REGION
from tests.components.recorder import Recorder, Resource, run
from tests.components.sample import BLOG, SECRET
from tests.config.ecs_sample import ZONE, make_ecs_values, make_section
from tests.config.sample import HASH, make_site
from tests.program.stackfile import spell_config

SHOP = make_site(aliases=["www.shop.example"], health="/healthz", users={"ann": HASH})
# The same with all that runs beside its web.
BUSY = {
    **SHOP,
    "release": {"command": "flask db upgrade", "timeout": "5m"},
    "data": [
        {"name": "media", "path": "/app/media", "url": "/media/"},
        {"name": "store", "path": "/var/lib/shop"},
    ],
    "workers": [
        {"name": "queue", "command": "celery --app shop worker"},
        {"name": "beat", "command": "celery --app shop beat", "single": True},
    ],
    "schedule": [{"name": "nightly", "cron": "30 3 * * *", "command": "flask tidy", "overlap": "allow"}],
}
# All that can be set of services.
KEY = "arn:aws:kms:eu-central-1:123456789012:key/0a1b2c3d-0a1b-2c3d-4e5f-0a1b2c3d4e5f"
SERVICES: list[dict[str, Any]] = [
    {"name": "db", "kind": "postgres", "managed": True, "standby": True, "key": KEY, "instance": "db.m7g.large"},
    {"name": "cache", "kind": "valkey", "managed": True, "standby": True, "key": KEY, "evict": True},
]
SECTION = make_section(dns={"zone": ZONE}, egress=[{"name": "database", "port": 5432, "network": "10.20.0.0/16"}])


def deploy(
    root: Path,
    *sites: Any,
    section: Mapping[str, Any] | None = None,
    secrets: Mapping[str, Mapping[str, str]] | None = None,
    previous: Mapping[str, Any] | None = None,
    seen: list[Resource] | None = None,
    answers: Mapping[str, Any] | None = None,
    aws: FakeAws | None = None,
    **stack: Any,
) -> Recorder:
    """All that such a stack registers; `section` are settings of `ecs`, `previous` the outputs of the update before.

    `answers` are the recorder's own, such as {"pushed": …}. `aws` answers the AWS CLI; by default all ends well.
    """
    values = make_ecs_values(*sites, section=make_section(**(section or {})), **stack)
    if secrets:
        values["secrets"] = dict(secrets)
    before = previous or {}

    def build() -> None:
        set_all_config(spell_config(values))
        live = deploy_stack(load(root, before.get("history")), root, before)
        for name, value in live.outputs.items():
            pulumi.export(name, value)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("portico.components.aws_command.run", (aws or FakeAws()).run)
        patch.setattr("portico.components.ecs.command_run.PAUSE", 0)
        # Else a deployment that fails would give the process of the tests its exit code.
        patch.setattr("portico.components.ecs.shared.expect_verdict", lambda: None)
        return run(build, seen=seen, previous=before, **(answers or {}))


def deploy_both(root: Path, **stack: Any) -> Recorder:
    """The stack of two sites, with all that can be set."""
    return deploy(root, SHOP, BLOG, section=SECTION, secrets={"shop": {"KEY": SECRET}}, **stack)


def recall(made: Recorder) -> dict[str, Any]:
    """The resources of a run, as Pulumi's record of the stack tells them to the next one."""
    repositories = {
        one.urn: {"type": one.type, "outputs": {"name": one.inputs["name"], "region": REGION}}
        for one in made.of_type("aws:ecr/repository:Repository")
    }
    pushed = {
        one.urn: {"type": one.type, "outputs": {"name": one.inputs["name"]}}
        for one in made.of_type("docker:index/registryImage:RegistryImage")
    }
    records = {
        one.urn: {"type": one.type, "outputs": {"name": one.inputs["name"]}}
        for one in made.of_type("aws:ssm/parameter:Parameter")
    }
    return repositories | pushed | records
