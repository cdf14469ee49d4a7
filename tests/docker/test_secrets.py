"""Secrets reach the application and nobody else; a new value is a new release, and loses no request."""

import hashlib
import io
import tarfile

import pytest
import yaml

from docker.errors import ContainerError, NotFound
from docker.models.containers import Container
from portico.components.docker.container_command import run_in
from tests.docker.engine import Deployment, execute
from tests.docker.figures import Figures
from tests.docker.traffic import light
from tests.docker.vault import HOST, OTHER, SPARE, Vault

pytestmark = pytest.mark.docker


def digest(value: str) -> str:
    return hashlib.sha256(value.encode()).hexdigest()


def test_the_application_reads_it_and_its_neighbour_does_not(vault: Vault) -> None:
    assert vault.seen() == {"sha256": digest(vault.value), "mode": "0o100400"}
    assert "error" in vault.seen(host=OTHER)


def test_only_the_sites_own_user_can_open_it(vault: Vault) -> None:
    replica, other = (vault.containers("gunicorn", site)[0] for site in ("shop", "blog"))
    uid = replica.attrs["Config"]["User"]
    assert uid != other.attrs["Config"]["User"]
    listed = execute(replica, "sh", "-c", "cd /run/secrets && stat -c '%n %a %u:%g' *").splitlines()
    assert listed == [f"SPARE 400 {uid}", f"TOKEN 400 {uid}"]
    assert "Read-only file system" in run_in(replica, ["touch", "/run/secrets/new"]).text
    # Even with its volume before it, another site's user and NGINX's are refused.
    (volume,) = list_volumes(vault)
    for user in (other.attrs["Config"]["User"], "101:101"):
        with pytest.raises(ContainerError, match="Permission denied"):
            vault.engine.containers.run(
                str(replica.attrs["Image"]),
                ["/run/secrets/TOKEN"],
                entrypoint="cat",
                user=user,
                volumes=[f"{volume}:/run/secrets:ro"],
                network_mode="none",
                remove=True,
            )


def list_volumes(deployment: Deployment) -> dict[str, str]:
    """The volumes of secrets that are there, and the release that each one is of."""
    labels = {"label": [f"portico.stack={deployment.name}", "portico.role=secrets"]}
    return {one.name: one.attrs["Labels"]["portico.release"] for one in deployment.engine.volumes.list(filters=labels)}


def test_it_stands_nowhere_in_clear(vault: Vault) -> None:
    places = list_places(vault, vault.value)
    vault.edit("shop", "# a difference for the preview to show")
    places["preview"] = vault.preview("--diff").output.encode()
    assert len(places) > 30
    assert not [place for place, text in places.items() if vault.value.encode() in text]


def list_places(deployment: Deployment, value: str) -> dict[str, bytes]:
    """Everywhere that a secret could have got to: engine, images, processes, state, files, the edge's volumes."""
    places: dict[str, bytes] = {}
    for found in deployment.containers():
        places[f"inspect {found.name}"] = str(found.attrs).encode()
        places[f"logs {found.name}"] = bytes(found.logs())
        places[f"incoming {found.name}"] = read_folder(found, "/incoming")
        if found.status == "running":
            places[f"processes {found.name}"] = str(found.top(ps_args="axww")).encode()
        if found.labels["portico.role"] == "gunicorn":
            variables = execute(found, "sh", "-c", "cat /proc/[0-9]*/environ /proc/[0-9]*/cmdline 2>/dev/null; true")
            assert "PORTICO_SITE" in variables
            places[f"variables {found.name}"] = variables.encode()
    for image in deployment.images():
        built = deployment.engine.images.get(image)
        places[f"image {image}"] = str(built.attrs).encode()
        places[f"history {image}"] = str(built.history()).encode()
    places["stack output"] = deployment.pulumi("stack", "output", "--stack", deployment.name).output.encode()
    places["config"] = deployment.pulumi("config", "--stack", deployment.name).output.encode()
    places["stack export"] = deployment.pulumi("stack", "export", "--stack", deployment.name).output.encode()
    # All that was written on the way: state, stack file, build contexts, logs of the commands.
    for path in deployment.folder.rglob("*"):
        if path.is_file() and not any(part in path.parts for part in (".venv", "components", "config")):
            places[str(path)] = path.read_bytes()
    edge = deployment.container("nginx")
    for folder in ("/etc/portico", "/srv/static", "/run/portico"):
        found_in = execute(edge, "sh", "-c", f"grep -rF {value} {folder} 2>/dev/null; true")
        places[f"edge {folder}"] = found_in.encode()
    return places


