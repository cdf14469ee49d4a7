"""Roles: what AWS may do to start a task, and what the task may do."""

import json
from pathlib import Path
from typing import Any

from tests.components.ecs.sample import deploy
from tests.components.recorder import Recorder

ROLE = "aws:iam/role:Role"
POLICY = "aws:iam/rolePolicy:RolePolicy"
TASK = "aws:ecs/taskDefinition:TaskDefinition"


def grants(made: Recorder, site: str) -> dict[str, Any]:
    """{action: resources} of a site's execution role."""
    policy = made.find(POLICY, f"{site}-roles-execution-policy").inputs
    assert policy["role"] == f"{site}-roles-execution-0123456"
    statements = json.loads(policy["policy"])["Statement"]
    assert {one["Effect"] for one in statements} == {"Allow"}
    return {action: one["Resource"] for one in statements for action in one["Action"]}


def test_a_task_is_started_with_its_own_images_logs_and_secrets(made: Recorder) -> None:
    images = [f"arn:aws:test:::shop-registry-{role}" for role in ("application", "nginx")]
    logs = "arn:aws:test:::shop-logs:*"
    assert grants(made, "shop") == {
        "ecr:GetAuthorizationToken": "*",
        "ecr:BatchCheckLayerAvailability": images,
        "ecr:BatchGetImage": images,
        "ecr:GetDownloadUrlForLayer": images,
        "logs:CreateLogStream": logs,
        "logs:PutLogEvents": logs,
        "secretsmanager:GetSecretValue": ["arn:aws:test:::shop-secrets-secret"],
    }


def test_without_secrets_it_may_read_none(root: Path) -> None:
    assert "secretsmanager:GetSecretValue" not in grants(deploy(root), "shop")


def test_an_application_may_do_nothing_on_aws(made: Recorder) -> None:
    assert {one.inputs["role"] for one in made.of_type(POLICY)} == {
        *("fleet-flows-role-0123456", "shop-roles-execution-0123456", "blog-roles-execution-0123456")
    }
    assert not made.of_type("aws:iam/rolePolicyAttachment:RolePolicyAttachment")


def test_tasks_alone_have_them(made: Recorder) -> None:
    for site in ("shop", "blog"):
        for role in ("execution", "task"):
            trust = json.loads(made.find(ROLE, f"{site}-roles-{role}").inputs["assumeRolePolicy"])
            (statement,) = trust["Statement"]
            assert statement["Principal"] == {"Service": "ecs-tasks.amazonaws.com"}
        task = made.find(TASK, f"{site}-task")
        assert task.inputs["executionRoleArn"] == f"arn:aws:test:::{site}-roles-execution"
        assert task.inputs["taskRoleArn"] == f"arn:aws:test:::{site}-roles-task"
        # A task that starts before it may fetch its image fails.
        policy = made.find(POLICY, f"{site}-roles-execution-policy").urn
        assert policy in task.needs["executionRoleArn"]
