"""Images of earlier releases: which go, when, and what becomes of those that somebody else takes or holds."""

import shutil
from typing import Any

import pytest

from tests.docker.applications import small, write_small
from tests.docker.conftest import Deploy
from tests.docker.engine import Deployment
from tests.docker.traffic import light

pytestmark = [pytest.mark.docker, pytest.mark.extended]


def image_ids(deployment: Deployment) -> dict[str, str]:
    """Images by name, with Docker's ids."""
    return {name: str(deployment.engine.images.get(name).id) for name in deployment.images()}


@pytest.fixture(scope="module")
def shop(deploy: Deploy) -> Deployment:
    """A small site with two releases."""
    deployment = deploy(small("shop"), healthTimeout=20)
    write_small(deployment, "shop")
    deployment.up()
    deployment.edit("shop", "# second")
    deployment.up()
    return deployment


@pytest.mark.soak
def test_the_image_of_a_failed_release_goes_with_the_next_good_one(shop: Deployment) -> None:
    kept = set(shop.images())
    module = shop.source("shop") / "web.py"
    good = module.read_text()
    shop.edit("shop", 'raise RuntimeError("the cellar is flooded")')
    history = shop.outputs()["history"]
    shop.up(fails=True)
    (failed,) = set(shop.images()) - kept
    assert shop.outputs()["history"] == history
    module.write_text(f"{good}\n# third\n")
    shop.up()
    assert failed not in shop.images() and kept < set(shop.images())


@pytest.mark.soak
def test_a_lost_image_is_forgotten(shop: Deployment) -> None:
    history = shop.outputs()["history"]["shop"]
    lost = history[-1]
    (name,) = [name for name in shop.images() if name.endswith(f":{lost['image']}")]
    shop.engine.images.remove(name)
    shutil.rmtree(shop.folder / ".portico" / "contexts")
    result = shop.up("--refresh")
    assert f"shop cannot go back to {lost['release']} any more" in result.output
    assert shop.outputs()["history"]["shop"] == history[:-1]
    assert shop.preview("--expect-no-changes").changes == 0


@pytest.mark.soak
def test_the_live_image_is_built_again_where_it_is_lost(shop: Deployment) -> None:
    record = shop.outputs()["history"]["shop"][0]
    (name,) = [name for name in shop.images() if name.endswith(f":{record['image']}")]
    with light(shop, "shop.localhost") as load:
        # Containers run on it: only its name goes.
        shop.engine.images.remove(name, force=True)
        shop.up("--refresh")
        load.wait(1)
    assert load.report().lossless, load.report().details()
    assert name in shop.images() and shop.outputs()["history"]["shop"][0] == record
    assert shop.preview("--expect-no-changes").changes == 0


def test_stacks_that_share_an_engine_leave_each_others_images_alone(deploy: Deploy, shop: Deployment) -> None:
    other = deploy(small("shop", hosts=["shop.localhost"]))
    for path in shop.source("shop").iterdir():
        shutil.copy(path, other.source("shop"))
    other.up()
    contents = [{name.partition(":")[2] for name in one.images()} for one in (shop, other)]
    assert contents[1] < contents[0]
    before = image_ids(shop)
    other.destroy()
    assert other.images() == [] and image_ids(shop) == before
    assert shop.refresh("--expect-no-changes").changes == 0


def test_a_container_that_somebody_started_by_hand_fails_nothing(shop: Deployment) -> None:
    newest, *older = shop.outputs()["history"]["shop"]
    (name,) = [name for name in shop.images() if name.endswith(f":{older[0]['image']}")]
    guest: Any = shop.engine.containers.run(name, ["sleep", "600"], entrypoint="", detach=True)
    try:
        shop.configure(keepReleases=1)
        shop.up()
        assert shop.outputs()["history"]["shop"] == [newest]
        # Both that are left, the guest's without a name.
        assert name not in shop.images() and len(shop.images()) == 2
        guest.reload()
        assert guest.status == "running"
    finally:
        guest.remove(force=True)
        shop.engine.images.remove(guest.attrs["Image"])


def test_an_image_goes_after_the_containers_that_ran_on_it(shop: Deployment) -> None:
    shop.configure(keepReleases=1)
    shop.edit("shop", "# the last")
    with light(shop, "shop.localhost") as load:
        shop.up()
        load.wait(1)
    assert load.report().lossless, load.report().details()
    # Had it gone before, it would have lost its name only, and stay.
    (record,) = shop.outputs()["history"]["shop"]
    assert [name.partition(":")[2] for name in shop.images()] == [record["image"]]
