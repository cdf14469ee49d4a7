"""A release's id: the same content gives the same id anywhere, and everything that counts changes it."""

import json
import os
from pathlib import Path
from typing import Any

import pytest
from docker.utils.build import exclude_paths

from portico.config.release.assemble import make_release
from portico.config.release.release import Release
from portico.config.settings import Gunicorn, Site
from portico.config.tls.local_ca import issue_certificate
from tests.config.sample import HASH, SHOP, make_site, read_settings, write_files


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


# What makes a replica differ, by its name.
OTHER: dict[str, dict[str, Any]] = {
    "entry": {"entry": "web:create_app()"},
    "first host, asked for by the health check": {"hosts": ["other.example"]},
    "path, which Gunicorn takes off": {"path": "/shop"},
    "URL of the static files": {"staticUrl": "/assets/"},
    "published files": {"publish": ["*.py"]},
    "whom static files are asked of": {"staticFrom": "application"},
    "compressed static files": {"stack": {"nginx": {"gzip": {"static": False}}}},
    "environment": {"environment": {"A": "1"}},
    "replicas": {"replicas": 3},
    "health": {"health": "/healthz"},
    "workers": {"gunicorn": {"workers": 5}},
    "threads": {"gunicorn": {"threads": 5}},
    "class of workers": {"gunicorn": {"workerClass": "gevent"}},
    "a route whose WebSockets are informed when it ends": {"routes": [{"path": "/ws", "websocket": True}]},
    "timeout": {"gunicorn": {"timeout": "31s"}},
    "memory": {"gunicorn": {"memory": "513M"}},
    "preload": {"gunicorn": {"preload": True}},
    "gunicorn's version": {"gunicorn": {"version": "27.0.0"}},
    "upstream": {"stack": {"upstream": "container"}},
    "replicas of the stack": {"stack": {"replicas": 3}},
    "Python's image": {"stack": {"pythonImage": "python:3.12-slim"}},
    "Python's image for the site": {"pythonImage": "python:3.12-slim"},
    "a folder above the source": {"context": ".."},
    "packages of Debian": {"packages": ["libpq5"]},
    "packages of Debian that builds need": {"buildPackages": ["gcc"]},
    "variables of the build": {"buildSecrets": ["TOKEN"]},
    "secret": {"secrets": {"A": "1"}},
    "when it counts as hung": {"gunicorn": {"hungAfter": "20s"}},
    "Gunicorn's access log": {"gunicorn": {"accessLog": True}},
    "largest body, which the application knows too": {"body": "6M"},
    "name": {"name": "blog"},
    "a folder of data": {"data": [{"name": "store", "path": "/var/lib/shop"}]},
    "a service, whose network its processes are in": {
        "uses": ["db"],
        "stack": {"services": [{"name": "db", "kind": "postgres"}]},
    },
    "a route whose answers take longer, which is when it counts as hung": {
        "routes": [{"path": "/events", "stream": True}]
    },
}
# What is NGINX's alone, or other processes', by the setting of a site.
SAME: dict[str, Any] = {
    "aliases": ["www.shop.example"],
    "balance": "least_conn",
    "headers": {"referrerPolicy": "origin"},
    "hosts": ["shop.example", "b.example"],
    "immutable": False,
    "limits": {"connections": 9},
    "maintenance": True,
    "routes": [{"path": "/a", "timeout": "10s"}],
    "users": {"ann": HASH},
    "weights": [3, 1],
    "workers": [{"name": "queue", "command": "work"}],
    "release": {"command": "flask db upgrade"},
    "schedule": [{"name": "tidy", "cron": "0 3 * * *", "command": "flask tidy"}],
}


@pytest.mark.parametrize("name", OTHER)
def test_what_makes_a_replica_differ_makes_another_release(root: Path, name: str) -> None:
    assert release(root, **OTHER[name]).id != release(root).id


@pytest.mark.parametrize("name", SAME)
def test_what_is_nginxs_alone_makes_no_other_release(root: Path, name: str) -> None:
    # A weight for each of two replicas, which are as many as there are by default.
    assert release(root, **{name: SAME[name]}, replicas=2).id == release(root).id


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"workers": [{"name": "a", "command": "a"}]}, {"workers": [{"name": "b", "command": "b", "replicas": 3}]}),
        ({"release": {"command": "a"}}, {"release": {"command": "b", "timeout": "1h"}}),
        ({"release": {"command": "a"}}, {"workers": [{"name": "a", "command": "a"}]}),
    ],
)
def test_another_command_of_a_further_process_makes_no_other_release(
    root: Path, before: dict[str, Any], after: dict[str, Any]
) -> None:
    assert release(root, **before).id == release(root, **after).id


def test_a_certificate_makes_no_other_release(root: Path) -> None:
    chain, key = issue_certificate(root / "issued", "shop", ["shop.example"])
    write_files(root, {"shop.crt": chain, "shop.key": key})
    own = {"certificate": "shop.crt", "key": "shop.key"}
    assert release(root, stack={"tls": {}}, certificate=own).id == release(root).id


@pytest.mark.parametrize("other", [{"requirements": "more.txt"}, {"requirements": "pyproject.toml", "extras": ["x"]}])
def test_what_chooses_packages_makes_another_release(root: Path, other: dict[str, Any]) -> None:
    project = '[project]\nname = "shop"\nversion = "1"\ndependencies = ["flask"]\noptional-dependencies.x = ["idna"]\n'
    write_files(root / "shop", {"more.txt": "flask==3.1.2\n", "pyproject.toml": project})
    before = [release(root).id, release(root, requirements="pyproject.toml").id]
    assert release(root, **other).id not in before


def test_every_setting_of_a_site_is_in_one_of_both_lists() -> None:
    """Host names and routes are in both; a source, what it requires, static files and a certificate need files."""
    sites = {str(field.alias) for field in Site.model_fields.values()}
    guns = {str(field.alias) for field in Gunicorn.model_fields.values()}
    changed = {key for changes in OTHER.values() for key in changes} - {"stack", "secrets"}
    assert sites == changed | SAME.keys() | {
        *("certificate", "source", "static", "requirements", "extras"),
        "secretsAs",  # test_secrets_as.py
    }
    assert guns == {key for changes in OTHER.values() for key in changes.get("gunicorn", ())}


def test_each_secret_value_makes_another_release(root: Path) -> None:
    ids = {release(root, secrets).id for secrets in ({}, {"A": "1"}, {"A": "2"}, {"B": "1"})}
    assert len(ids) == 4


def test_secrets_and_environment_make_no_other_image(root: Path) -> None:
    assert release(root, {"A": "1"}, environment={"B": "2"}).image == release(root).image


def test_the_edges_own_settings_make_no_other_release(root: Path) -> None:
    # How long the switch waits is the switch's own affair.
    stack = {"port": 80, "nginx": {"workers": 4}, "nginxImage": "nginx:1.26.3", "protect": True, "healthTimeout": 61}
    assert release(root, stack=stack).id == release(root).id


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
