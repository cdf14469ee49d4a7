"""Secrets: in AWS Secrets Manager and nowhere else."""

import json
from pathlib import Path

import pytest

from tests.components.ecs.sample import deploy
from tests.components.recorder import Recorder, list_texts
from tests.components.sample import SECRET
from tests.config.sample import HASH, make_site

KEPT = "aws:secretsmanager/secret:Secret"
VERSION = "aws:secretsmanager/secretVersion:SecretVersion"
TASK = "aws:ecs/taskDefinition:TaskDefinition"
ARN = "arn:aws:test:::shop-secrets-secret"


def test_a_sites_secrets_are_one_and_are_marked_as_such(made: Recorder) -> None:
    version = made.find(VERSION, "shop-secrets-version")
    values = json.loads(version.inputs["secretString"])
    assert values["KEY"] == SECRET and set(values) == {"KEY", "PORTICO_USERS"}
    assert values["PORTICO_USERS"].startswith(f"ann:{HASH}")
    assert version.inputs["secretId"] == "shop-secrets-secret-id"
    # The tasks before still read theirs.
    assert version.retained
    assert [one.name for one in made.of_type(KEPT)] == ["shop-secrets-secret"]


@pytest.mark.parametrize("value", [SECRET, HASH])
def test_nothing_else_holds_one(made: Recorder, value: str) -> None:
    found = [(one.type, secret) for one in made.resources for text, secret in list_texts(one.raw) if value in text]
    assert found and set(found) == {(VERSION, True)}
    assert value not in str(made.exports) and value not in str(made.outputs)


def test_the_tasks_are_reported_where_they_lie_and_not_what_they_are(made: Recorder) -> None:
    text = made.find(TASK, "shop-task").raw["containerDefinitions"]
    # A plain text, so that a preview shows what changes.
    assert isinstance(text, str)
    reported = {one["name"]: one["valueFrom"] for box in json.loads(text) for one in box.get("secrets", [])}
    # By version: another value is another task definition, and the one before keeps its own.
    assert set(reported.values()) == {f"{ARN}:KEY::v-1", f"{ARN}:PORTICO_USERS::v-1"}


def test_a_site_without_any_has_none(made: Recorder) -> None:
    text = made.find(TASK, "blog-task").inputs["containerDefinitions"]
    assert "valueFrom" not in text


def test_users_alone_are_kept_too(root: Path) -> None:
    made = deploy(root, make_site(users={"ann": HASH}))
    assert set(json.loads(made.find(VERSION, "shop-secrets-version").inputs["secretString"])) == {"PORTICO_USERS"}
    found = {secret for one in made.resources for text, secret in list_texts(one.raw) if HASH in text}
    assert found == {True}


@pytest.mark.parametrize(("protect", "days"), [(True, 30), (False, 7)])
def test_what_is_removed_can_be_had_back_for_a_while(root: Path, protect: bool, days: int) -> None:
    section = {"certificate": "arn:aws:acm:eu-central-1:123456789012:certificate/0a1b2c3d"}
    made = deploy(root, section=section, secrets={"shop": {"KEY": SECRET}}, protect=protect)
    assert made.find(KEPT, "shop-secrets-secret").inputs["recoveryWindowInDays"] == days
