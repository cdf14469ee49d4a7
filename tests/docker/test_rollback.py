"""Going back to an earlier release: no loss, no build, no look at the source."""

import shutil

import pytest

from tests.docker.applications import small, write_small
from tests.docker.ask import get
from tests.docker.conftest import Deploy
from tests.docker.engine import Deployment
from tests.docker.faults import stretch
from tests.docker.figures import Figures
from tests.docker.shared import Shared
from tests.docker.traffic import HELLO as HELLO_TARGET
from tests.docker.traffic import light, standard

pytestmark = pytest.mark.docker
MOST_SECONDS = 30  # that going back may take
BROKEN = "\ndef broken(:\n"


def releases(deployment: Deployment, site: str = "hello") -> list[str]:
    """The kept releases, newest first."""
    return [record["release"] for record in deployment.outputs()["history"][site]]


def live(deployment: Deployment, site: str = "hello") -> str:
    """The release that answers."""
    answer = get(deployment.port, "localhost" if site == "hello" else f"{site}.localhost", "/whoami").json()
    return str(answer["release"])


def image_ids(deployment: Deployment) -> dict[str, str]:
    """Images by name, with Docker's ids: equal ones mean that nothing was built."""
    return {name: str(deployment.engine.images.get(name).id) for name in deployment.images()}


@pytest.fixture(scope="module")
def kept(shared: Shared) -> tuple[Shared, list[str]]:
    """The shared deployment, of whose first site at least two releases were live; and these, newest first."""
    shared.restore()
    if len(releases(shared)) < 2:
        shared.edit("hello", "# a release to go back from")
        shared.up()
    return shared, releases(shared)


def test_the_history_names_them_and_their_images(kept: tuple[Shared, list[str]]) -> None:
    deployment, made = kept
    history = deployment.outputs()["history"]["hello"]
    assert made[0] == deployment.outputs()["releases"]["hello"] == live(deployment) and len({*made}) == len(made)
    tags = [name.partition(":")[2] for name in deployment.images() if "/hello:" in name]
    assert sorted(tags) == sorted({record["image"] for record in history})


def test_going_back_loses_nothing_builds_nothing_and_needs_no_source(
    kept: tuple[Shared, list[str]], figures: Figures
) -> None:
    deployment, (newest, older, *_) = kept
    history, images = deployment.outputs()["history"], image_ids(deployment)
    module = deployment.source("hello") / "hello.py"
    good = module.read_text()
    module.write_text(good + BROKEN)
    try:
        assert "sites[0].entry" in deployment.preview(fails=True).output
        # No source, no context: nothing could be built.
        shutil.rmtree(deployment.folder / ".portico" / "contexts")
        deployment.configure(rollback={"hello": older})

        preview = deployment.preview()
        assert preview.changes > 0 and "RemoteImage" not in preview.engine, preview.tail()
        with standard(deployment, HELLO_TARGET) as load:
            load.wait(3)
            # As `make rollback`, without another preview.
            result = deployment.up(door="pulumi")
            load.wait(3)
        assert deployment.preview("--refresh", "--expect-no-changes").changes == 0
    finally:
        module.write_text(good)
        deployment.accept()
    report = load.report()

    print(f"\nback in {result.seconds:.1f} s: {report.details()}")
    assert report.lossless, report.details()
    assert list(report.seen) == [f"hello/{newest}", f"hello/{older}"]
    assert live(deployment) == older and older in get(deployment.port, "localhost").body.decode()
    assert image_ids(deployment) == images
    seconds, count = result.seconds, report.failed
    figures.record("R5", "failed requests", target="0", measured=f"{count} of {report.sent}", met=count == 0)
    figures.record("R5", "time", target="<= 30 s", measured=f"{seconds:.1f} s", met=seconds <= stretch(MOST_SECONDS))
    figures.record("R5", "images built", target="0", measured="0", met=image_ids(deployment) == images)
    outputs = deployment.outputs()
    assert outputs["history"] == history and outputs["pinned"] == {"hello": older}
    assert deployment.present() == deployment.wanted()


def test_a_release_that_nobody_kept_is_refused_with_those_that_are(kept: tuple[Shared, list[str]]) -> None:
    deployment, made = kept
    before, pinned = deployment.ids(), deployment.settings["rollback"]
    deployment.configure(rollback={"hello": "0123456789ab", "helo": made[0]})
    said = deployment.up(fails=True).output
    assert 'rollback.hello: "0123456789ab" is no release that hello can go back to; write one of ' in said
    assert all(name in said for name in made)
    assert "rollback.helo: there is no such site; write one of hello" in said
    assert deployment.ids() == before
    deployment.configure(rollback=pinned)


def test_the_fixed_source_is_the_newest_release(kept: tuple[Shared, list[str]]) -> None:
    deployment, made = kept
    deployment.edit("hello", "# fixed")
    deployment.configure(rollback=None)
    with light(deployment, "localhost") as load:
        deployment.up()
        load.wait(1)
    assert load.report().lossless, load.report().details()
    newest = deployment.outputs()["releases"]["hello"]
    assert newest not in made and live(deployment) == newest
    assert releases(deployment) == [newest, *made][:5] and deployment.outputs()["pinned"] == {}
    # When each went live first.
    newest_at, *earlier = (record["at"] for record in deployment.outputs()["history"]["hello"])
    assert newest_at > max(earlier)


@pytest.fixture(scope="module")
def shop(deploy: Deploy) -> Deployment:
    """A small site with two releases."""
    deployment = deploy(small("shop"))
    write_small(deployment, "shop")
    deployment.up()
    deployment.edit("shop", "# second")
    deployment.up()
    return deployment


@pytest.mark.extended
def test_the_commands(shop: Deployment) -> None:
    second, first = releases(shop, "shop")

    listed = shop.releases().output.splitlines()
    assert [line.split()[0] for line in listed] == ["shop", second, first]
    assert [line.split()[-1] for line in listed[1:]] == ["live", "kept"]

    result = shop.rollback()
    print(f"\nmake rollback: {result.seconds:.1f} s")
    reported = f"shop is pinned to release {first}; its source is not deployed: make resume SITE=shop"
    assert live(shop, "shop") == first and reported in result.output.splitlines()
    assert result.output.rstrip().endswith(f"http://shop.localhost:{shop.port}")
    assert shop.releases().output.splitlines()[2].endswith("live, pinned")
    assert f"no release of shop before {first} is kept" in shop.rollback(fails=True).output
    assert '"abc" is no release of shop' in shop.rollback(to="abc", fails=True).output

    shop.resume("shop")
    assert live(shop, "shop") == second and releases(shop, "shop") == [second, first]
    assert "rollback" not in (shop.folder / f"Pulumi.{shop.name}.yaml").read_text()
    assert "no site is pinned" in shop.resume(fails=True).output


@pytest.mark.extended
def test_fewer_kept_releases_are_announced_and_their_images_go(shop: Deployment) -> None:
    history = shop.outputs()["history"]["shop"]
    fewer = len(history) - 1
    shop.configure(keepReleases=fewer)
    names = [f"shop-image-{record['image']}" for record in history]
    said = shop.preview().output
    assert [name for name in names if name in said] == names[fewer:]
    assert shop.up().changes == len(names[fewer:]) > 0
    assert releases(shop, "shop") == [record["release"] for record in history[:fewer]]
    assert [name.partition(":")[2] for name in shop.images()] == sorted(one["image"] for one in history[:fewer])


@pytest.mark.extended
def test_destroy_leaves_no_image(shop: Deployment) -> None:
    assert shop.images()
    shop.destroy()
    assert shop.images() == [] and shop.leftovers() == []
