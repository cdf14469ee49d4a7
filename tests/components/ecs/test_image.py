"""Images: what is built, what is pushed, and what the registry has already."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pulumi
import pytest

from portico.components.docker.credential_helper import require_commands
from tests.components.ecs.sample import deploy, recall
from tests.components.fleet_answers import HOST, REGION, TOKEN, digest
from tests.components.recorder import IMAGE, Recorder, Resource, list_texts
from tests.config.sample import make_site

PUSHED = "docker:index/registryImage:RegistryImage"
TASK = "aws:ecs/taskDefinition:TaskDefinition"
ROLES = ("application", "nginx")


def tags(made: Recorder) -> dict[str, str]:
    """{role: tag} of what is pushed for the one site."""
    return {role: pushed(made, role).inputs["name"].rpartition(":")[2] for role in ROLES}


def pushed(made: Recorder, role: str) -> Resource:
    (found,) = [one for one in made.of_type(PUSHED) if f"/shop/{role}:" in one.inputs["name"]]
    return found


def built(made: Recorder) -> dict[str, Resource]:
    """{role: build} of the one site."""
    return {one.inputs["name"].partition(":")[0].rpartition("/")[2]: one for one in made.of_type(IMAGE)}


def references(made: Recorder) -> dict[str, str]:
    """{container: image} as the task asks for them."""
    text = made.find(TASK, "shop-task").inputs["containerDefinitions"]
    return {one["name"]: one["image"] for one in json.loads(text)}


def folder(build: Resource) -> Path:
    return Path(build.inputs["build"]["context"])


def again(root: Path, before: Recorder, pushed: Mapping[str, Mapping[str, str]] | None = None, **more: Any) -> Recorder:
    """The next update; `pushed` is what the registry has besides what the record knows."""
    answers = {"known": recall(before), "pushed": pushed or {name: {} for name in known(before)}}
    return deploy(root, previous=before.exports, answers=answers, **more)


def known(made: Recorder) -> list[str]:
    return [one.inputs["name"] for one in made.of_type("aws:ecr/repository:Repository")]


def contents(made: Recorder) -> dict[str, dict[str, str]]:
    """What the registry has after a run: {repository: {tag: digest}}."""
    return {
        f"portico/test/shop/{role}": {tags(made)[role]: digest(pushed(made, role).inputs["name"])} for role in ROLES
    }


def test_both_are_built_for_the_processor_of_the_tasks(root: Path) -> None:
    for architecture, platform in (("arm64", "linux/arm64"), ("x86_64", "linux/amd64")):
        made = deploy(root, section={"architecture": architecture})
        for one in built(made).values():
            assert one.inputs["build"]["platform"] == platform and one.inputs["build"]["provenance"] == "false"
            assert one.inputs["build"]["labels"]["portico.site"] == "shop"


def test_a_build_has_what_pip_needs_as_secrets_alone(root: Path) -> None:
    for one in built(deploy(root)).values():
        assert {secret["id"]: secret["src"] for secret in one.inputs["build"]["secrets"]} == {
            "pip": ".portico/pip.conf",
            "ca": ".portico/ca.pem",
            "apt": ".portico/apt.conf",
        }
        assert one.error_hooks


def test_nginx_is_built_from_its_files_and_the_application(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(root)
    made = deploy(root)
    nginx, application = built(made)["nginx"], built(made)["application"]
    assert nginx.inputs["build"]["buildArgs"] == {"APPLICATION": application.inputs["name"]}
    assert application.urn in nginx.needs["build"]
    # What NGINX refuses makes no image, so nothing is pushed.
    assert "RUN nginx -t" in (folder(nginx) / "Dockerfile").read_text()
    (tree,) = (folder(nginx) / "tree").glob("conf.d/shop.conf")
    assert "server_name shop.example" in tree.read_text()
    assert "buildArgs" not in application.inputs["build"]
    assert "web.py" in {path.name for path in folder(application).rglob("*")}


def test_what_is_built_is_pushed_under_the_digest_of_what_it_was_made_of(root: Path) -> None:
    made = deploy(root)
    for role in ROLES:
        push = pushed(made, role)
        (build,) = [one for one in made.of_type(IMAGE) if one.inputs["name"] == push.inputs["name"]]
        assert push.inputs["name"] == f"{HOST}/portico/test/shop/{role}:{tags(made)[role]}"
        assert len(tags(made)[role]) == 12
        assert build.urn in push.dependencies and push.inputs["keepRemotely"] is True


def test_no_login_is_in_the_record_so_a_refresh_finds_the_images_days_later(root: Path) -> None:
    made = deploy(root)
    provider = made.find("pulumi:providers:docker", "fleet-docker")
    (opened,) = json.loads(provider.inputs["registryAuth"])
    assert opened.keys() == {"address", "configFileContent"} and opened["address"] == f"https://{HOST}"
    assert json.loads(opened["configFileContent"]) == {"credHelpers": {HOST: "portico"}}
    for role in ROLES:
        assert provider.urn in pushed(made, role).provider and "authConfig" not in pushed(made, role).inputs
    assert not [text for one in made.resources for text, _ in list_texts(one.raw) if TOKEN in text]


def test_the_commands_that_get_logins_are_asked_for(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(root))
    for command in ("aws", "docker-credential-portico"):
        with pytest.raises(pulumi.RunError) as caught:
            require_commands()
        assert str(caught.value).startswith("There is no ") and command in str(caught.value)
        assert "othing was changed" in str(caught.value)
        (root / command).write_text("#!/bin/sh\n")
        (root / command).chmod(0o755)
    require_commands()


def test_the_task_asks_for_digests(root: Path) -> None:
    made = deploy(root)
    names = {role: pushed(made, role).inputs["name"] for role in ROLES}
    repositories = {role: name.partition(":")[0] for role, name in names.items()}
    assert references(made) == {
        "gunicorn": f"{repositories['application']}@{digest(names['application'])}",
        "nginx": f"{repositories['nginx']}@{digest(names['nginx'])}",
    }


def test_nothing_is_asked_and_nothing_changes_with_nothing_to_do(root: Path) -> None:
    first = deploy(root)
    # A question to the registry would fail: nothing is in its answer.
    second = deploy(root, previous=first.exports, answers={"known": recall(first)})
    assert {one.urn for one in second.resources} == {one.urn for one in first.resources}
    for one in first.of_type(IMAGE) + first.of_type(PUSHED):
        assert second.find(one.type, one.name).inputs == one.inputs


def test_other_files_of_nginx_are_another_image_of_the_same_application(root: Path) -> None:
    first = deploy(root)
    second = again(root, first, sites=[make_site(immutable=False)])
    assert tags(second)["application"] == tags(first)["application"]
    assert tags(second)["nginx"] != tags(first)["nginx"]
    assert references(second)["gunicorn"] == references(first)["gunicorn"]
    # Its static files are taken out of the application's image, which another machine has not built yet.
    assert built(second)["application"].name != built(first)["application"].name
    # The provider deletes an image by its name: what goes with the second update takes nothing from what stays.
    stays, goes = ({one.name: one.inputs["name"] for one in made.of_type(IMAGE)} for made in (second, first))
    assert not {goes[name] for name in goes.keys() - stays.keys()} & set(stays.values())


def test_what_the_registry_has_is_not_built_again(root: Path) -> None:
    first = deploy(root)
    other = again(root, first, sites=[make_site(immutable=False)])
    back = again(root, other, contents(first))
    # The application's push is in the record; NGINX's image is in the registry alone.
    assert [one.name for one in back.of_type(PUSHED)] == [pushed(first, "application").name]
    assert references(back) == references(first)
    assert set(built(back)) <= {"application"}


def test_a_site_without_static_files_needs_no_application_to_build_nginx(root: Path) -> None:
    for path in (root / "shop" / "static").iterdir():
        path.unlink()
    made = deploy(root)
    assert "buildArgs" not in built(made)["nginx"].inputs["build"]


def test_a_pinned_site_runs_its_earlier_images(root: Path) -> None:
    first = deploy(root)
    (root / "shop" / "web.py").write_text((root / "shop" / "web.py").read_text() + "\n# second\n")
    second = again(root, first)
    assert references(second)["gunicorn"] != references(first)["gunicorn"]
    have = contents(first)
    pinned = again(root, second, have, rollback={"shop": first.exports["releases"]["shop"]})
    assert pinned.exports["releases"] == first.exports["releases"]
    assert pinned.exports["pinned"] == first.exports["releases"]
    assert references(pinned) == references(first)
    assert not pinned.of_type(IMAGE) and not pinned.of_type(PUSHED)


def test_a_pinned_site_with_other_files_of_nginx_fetches_its_application(root: Path) -> None:
    first = deploy(root)
    have = contents(first) | {"portico/test/shop/nginx": {}}
    pinned = again(root, first, have, rollback={"shop": first.exports["releases"]["shop"]})
    images = {one.name.rpartition("-")[2]: one for one in pinned.of_type(IMAGE)}
    fetched = images["fetched"]
    assert fetched.inputs["name"] == references(first)["gunicorn"] and "build" not in fetched.inputs
    (nginx,) = [one for one in pinned.of_type(IMAGE) if one is not fetched]
    assert nginx.inputs["build"]["buildArgs"] == {"APPLICATION": fetched.inputs["name"]}
    assert pinned.find("pulumi:providers:docker", "fleet-docker").urn in fetched.provider


def test_a_site_pinned_at_a_forgotten_release_is_refused_before_anything_is_made(root: Path) -> None:
    first = deploy(root)
    release = first.exports["releases"]["shop"]
    have: dict[str, dict[str, str]] = {name: {} for name in known(first)}
    seen: list[Resource] = []
    with pytest.raises(pulumi.RunError) as caught:
        again(root, first, have, rollback={"shop": release}, seen=seen)
    assert str(caught.value) == (
        f"rollback.shop: the image of release {release} is not in the registry any more; nothing was changed. "
        "To fix it, write a newer one, or remove the line: make resume SITE=shop"
    )
    assert {one.type for one in seen} <= {"pulumi:providers:aws", "pulumi:providers:docker"}


def test_a_live_stack_stays_in_its_region(root: Path) -> None:
    first = deploy(root)
    seen: list[Resource] = []
    with pytest.raises(pulumi.RunError) as caught:
        deploy(
            root, section={"region": "eu-west-1"}, previous=first.exports, answers={"known": recall(first)}, seen=seen
        )
    assert str(caught.value).startswith(f"ecs.region: this stack serves in {REGION}; nothing was changed.")
    assert {one.type for one in seen} <= {"pulumi:providers:aws", "pulumi:providers:docker"}
