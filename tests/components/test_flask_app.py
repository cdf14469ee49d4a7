"""FlaskApp: the image of one release, and the files that are laid out from it."""

import json
from pathlib import Path
from typing import Any

import pulumi
import pytest

from portico.components.docker.flask_app import FlaskApp, FlaskAppArgs
from portico.config.settings.hidden import HIDDEN
from tests.components.recorder import CONTAINER, IMAGE, VOLUME, Recorder, list_texts, run
from tests.components.sample import SECRET, make_stack
from tests.config.sample import make_site, write_files


def make(
    root: Path,
    secret: bool = False,
    states: dict[str, dict[str, Any]] | None = None,
    context: str | None = ".portico/contexts/shop",
    earlier: tuple[str, ...] = (),
    **site: Any,
) -> Recorder:
    def build() -> None:
        secrets = {"shop": {"KEY": SECRET}} if secret else {}
        stack = make_stack(root, make_site(**site), secrets=secrets)
        app = FlaskApp(
            "shop",
            FlaskAppArgs(
                release=stack.releases[0],
                context=context,
                earlier=earlier,
                sockets="sockets",
                static="static",
                verdict=pulumi.Output.from_input("tree"),
                secrets=stack.secrets.get("shop"),
            ),
        )
        app.lay_out({})

    return run(build, states=states)


def name_resource(root: Path) -> str:
    """The logical name of the image."""
    return f"shop-image-{make_stack(root).releases[0].image}"


def test_its_children_are_the_image_and_the_files(root: Path) -> None:
    made = make(root)
    assert made.children(made.component("FlaskApp")) == {name_resource(root): IMAGE, "shop-files": CONTAINER}


def test_the_image_is_named_by_stack_and_content_and_goes_with_its_resource(root: Path) -> None:
    image = make(root).find(IMAGE, name_resource(root))
    assert image.inputs["name"] == f"portico/test/shop:{make_stack(root).releases[0].image}"
    assert image.inputs["keepLocally"] is False
    assert image.inputs["build"]["context"] == ".portico/contexts/shop"
    labels = {"portico.project": "portico", "portico.stack": "test", "portico.role": "image", "portico.site": "shop"}
    assert image.inputs["build"]["labels"] == image.inputs["build"]["label"] == labels
    # How it was once built, by an older version of the program, makes no other image of it.
    assert image.ignore_changes == ("build",)


def test_the_image_of_an_earlier_release_is_never_built(root: Path) -> None:
    image = make(root, context=None).find(IMAGE, name_resource(root))
    assert image.inputs["name"].endswith(make_stack(root).releases[0].image) and "build" not in image.inputs


def test_earlier_images_are_resources_of_their_own(root: Path) -> None:
    now = make_stack(root).releases[0].image
    made = make(root, earlier=("0" * 12, now, "1" * 12))
    assert [image.name for image in made.of_type(IMAGE)] == sorted(
        f"shop-image-{digest}" for digest in ("0" * 12, now, "1" * 12)
    )
    for digest in ("0" * 12, "1" * 12):
        image = made.find(IMAGE, f"shop-image-{digest}")
        assert image.inputs["name"] == f"portico/test/shop:{digest}" and "build" not in image.inputs
        assert image.inputs["keepLocally"] is False and image.ignore_changes == ("build",)


def test_what_pip_is_given_reaches_the_build_as_secrets_only(root: Path) -> None:
    build = make(root).find(IMAGE, name_resource(root)).inputs["build"]
    assert {secret["id"]: secret["src"] for secret in build["secrets"]} == {
        "pip": ".portico/pip.conf",
        "ca": ".portico/ca.pem",
        "apt": ".portico/apt.conf",
    }
    assert not build.get("buildArgs") and not build.get("args")


def test_the_files_are_laid_out_by_the_new_image_without_a_network(root: Path) -> None:
    release = make_stack(root).releases[0]
    files = make(root).container("shop-files")
    assert files.inputs["image"] == f"sha256:{name_resource(root)}"
    words = ["shop", release.id, str(release.uid), "static", "/static/", "compress", " ".join(HIDDEN)]
    assert files.inputs["command"] == words
    assert files.inputs["networkMode"] == "none"
    assert files.mounts == {"/run/portico": "sockets", "/srv/static": "static"}
    assert (files.inputs["attach"], files.inputs["mustRun"], files.inputs["logs"]) == (True, False, True)
    assert files.labels["portico.site"] == "shop" and files.labels["portico.release"] == release.id


