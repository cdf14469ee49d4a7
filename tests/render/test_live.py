"""make render and make diff against the real engine: the tree that `up` made live is the tree that is written."""

import io
import tarfile
from pathlib import Path

import pytest

from portico.cli.commands.render import MARKER
from tests.docker.ask import get
from tests.docker.engine import Deployment, execute
from tests.render.command import diff, render

pytestmark = pytest.mark.docker


def read_live(deployment: Deployment) -> dict[str, bytes]:
    chunks, _ = deployment.container("nginx").get_archive("/etc/portico/live/.")
    with tarfile.open(fileobj=io.BytesIO(b"".join(chunks))) as archive:
        found = [(member.name.removeprefix("./"), archive.extractfile(member)) for member in archive]
        return {path: file.read() for path, file in found if file}


def read_rendered(deployment: Deployment) -> dict[str, bytes]:
    folder = deployment.folder / "out"
    assert render(deployment.name, folder, root=deployment.folder) == 0
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def tell_diff(deployment: Deployment, capsys: pytest.CaptureFixture[str]) -> str:
    capsys.readouterr()
    assert diff(deployment.name, root=deployment.folder) == 0
    return capsys.readouterr().out


def test_before_the_first_up_nothing_is_live(deployment: Deployment, capsys: pytest.CaptureFixture[str]) -> None:
    assert tell_diff(deployment, capsys).startswith(f"Nothing of the stack {deployment.name} is live")


@pytest.mark.parametrize("upstream", ["socket", pytest.param("container", marks=pytest.mark.extended)])
def test_the_live_tree_is_the_rendered_one(
    deployment: Deployment, capsys: pytest.CaptureFixture[str], upstream: str
) -> None:
    deployment.configure(upstream=upstream)
    if deployment.containers("nginx"):
        # What `up` is about to change, seen before.
        reported = tell_diff(deployment, capsys)
        assert "--- live/conf.d/hello.conf\n+++ new/conf.d/hello.conf\n" in reported
        assert "-    server unix:/run/portico/hello/" in reported and ":8000 max_fails=0 resolve;" in reported
    deployment.up()
    rendered = read_rendered(deployment)
    replica = deployment.containers("gunicorn", "hello")[0]
    beside = {path for path in rendered if path.startswith(("gunicorn/", "docker/"))} | {MARKER}
    assert {path: text for path, text in rendered.items() if path not in beside} == read_live(deployment)
    chunks, _ = replica.get_archive("/etc/gunicorn/gunicorn.conf.py")
    with tarfile.open(fileobj=io.BytesIO(b"".join(chunks))) as archive:
        file = archive.extractfile("gunicorn.conf.py")
        assert file and file.read() == rendered["gunicorn/hello.gunicorn.conf.py"]
    assert (
        tell_diff(deployment, capsys) == f"Nothing differs: the stack {deployment.name} serves exactly these files.\n"
    )
    facts = get(deployment.port, "localhost", "/whoami").json()
    assert str(facts["release"]) in rendered["conf.d/hello.conf"].decode()
    if upstream == "container":
        check_that_nginx_alone_is_believed(deployment)


# Asks an address who it takes the client for, and claims to be another one.
ASK = """
import json, sys, urllib.request
asked = urllib.request.Request(f"http://{sys.argv[1]}:8000/whoami", headers={"X-Forwarded-For": "203.0.113.7"})
with urllib.request.urlopen(asked, timeout=9) as answer:
    print(json.load(answer)["client"])
"""


def check_that_nginx_alone_is_believed(deployment: Deployment) -> None:
    """The site has a network that nobody else is in but NGINX; the site's own containers are not believed either."""
    first, second = deployment.containers("gunicorn", "hello")
    ((name, network),) = first.attrs["NetworkSettings"]["Networks"].items()
    others = [one for role in ("port", "nginx") for one in deployment.containers(role)]
    assert [name in one.attrs["NetworkSettings"]["Networks"] for one in others] == [False, True]
    own = second.attrs["NetworkSettings"]["Networks"][name]["IPAddress"]
    assert execute(second, "python3", "-c", ASK, network["IPAddress"]).strip() == own
    edge = others[1].attrs["NetworkSettings"]["Networks"][name]["IPAddress"]
    assert get(deployment.port, "localhost", "/whoami").json()["client"] != edge


def test_no_engine_is_a_sentence(
    deployment: Deployment, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/none.sock")
    assert diff(deployment.name, root=deployment.folder) == 1
    assert "error: Docker could not be asked" in capsys.readouterr().err
