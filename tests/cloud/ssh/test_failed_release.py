"""A release that fails on a machine over SSH stays out, by whichever command it is tried again."""

import pytest

from tests.cloud.ssh.place import Place
from tests.docker.commands import Door
from tests.docker.figures import Figures

pytestmark = [pytest.mark.docker, pytest.mark.timeout(1200)]


@pytest.mark.parametrize(
    "doors",
    [
        pytest.param(("make",), id="make"),
        pytest.param(("make", "make"), id="make again", marks=pytest.mark.extended),
        pytest.param(("pulumi", "make", "pulumi"), id="pulumi and make", marks=pytest.mark.soak),
    ],
)
def test_it_stays_out_however_it_is_run_again(place: Place, figures: Figures, doors: tuple[Door, ...]) -> None:
    deployment, live = place.deployment, place.release()
    module = deployment.source("shop") / "web.py"
    good = module.read_text()
    module.write_text(f"import nothere\n{good}")
    try:
        with place.load() as load:
            load.wait(1)
            failed = [deployment.up(fails=True, door=door) for door in doors]
            said, releases = deployment.check(fails=True).output, deployment.releases().output
            load.wait(1)
    finally:
        module.write_text(good)
    report = load.report()
    print(f"\n{said}{releases}{report.details()}")
    assert all("No module named 'nothere'" in one.output for one in failed)
    assert f"  {live} " in releases and list(report.seen) == [f"shop/{live}"]
    figures.record(
        "C14",
        f"over SSH, run {len(doors)} times within {max(one.seconds for one in failed):.0f} s each",
        target="0 failed",
        measured=f"{report.failed} of {report.sent:,} failed",
        met=report.lossless,
    )
    # What the next `up` finds once it has failed one time is asked by test_page.py, which comes next.
    place.converge(looks=len(doors) > 1)