def test_an_application_without_static_files_says_so(root: Path) -> None:
    write_files(root / "shop", {"requirements.txt": "flask\nhttpbin\n"})
    assert make(root, entry="httpbin:app").container("shop-files").inputs["command"][3] == "-"


def test_without_secrets_there_is_no_volume_for_them(root: Path) -> None:
    made = make(root)
    assert made.of_type(VOLUME) == [] and "uploads" not in made.container("shop-files").inputs


def test_a_secret_arrives_in_one_place_as_a_secret(root: Path) -> None:
    made = make(root, secret=True)
    assert made.find(VOLUME, "shop-secrets").labels["portico.role"] == "secrets"
    files = made.container("shop-files")
    assert files.mounts["/run/secrets"] == "shop-secrets-0123456"
    assert files.inputs["uploads"] == [{"file": "/incoming/KEY", "content": SECRET, "permissions": "0400"}]
    seen = [(one.name, secret) for one in made.resources for text, secret in list_texts(one.raw) if SECRET in text]
    assert seen == [("shop-files", True)]


def test_each_release_has_a_volume_of_secrets_of_its_own(root: Path) -> None:
    """So that a release that fails leaves the secrets of the one before it as they were."""
    labels = []
    for text in ("app = 1\n", "app = 2\n"):
        write_files(root / "shop", {"web.py": text})
        labels.append(make(root, secret=True).find(VOLUME, "shop-secrets").labels["portico.release"])
    assert len(set(labels)) == 2 and labels[1] == make_stack(root, secrets={"shop": {"KEY": SECRET}}).releases[0].id


def test_its_outputs_are_the_image_the_files_and_the_volume_of_secrets(root: Path) -> None:
    assert make(root, secret=True).registered_outputs("FlaskApp") == {
        "image": f"sha256:{name_resource(root)}",
        "files": "shop-files-id",
        "secrets": "shop-secrets-0123456",
    }


def test_files_that_cannot_be_laid_out_end_the_run_with_the_containers_words(root: Path) -> None:
    state = {"shop-files": {"exitCode": 1, "containerLogs": "No such folder: static\n"}}
    with pytest.raises(pulumi.RunError) as caught:
        make(root, states=state)
    assert str(caught.value).startswith("The files of shop could not be written; nothing was switched")
    assert str(caught.value).endswith("\n  No such folder: static")


def test_what_the_application_says_of_its_static_files_reaches_what_lays_them_out(root: Path) -> None:
    folders = [["/admin/static/", "/opt/venv/admin", []]]
    said = f'starting\nportico-static {{"folders": {json.dumps(folders)}, "left": ["/x/: why"]}}\n'
    made = make(root, secret=True, staticFrom="application", states={"shop-static": {"containerLogs": said}})
    asked, files = made.container("shop-static"), made.container("shop-files")
    assert files.inputs["envs"] == [f"PORTICO_STATIC={json.dumps(folders)}"]
    # Its own user's, who gets neither network nor a volume, and can write only what is gone with it.
    assert asked.inputs["networkMode"] == "none" and asked.inputs["readOnly"] is True
    assert "volumes" not in asked.inputs and "uploads" not in asked.inputs and asked.inputs["user"] != "0:0"
    assert all(SECRET not in text for text, _ in list_texts(asked.inputs))


@pytest.mark.parametrize("said", ["", "Killed", "portico-static {", "portico-static []"])
def test_an_application_that_gives_no_answer_is_served_as_it_was(root: Path, said: str) -> None:
    made = make(root, staticFrom="application", states={"shop-static": {"containerLogs": said}})
    assert made.container("shop-files").inputs["envs"] == ["PORTICO_STATIC=[]"]


def test_nobody_else_is_asked(root: Path) -> None:
    made = make(root)
    assert "envs" not in made.container("shop-files").inputs
    assert "shop-static" not in [one.name for one in made.of_type(CONTAINER)]
