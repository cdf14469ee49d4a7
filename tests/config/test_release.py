"""A release's id: the same content gives the same id anywhere, and everything that counts changes it."""

import json
import os
from pathlib import Path
from typing import Any

import pytest
from docker.utils.build import exclude_paths

from portico.config.release.release import Release, make_release
from tests.config.sample import SHOP, make_site, read_settings, write_files


def release(
    root: Path, secrets: dict[str, str] | None = None, stack: dict[str, Any] | None = None, **changes: Any
) -> Release:
    settings = read_settings(root, make_site(**changes), **(stack or {}))
    return make_release(settings, settings.sites[0], root, secrets or {})


def test_the_same_content_in_another_folder_is_the_same_release(
    root: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    other = tmp_path_factory.mktemp("elsewhere")
    write_files(other / "deeper" / "shop", dict(reversed(SHOP.items())))
    os.utime(other / "deeper" / "shop" / "web.py", (0, 0))
    here, there = release(root), release(other, source="deeper/shop")
    assert (here.id, here.image) == (there.id, there.image)


@pytest.mark.parametrize(
    ("path", "text"),
    [
        pytest.param("web.py", "app = 2\n", id="code"),
        pytest.param("static/shop.css", "body {}\n", id="static file"),
        pytest.param("new.txt", "", id="new file"),
        pytest.param("requirements.txt", "flask==3.1.2\n", id="requirements"),
        pytest.param("Dockerfile", "FROM scratch\n", id="Dockerfile"),
    ],
)
def test_a_changed_file_makes_another_image_and_release(root: Path, path: str, text: str) -> None:
    before = release(root)
    write_files(root / "shop", {path: text})
    after = release(root)
    assert after.id != before.id and after.image != before.image


def test_an_empty_folder_is_in_the_image_and_makes_another_release(root: Path) -> None:
    before = release(root)
    (root / "shop" / "plugins").mkdir()
    after = release(root)
    assert after.context["app/plugins"].folder and after.id != before.id
    # Another thing than a file that holds nothing.
    (root / "shop" / "plugins").rmdir()
    write_files(root / "shop", {"plugins": ""})
    assert release(root).image not in (before.image, after.image)


def test_an_executable_bit_makes_another_release(root: Path) -> None:
    before = release(root).id
    (root / "shop" / "web.py").chmod(0o755)
    assert release(root).id != before


def test_an_ignored_file_makes_no_other_release(root: Path) -> None:
    before = release(root).id
    write_files(root / "shop", {"__pycache__/web.pyc": "x", ".env": "A=1"})
    assert release(root).id == before


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"entry": "web:create_app()"}, id="entry"),
        pytest.param({"hosts": ["other.example"]}, id="first host, asked for by the health check"),
        pytest.param({"staticUrl": "/assets/"}, id="URL of the static files"),
        pytest.param({"stack": {"nginx": {"gzip": {"static": False}}}}, id="compressed static files"),
        pytest.param({"environment": {"A": "1"}}, id="environment"),
        pytest.param({"replicas": 3}, id="replicas"),
        pytest.param({"health": "/healthz"}, id="health"),
        pytest.param({"gunicorn": {"workers": 5}}, id="workers"),
        pytest.param({"gunicorn": {"threads": 5}}, id="threads"),
        pytest.param({"gunicorn": {"timeout": "31s"}}, id="timeout"),
        pytest.param({"gunicorn": {"memory": "513M"}}, id="memory"),
        pytest.param({"gunicorn": {"preload": True}}, id="preload"),
        pytest.param({"gunicorn": {"version": "27.0.0"}}, id="gunicorn's version"),
        pytest.param({"stack": {"upstream": "container"}}, id="upstream"),
        pytest.param({"stack": {"replicas": 3}}, id="replicas of the stack"),
        pytest.param({"stack": {"pythonImage": "python:3.12-slim"}}, id="Python's image"),
        pytest.param({"secrets": {"A": "1"}}, id="secret"),
        pytest.param({"gunicorn": {"hungAfter": "20s"}}, id="when it counts as hung"),
        pytest.param({"gunicorn": {"accessLog": True}}, id="Gunicorn's access log"),
        pytest.param({"body": "6M"}, id="largest body, which the application knows too"),
        pytest.param({"name": "blog"}, id="name"),
    ],
)
def test_what_makes_a_replica_differ_makes_another_release(root: Path, changes: dict[str, Any]) -> None:
    assert release(root, **changes).id != release(root).id


def test_each_secret_value_makes_another_release(root: Path) -> None:
    ids = {release(root, secrets).id for secrets in ({}, {"A": "1"}, {"A": "2"}, {"B": "1"})}
    assert len(ids) == 4


def test_secrets_and_environment_make_no_other_image(root: Path) -> None:
    assert release(root, {"A": "1"}, environment={"B": "2"}).image == release(root).image


