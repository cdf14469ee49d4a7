"""Registry: where the images of a site lie."""

import json
import re
from pathlib import Path

import pytest

from portico.components.ecs.registry import name_repository
from tests.components.ecs.sample import deploy, deploy_both
from tests.components.recorder import Recorder, run

REPOSITORY = "aws:ecr/repository:Repository"
POLICY = "aws:ecr/lifecyclePolicy:LifecyclePolicy"


@pytest.mark.parametrize("role", ["application", "nginx"])
def test_a_tag_never_changes_its_meaning_and_every_image_is_scanned(made: Recorder, role: str) -> None:
    found = made.find(REPOSITORY, f"shop-registry-{role}").inputs
    assert found["name"] == f"portico/test/shop/{role}"
    assert found["imageTagMutability"] == "IMMUTABLE"
    assert found["imageScanningConfiguration"] == {"scanOnPush": True}
    assert found["encryptionConfigurations"] == [{"encryptionType": "KMS"}]


def test_each_site_has_two_of_its_own(made: Recorder) -> None:
    names = {one.inputs["name"] for one in made.of_type(REPOSITORY)}
    assert names == {f"portico/test/{site}/{role}" for site in ("shop", "blog") for role in ("application", "nginx")}


@pytest.mark.parametrize("protect", [True, False])
def test_images_go_with_their_site_in_a_protected_stack_too(root: Path, protect: bool) -> None:
    """Whoever takes a site out of the settings would read `RepositoryNotEmptyException` at every update."""
    made = deploy_both(root, protect=protect)
    assert {one.inputs["forceDelete"] for one in made.of_type(REPOSITORY)} == {True}


def test_what_can_be_gone_back_to_stays_and_the_rest_goes(root: Path) -> None:
    made = deploy(root, keepReleases=7)
    policies = made.of_type(POLICY)
    assert len(policies) == 2
    for one in policies:
        assert one.inputs["repository"].startswith("portico/test/shop/")
        unnamed, rest = json.loads(one.inputs["policy"])["rules"]
        assert (unnamed["selection"]["tagStatus"], unnamed["selection"]["countNumber"]) == ("untagged", 1)
        assert rest["selection"]["countType"] == "imageCountMoreThan"
        # Seven, the one that serves, and as many more for those that failed in between.
        assert rest["selection"]["countNumber"] == 7 + 1 + 10
        assert {rule["action"]["type"] for rule in (unnamed, rest)} == {"expire"}


@pytest.mark.parametrize(("stack", "start"), [("dev", "portico/dev/"), ("A_b.", "portico/a-b-")])
def test_a_name_is_one_that_ecr_takes(stack: str, start: str) -> None:
    names: list[str] = []
    run(lambda: names.append(name_repository("shop", "nginx")), stack)
    assert names[0].startswith(start) and names[0].endswith("/shop/nginx")
    assert re.fullmatch(r"[a-z0-9]+([._-][a-z0-9]+)*(/[a-z0-9]+([._-][a-z0-9]+)*)*", names[0])
