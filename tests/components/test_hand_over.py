"""Secrets of a task on ECS: from the environment of one container that ends into files of the one that serves."""

import stat
import subprocess
import sys
from pathlib import Path

from portico.config.targets.ecs import container_definitions
from tests.config.ecs_sample import plan_fleet
from tests.config.sample import HASH, SHOP, make_site, write_files

SCRIPT = (Path(__file__).parents[2] / "components" / "in_container" / "secrets.py").read_text()


def hand_over(folder: Path, environment: dict[bytes, bytes]) -> subprocess.CompletedProcess[str]:
    text = SCRIPT.replace('"/run/secrets"', repr(str(folder)))
    assert text != SCRIPT
    return subprocess.run(
        [sys.executable, "-I", "-S", "-c", text], env=environment, capture_output=True, text=True, check=False
    )


def test_secrets_become_files_that_only_their_user_reads(tmp_path: Path) -> None:
    values = {
        b"SECRET_KEY": b"one\ntwo\n",
        b"EMPTY": b"",
        b"PATH": b"a name that means something to others",
        b"BYTES": b"\xff\xfe and 'quotes' $HOME",
    }
    ended = hand_over(tmp_path, {b"PORTICO_SECRET_" + name: value for name, value in values.items()})
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "")
    assert {path.name.encode(): path.read_bytes() for path in tmp_path.iterdir()} == values
    assert {stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()} == {0o400}


def test_nothing_else_of_the_environment_is_written_down(tmp_path: Path) -> None:
    environment = {b"PATH": b"/usr/bin", b"SECRET_KEY": b"no", b"PORTICO_SITE": b"shop", b"PORTICO_SECRET_A": b"yes"}
    assert hand_over(tmp_path, environment).returncode == 0
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {"A": "yes"}


def test_a_second_attempt_takes_the_newer_value(tmp_path: Path) -> None:
    for value in (b"longer before", b"after"):
        assert hand_over(tmp_path, {b"PORTICO_SECRET_A": value}).returncode == 0
    assert (tmp_path / "A").read_text() == "after"


def test_without_a_place_for_them_the_task_does_not_start(tmp_path: Path) -> None:
    ended = hand_over(tmp_path / "missing", {b"PORTICO_SECRET_A": b"hidden"})
    assert ended.returncode != 0 and "hidden" not in ended.stderr


def test_password_hashes_become_the_file_that_nginx_reads(tmp_path: Path) -> None:
    write_files(tmp_path / "shop", SHOP)
    (fleet,) = plan_fleet(tmp_path, make_site(users={"ann": HASH, "bob": HASH}))
    image = f"registry.example/shop@sha256:{'0' * 64}"
    users, *_ = container_definitions(
        fleet, application=image, nginx=image, log_group="shop", region="eu-central-1", users="arn:users"
    )
    folder, file = users["command"]
    here = tmp_path / "private" / folder.rpartition("/")[2]
    (tmp_path / "private").mkdir()
    text = fleet.private.files[file]
    for _ in range(2):
        subprocess.run(
            [*users["entryPoint"], str(here), file], env={"PORTICO_USERS": text, "PATH": "/usr/bin:/bin"}, check=True
        )
    assert (here / file).read_text() == text == f"ann:{HASH}\nbob:{HASH}\n"
    assert stat.S_IMODE((here / file).stat().st_mode) == 0o600
    assert stat.S_IMODE(here.stat().st_mode) == 0o700