def test_the_edges_own_settings_make_no_other_release(root: Path) -> None:
    # How long the switch waits is the switch's own affair.
    stack = {"port": 80, "nginx": {"workers": 4}, "nginxImage": "nginx:1.26.3", "protect": True, "healthTimeout": 61}
    assert release(root, stack=stack).id == release(root).id
    site: dict[str, Any] = {"hosts": ["shop.example", "b.example"], "immutable": False, "limits": {"connections": 9}}
    assert release(root, **site).id == release(root).id


def test_no_secret_stands_in_a_release(root: Path) -> None:
    made = release(root, {"KEY": "correct horse battery staple"})
    text = repr(made) + json.dumps({path: file.content.decode() for path, file in made.context.items()})
    assert "correct horse" not in text and "KEY" not in text


def test_sockets_are_named_by_site_release_and_replica(root: Path) -> None:
    made = release(root)
    assert made.bind == made.upstream
    assert made.bind == tuple(f"unix:/run/portico/shop/{made.id}-{index}.sock" for index in range(2))


def test_containers_are_reached_by_aliases_that_name_the_release_and_the_replica(root: Path) -> None:
    made = release(root, stack={"upstream": "container"}, replicas=3)
    assert made.upstream == tuple(f"shop-{made.id}-{index}:8000" for index in range(3))
    assert made.bind == ("0.0.0.0:8000",) * 3


def test_an_older_nginx_asks_for_one_alias_that_all_replicas_have(root: Path) -> None:
    made = release(root, stack={"upstream": "container", "nginxImage": "nginx:1.26.3"}, replicas=3)
    assert made.upstream == (f"shop-{made.id}:8000",)
    assert made.bind == ("0.0.0.0:8000",) * 3


def test_on_one_machine_every_replica_has_a_port(root: Path) -> None:
    made = release(root, stack={"upstream": "tcp"}, replicas=3)
    assert made.bind == made.upstream == tuple(f"127.0.0.1:{port}" for port in (8000, 8001, 8002))


def test_a_site_has_a_user_of_its_own_that_is_nobody_on_the_host(root: Path) -> None:
    uids = {release(root, name=name).uid for name in ("shop", "blog", "hello", "httpbin")}
    assert len(uids) == 4 and all(20_000 <= uid < 60_000 for uid in uids)


def test_the_context_holds_the_source_below_app(root: Path) -> None:
    context = release(root).context
    assert set(context) == {
        *("Dockerfile", ".portico/gunicorn.conf.py", ".portico/requirements/requirements.txt"),
        *(f"app/{name}" for name in SHOP),
    }
    assert context["app/web.py"].content.decode() == SHOP["web.py"]


def test_a_dockerfile_of_its_own_finds_the_source_beside_it(root: Path) -> None:
    write_files(root / "shop", {"Dockerfile": "FROM scratch\nCOPY web.py /\n"})
    context = release(root).context
    assert {"Dockerfile", "web.py", ".portico/gunicorn.conf.py"} <= set(context)
    assert context["Dockerfile"].content.decode().startswith("FROM scratch\nCOPY web.py /\n")


@pytest.mark.parametrize("text", ["*\n!web.py\n", ".*\n"])
def test_a_dockerignore_beside_a_dockerfile_keeps_what_portico_adds(root: Path, text: str) -> None:
    write_files(root / "shop", {"Dockerfile": "FROM scratch\n", ".dockerignore": text})
    context = release(root).context
    for path, file in context.items():
        write_files(root / "context", {path: file.content.decode()})
    ignored = context[".dockerignore"].content.decode().splitlines() if ".dockerignore" in context else []
    assert ".portico/gunicorn.conf.py" in exclude_paths(str(root / "context"), ignored)


@pytest.mark.parametrize(
    ("files", "changes", "static"),
    [
        pytest.param({}, {}, "static", id="beside the module"),
        pytest.param(
            {"shop/web.py": "app = 1", "shop/static/a": ""}, {"entry": "shop.web:app"}, "shop/static", id="in a package"
        ),
        pytest.param({"src/b.py": "app = 1", "src/static/a": ""}, {"entry": "b:app"}, "src/static", id="in src"),
        pytest.param({"public/a": ""}, {"static": "public"}, "public", id="said"),
        pytest.param({"p/__init__.py": "app = 1"}, {"entry": "p:app"}, None, id="none"),
        pytest.param(
            {"requirements.txt": "flask\nhttpbin\n"}, {"entry": "httpbin:app"}, None, id="in a required package"
        ),
    ],
)
def test_static_files_are_found_beside_the_entrys_module(
    root: Path, files: dict[str, str], changes: dict[str, Any], static: str | None
) -> None:
    write_files(root / "shop", files)
    assert release(root, **changes).static == static


def test_an_ignored_static_folder_is_not_served(root: Path) -> None:
    write_files(root / "shop", {".dockerignore": "static\n"})
    assert release(root).static is None