@pytest.mark.extended
def test_a_new_value_is_a_new_release_without_loss(vault: Vault, figures: Figures) -> None:
    old = vault.outputs()["releases"]
    before = vault.value
    vault.rotate()
    # What is shown before: that something differs, and not what.
    reported = [vault.preview(option).output for option in ("--diff", "--json")]
    assert "[secret]" in reported[0] and not [text for text in reported if before in text or vault.value in text]
    with light(vault, HOST, OTHER) as load:
        # It keeps what Pulumi says in a file.
        assert vault.find_log("up").name in str(vault.up(door="make").output)
        load.wait(1)
    report, new = load.report(), vault.outputs()["releases"]
    print(f"\nsecret rotated: {report.details()}")
    figures.record(
        "C13", "requests lost", target="0", measured=f"{report.failed} of {report.sent:,}", met=report.lossless
    )
    assert new["shop"] != old["shop"] and new["blog"] == old["blog"]
    assert set(report.seen) == {f"shop/{old['shop']}", f"shop/{new['shop']}", f"blog/{old['blog']}"}
    assert vault.seen()["sha256"] == digest(vault.value)
    assert vault.present() == vault.wanted()
    assert list(list_volumes(vault).values()) == [new["shop"]], "a volume of an older release is left"
    places = list_places(vault, vault.value)
    values = (before.encode(), vault.value.encode())
    assert not [place for place, text in places.items() if any(value in text for value in values)]


@pytest.mark.extended
def test_a_value_that_stands_in_clear_in_the_stack_file_is_warned_of(vault: Vault) -> None:
    file = vault.folder / f"Pulumi.{vault.name}.yaml"
    locked = file.read_text()
    warning = (
        f"portico:secrets is in plain text in {file.name}, readable by all who may read that file; set each one with"
    )
    assert warning not in vault.preview().output
    document = yaml.safe_load(locked)
    document["config"]["portico:secrets"] = {"shop": {"TOKEN": "in-clear"}}
    try:
        file.write_text(yaml.safe_dump(document))
        assert warning in vault.preview().output
    finally:
        file.write_text(locked)


@pytest.mark.extended
def test_a_release_that_fails_does_not_change_it(vault: Vault) -> None:
    """The old release keeps serving, so it must keep its own secret too."""
    before = vault.seen()
    module = vault.source("shop") / "web.py"
    good = module.read_text()
    try:
        module.write_text("import nothing_of_this_name\n" + good)
        vault.rotate()
        vault.configure(healthTimeout=10)
        vault.up(fails=True)
        assert vault.seen() == before
    finally:
        module.write_text(good)
        vault.configure(healthTimeout=None)


@pytest.mark.extended
def test_a_secret_that_is_taken_back_is_gone(vault: Vault) -> None:
    assert vault.seen("SPARE")["sha256"] == digest(SPARE)
    path = "portico:secrets.shop.SPARE"
    vault.pulumi("config", "rm", "--stack", vault.name, "--path", path)
    vault.up()
    assert vault.seen()["sha256"] == digest(vault.value)
    assert "error" in vault.seen("SPARE"), "the application still reads it"
    assert vault.present() == vault.wanted()


def read_folder(container: Container, folder: str) -> bytes:
    """All files of a folder of a container, stopped or not; nothing if there is no such folder."""
    try:
        stream, _ = container.get_archive(folder)
    except NotFound:
        return b""
    with tarfile.open(fileobj=io.BytesIO(b"".join(stream))) as archive:
        files = [archive.extractfile(member) for member in archive.getmembers() if member.isfile()]
        return b"\0".join(file.read() for file in files if file)
