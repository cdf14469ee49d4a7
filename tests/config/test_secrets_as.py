"""Secrets as environment variables: who has which, and that nobody has to know the values on the way."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from portico.config.in_container import read_script
from portico.config.plan import Plan, make_plan
from portico.config.release.launch import begin, find_launcher
from portico.config.release.process import describe_process
from portico.config.release.replica import Place, describe_release, describe_replica
from portico.config.settings import Mistakes
from portico.config.targets.ecs.task import describe_task
from tests.config.ecs_sample import make_ecs_values
from tests.config.sample import make_site, make_values, refuse

VALUE = "postgres://shop:correct-horse@db.example/shop"
SECRETS = {"shop": {"DATABASE_URL": VALUE, "SPARE": "x"}}


def plan(root: Path, secrets: Any = None, **site: Any) -> Plan:
    return make_plan(make_values(make_site(**site), secrets=SECRETS if secrets is None else secrets), root)


@pytest.mark.parametrize(
    ("said", "names"),
    [
        (None, ()),
        ("files", ()),
        ("environment", ("DATABASE_URL", "SPARE")),
        ({"SPARE": "environment"}, ("SPARE",)),
        ({"SPARE": "files"}, ()),
        ({}, ()),
    ],
)
def test_those_are_variables_that_are_said_to_be(root: Path, said: Any, names: tuple[str, ...]) -> None:
    (release,) = plan(root, secretsAs=said).releases
    assert release.variables == names
    words = describe_replica(release, 0, Place())["entrypoints"]
    assert words[-1] == "gunicorn" and (words[0] == "python3") is bool(names)
    assert find_launcher(words) == words[:-1] and find_launcher(["gunicorn"]) == []


def test_a_site_that_says_nothing_has_the_release_that_it_had(root: Path) -> None:
    ids = {said: plan(root, secretsAs=said).releases[0].id for said in (None, "files", "environment")}
    assert ids[None] == ids["files"] != ids["environment"]
    assert plan(root, {}, secretsAs="environment").releases[0].id == plan(root, {}).releases[0].id


def test_no_value_stands_in_what_containers_are_made_of(root: Path) -> None:
    (release,) = plan(root, secretsAs="environment").releases
    described = [describe_release(release, SECRETS["shop"]), describe_process(release, Place(), "w", ["a"], memory=64)]
    ecs = make_plan({**make_ecs_values(make_site(secretsAs="environment")), "secrets": SECRETS}, root)
    described.append(describe_task(ecs.settings, ecs.releases[0], SECRETS["shop"]))
    text = json.dumps(described)
    assert "DATABASE_URL" in text and VALUE not in text


def test_every_process_of_a_release_has_them(root: Path) -> None:
    (release,) = plan(root, secretsAs="environment").releases
    launcher = begin(release)
    assert launcher[-1] == "DATABASE_URL,SPARE"
    further = describe_process(release, Place(), "worker", ["celery", "worker"], memory=64)
    assert further["entrypoints"] == [*launcher, "celery"]
    ecs = make_plan({**make_ecs_values(make_site(secretsAs="environment")), "secrets": SECRETS}, root)
    task = describe_task(ecs.settings, ecs.releases[0], SECRETS["shop"])
    (gunicorn,) = (one for one in task["containers"] if one["name"] == "gunicorn")
    assert gunicorn["entryPoint"] == [*launcher, "gunicorn"]


def test_an_image_with_an_entrypoint_of_its_own_starts_that_with_them(root: Path) -> None:
    (root / "shop" / "Dockerfile").write_text('FROM python:3.13-slim\nENTRYPOINT ["/start.sh"]\n')
    (release,) = plan(root, secretsAs="environment").releases
    words = describe_replica(release, 0, Place())["entrypoints"]
    assert words[-2:] == ["/start.sh", "gunicorn"] and find_launcher(words) == words[:-2]


def test_a_secret_of_the_build_is_no_variable(root: Path) -> None:
    (release,) = plan(root, secretsAs="environment", buildSecrets=["SPARE"]).releases
    assert release.variables == ("DATABASE_URL",)


@pytest.mark.parametrize("said", ["env", None, 1, ["TOKEN"], {"A": "env"}, {"A": 1}])
def test_another_way_is_refused(root: Path, said: Any) -> None:
    (line,) = refuse(root, make_values(make_site() | {"secretsAs": said}))
    assert line.startswith("sites[0].secretsAs: ")
    assert line.endswith("does not fit; write files, environment, or pairs such as DATABASE_URL: environment")


@pytest.mark.parametrize(
    "name", ["PATH", "HOME", "PYTHONPATH", "LD_PRELOAD", "BASH_ENV", "GUNICORN_CMD_ARGS", "WEB_CONCURRENCY"]
)
def test_a_name_by_which_a_process_starts_is_refused(root: Path, name: str) -> None:
    (line,) = refuse(root, make_values(make_site(secretsAs={name: "environment"})))
    assert line.startswith(f"sites[0].secretsAs: {name} changes how a process starts")
    with pytest.raises(Mistakes, match=rf"secrets\.shop\.{name}: changes how a process starts"):
        plan(root, {"shop": {name: "x"}}, secretsAs="environment")
    assert plan(root, {"shop": {name: "x"}}).releases[0].variables == ()


@pytest.mark.parametrize(
    ("site", "secrets", "reported"),
    [
        (
            {"secretsAs": {"TOKEN": "environment"}},
            SECRETS,
            "sites[0].secretsAs: TOKEN is not a secret of shop yet; set it with pulumi config set --secret --path "
            "portico:secrets.shop.TOKEN",
        ),
        (
            {"secretsAs": {"SPARE": "environment"}, "buildSecrets": ["SPARE"]},
            SECRETS,
            "sites[0].secretsAs: SPARE is for the build alone (buildSecrets), and no replica has it; remove it here",
        ),
        (
            {"secretsAs": "environment", "environment": {"SPARE": "y"}},
            SECRETS,
            "secrets.shop.SPARE: is in sites[0].environment too, and both would be the variable SPARE; remove it there",
        ),
        (
            {"secretsAs": "environment"},
            {"shop": {"KEY": f"{VALUE}\0"}},
            "secrets.shop.KEY: holds a NUL character; no environment variable can, so leave it a file",
        ),
        (
            {"secretsAs": "environment"},
            {"shop": {"KEY": "é" * 65535}},
            "secrets.shop.KEY: is longer than an environment variable can be, 128 KiB; keep it a file",
        ),
    ],
)
def test_what_cannot_be_a_variable_is_reported_and_its_value_is_not(
    root: Path, site: dict[str, Any], secrets: Any, reported: str
) -> None:
    with pytest.raises(Mistakes) as caught:
        plan(root, secrets, **site)
    assert [str(one) for one in caught.value.all] == [reported] and VALUE not in reported


def launch(folder: Path, names: str, *words: str) -> subprocess.CompletedProcess[str]:
    """Run the launcher as a container does, with the secrets in `folder`."""
    script = read_script("launch.py").replace("/run/secrets", str(folder))
    command = [sys.executable, "-I", "-S", "-c", script, names, *words]
    return subprocess.run(command, capture_output=True, text=True, env={"PATH": os.environ["PATH"], "OTHER": "kept"})


@pytest.mark.parametrize("value", [b"plain", b"two\nlines\n", b"", b"\xff\xfe no text", "é\u2028".encode()])
def test_a_variable_holds_what_the_file_holds(tmp_path: Path, value: bytes) -> None:
    (tmp_path / "KEY").write_bytes(value)
    ask = "import os; print(os.environb[b'KEY'].hex(), os.environ['OTHER'], os.getpid())"
    done = launch(tmp_path, "KEY", sys.executable, "-c", ask)
    assert done.stdout.split()[-2:-1] == ["kept"] and done.stdout.split(" ")[0] == value.hex(), done.stderr


def test_the_command_takes_the_launchers_place_and_its_exit_code_is_the_commands(tmp_path: Path) -> None:
    (tmp_path / "KEY").write_text(VALUE)
    done = launch(
        tmp_path, "KEY", "sh", "-c", 'tr "\\0" " " </proc/$PPID/cmdline; tr "\\0" " " </proc/$$/cmdline; exit 7'
    )
    assert done.returncode == 7 and "launch" not in done.stdout and VALUE not in done.stdout


@pytest.mark.parametrize(
    ("content", "words", "reported"),
    [
        (None, ["true"], "true could not be started with its secrets: No such file or directory"),
        (f"{VALUE}\0", ["true"], "true could not be started with its secrets: a NUL in one"),
        (
            VALUE,
            ["no-such-program"],
            "no-such-program could not be started with its secrets: No such file or directory",
        ),
    ],
)
def test_what_cannot_be_started_is_one_line_without_the_value(
    tmp_path: Path, content: str | None, words: list[str], reported: str
) -> None:
    if content is not None:
        (tmp_path / "KEY").write_text(content)
    done = launch(tmp_path, "KEY", *words)
    assert (done.returncode, done.stdout, done.stderr) == (1, "", f"{reported}\n")
