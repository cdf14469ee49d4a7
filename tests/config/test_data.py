"""Folders of data: where they may lie, what serves them, and what the containers of a release get of them."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from portico.config.messages.data_changes import Kept, announce_data
from portico.config.plan import make_plan
from portico.config.release.assemble import make_release
from portico.config.release.replica import Place, describe_files, describe_replica
from portico.config.settings import Mistakes
from portico.config.settings.data import Data
from tests.config.aws_sample import make_section as make_aws
from tests.config.ecs_sample import make_section as make_ecs
from tests.config.sample import make_site, make_values, read_settings, refuse, render, write_files

MEDIA = {"name": "media", "path": "/app/media", "url": "/media/"}
STORE = {"name": "store", "path": "/var/lib/shop"}


def read(**values: Any) -> Data:
    return Data.model_validate(values)


@pytest.mark.parametrize(
    "path", ["data", "", "/data/", "//data", "/a//b", "/a/../b", "/a/.", "/a b", "/a\n", "/a;b", "~"]
)
def test_a_path_is_whole_and_plain(path: str) -> None:
    with pytest.raises(ValidationError):
        read(name="data", path=path)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (
            [{**STORE, "path": "/etc/shop"}],
            "sites[0].data[0].path: /etc/shop is in /etc, where a container",
        ),
        ([{**STORE, "path": "/app"}], "sites[0].data[0].path: /app is where a container has the application's source"),
        ([{**STORE, "path": "/"}], "sites[0].data[0].path: / would hide /app"),
        ([{**STORE, "name": "My.Data"}], 'sites[0].data[0].name: "My.Data" is not a name of data'),
        ([{**STORE, "guarded": True}], "sites[0].data[0]: guarded is for files that NGINX serves; write url beside it"),
        ([STORE, {**STORE, "path": "/b"}], 'sites[0].data: the name "store" is listed twice'),
        ([MEDIA, {**MEDIA, "name": "b", "path": "/b"}], 'sites[0].data: the url "/media/" is listed twice'),
        (
            [STORE, {"name": "b", "path": "/var/lib/shop/b"}],
            "sites[0].data: /var/lib/shop/b is in /var/lib/shop",
        ),
        ([{**MEDIA, "url": "/static/"}], 'sites[0].data[0].url: "/static/" is where static files are; write another'),
        ([{**MEDIA, "url": "/health/"}], 'sites[0].data[0].url: "/health/" would answer health, /health/now'),
        ([{**MEDIA, "url": "/route/"}], 'sites[0].data[0].url: "/route/" is the path of a route too'),
        ([{**MEDIA, "url": "/portico-unavailable.html/"}], "has the name of the error page; write another"),
    ],
)
def test_what_does_not_fit_is_refused(root: Path, data: list[dict[str, Any]], said: str) -> None:
    reported = refuse(root, make_values(make_site(data=data, health="/health/now", routes=[{"path": "/route/"}])))
    assert [line for line in reported if said in line], reported


@pytest.mark.parametrize(
    "stack",
    [
        {"target": "ecs", "ecs": make_ecs()},
        {"target": "aws", "aws": make_aws(), "address": "0.0.0.0", "port": 80},
        {"target": "ssh", "ssh": {"host": "shop.example", "user": "ann"}},
    ],
    ids=["ecs", "aws", "ssh"],
)
def test_it_is_kept_on_every_target(root: Path, stack: dict[str, Any]) -> None:
    plan = make_plan(make_values(make_site(data=[STORE]), **stack), root)
    assert plan.settings.sites[0].data[0].name == "store"


def test_a_vm_that_tells_no_disk_by_its_id_is_refused(root: Path) -> None:
    stack = {"target": "aws", "address": "0.0.0.0", "port": 80, "aws": make_aws(instanceType="t2.micro")}
    (line,) = refuse(root, make_values(make_site(data=[STORE]), **stack))
    assert line.startswith("aws.instanceType: t2 does not show a data disk's id to the VM; write one of the Nitro kind")
    assert make_plan(make_values(make_site(), **stack), root)


@pytest.mark.parametrize(
    "path",
    [
        "/usr/share",
        "/usr/share/shop",
        "/usr",
        "/usr/local",
        "/usr/local/share/x",
        "/var/lib",
        "/var/lib/dpkg",
        "/root/x",
    ],
)
def test_a_folder_of_the_system_is_refused(path: str) -> None:
    with pytest.raises(ValidationError, match="where a container has"):
        read(name="data", path=path)


@pytest.mark.parametrize("path", ["/usr/src/app/media", "/usr/local/shop", "/var/lib/shop", "/media", "/srv/shop"])
def test_a_folder_beside_those_of_the_system_is_taken(path: str) -> None:
    assert read(name="data", path=path).path == path


SOURCE = {
    "requirements.txt": "flask\n",
    "web.py": "from flask import Flask\napp = Flask(__name__)\n",
    "templates/page.html": "x",
    "lib/deep/part.py": "",
    "static/logo.png": "x",
    "uploads/first.png": "x",
    "notes/page.js": "x",
}


def plan(root: Path, path: str, files: dict[str, str] | None = None, **site: Any) -> None:
    write_files(root / "shop", SOURCE | (files or {}))
    make_plan(make_values(make_site(entry="web:app", data=[{**STORE, "path": path}], **site)), root)


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/app/web.py", "is web.py, a file of the source"),
        ("/app/web.py/x", "is below web.py, a file of the source"),
        ("/app/templates", "holds templates/page.html of the source"),
        ("/app/lib", "holds lib/deep/part.py of the source"),
        ("/app/static", "holds the static files of the source"),
        ("/app/notes", "holds notes/page.js of the source"),
        ("/app/link", "is link, a link of the source"),
    ],
)
def test_a_path_that_would_hide_the_source_is_refused(root: Path, path: str, said: str) -> None:
    """Later releases would never be seen there."""
    (root / "shop" / "link").symlink_to("uploads")
    with pytest.raises(Mistakes) as caught:
        plan(root, path)
    (reported,) = map(str, caught.value.all)
    assert reported.startswith(f"sites[0].data[0].path: {path} {said}") and "; write a folder" in reported


def test_what_a_release_begins_with_is_taken_over(root: Path) -> None:
    plan(root, "/app/uploads")
    plan(root, "/app/static/uploads", {"static/uploads/first.png": "x"})
    plan(root, "/app/instance")
    # What is in no image is in nobody's way.
    plan(root, "/app/notes", {".dockerignore": "notes\n"})
    # Of an own image nothing tells where the source lies.
    plan(root, "/app/templates", {"Dockerfile": "FROM python:3.13-slim\nCOPY . /srv\n"})


def test_the_path_counts_from_the_context(root: Path) -> None:
    for path in ("/app/templates", "/app/shop/uploads"):
        plan(root, path, context="..")
    with pytest.raises(Mistakes, match=r"/app/shop/templates holds shop/templates/page\.html"):
        plan(root, "/app/shop/templates", context="..")
    with pytest.raises(Mistakes, match="/app/shop holds"):
        plan(root, "/app/shop", context="..")


def list_volumes(described: dict[str, Any]) -> dict[str, str]:
    """Those of data, by the folder."""
    named = {one["container_path"]: str(one["volume_name"]) for one in described["volumes"]}
    return {path: name for path, name in named.items() if name.startswith("volume-")}


def test_all_containers_of_a_release_have_it(root: Path) -> None:
    settings = read_settings(root, make_site(data=[MEDIA, STORE]))
    release = make_release(settings, settings.sites[0], root, {})
    place = Place(data={"media": "volume-m", "store": "volume-s"})
    assert list_volumes(describe_replica(release, 0, place)) == {"/app/media": "volume-m", "/var/lib/shop": "volume-s"}
    files = describe_files(release, place)
    assert files["command"][-2:] == ["/srv/portico/media=/app/media", "/srv/portico/store=/var/lib/shop"]
    # Beside the image's own folders, which are to be seen, too.
    assert list_volumes(files) == {"/srv/portico/media": "volume-m", "/srv/portico/store": "volume-s"}
    assert files["capabilities"] == {"drops": ["ALL"], "adds": ["CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_FOWNER"]}


def test_it_makes_another_release_by_its_path_alone(root: Path) -> None:
    """Its URL is NGINX's, and a site without data is what it was."""

    def name(**site: Any) -> str:
        settings = read_settings(root, make_site(**site))
        return make_release(settings, settings.sites[0], root, {}).id

    assert name() == name(data=[])
    assert name(data=[STORE]) not in (name(), name(data=[{**STORE, "path": "/var/lib/other"}]))
    assert name(data=[MEDIA]) == name(data=[{**MEDIA, "url": "/other/"}]) == name(data=[{**MEDIA, "url": None}])


def test_a_site_without_data_has_nothing_of_it(root: Path) -> None:
    settings = read_settings(root)
    release = make_release(settings, settings.sites[0], root, {})
    files = describe_files(release, Place())
    assert len(files["volumes"]) == 2 and len(describe_replica(release, 0, Place())["volumes"]) == 1
    assert files["capabilities"] == {"drops": ["ALL"], "adds": ["CAP_CHOWN"]} and "posix_acl" not in str(files)
    assert "data_disposition" not in "".join(render(root).files.values())


LOCATION = r"""
    # Files of the data folder media. Users may have uploaded them: none of them runs, here or in a browser.
    location ^~ /media/ {
        alias /srv/data/shop/media/;                       # both end with a slash, so that no request leaves the folder
        disable_symlinks on from=/srv/data/shop/media;     # a link may point to a file that must stay private
        charset utf-8;                                     # of texts
        gzip_static off;                                   # a file of the same name with .gz is another upload
        add_header Cache-Control "no-cache" always;        # browsers store it, but check its ETag each time
        add_header Content-Disposition $data_disposition;  # what a browser could run is saved instead

        # No file has such a name, and NGINX would log it unescaped: see nginx.conf.
        location ~ "[\x00-\x1f\x7f]|\xc2[\x80-\x9f]|\xe2\x80[\xa8-\xae]|\xe2\x81[\xa6-\xa9]" { return 404; }

        # No list of a folder, nothing that begins with a dot, and no database that an application keeps beside them.
        location ~* "/$|/\.|\.(?:db|sqlite3?)(?:-(?:journal|shm|wal))?$" { return 404; }

        # No page may run a file of these as its own script: with nosniff, this type is refused.
        location ~* "\.[cm]?js$" {
            types { }                               # whatever mime.types says
            default_type application/octet-stream;  # plain bytes
        }
    }
"""


def test_a_url_is_served_as_mere_files(root: Path) -> None:
    files = render(root, make_site(data=[MEDIA, STORE])).files
    assert LOCATION in files["conf.d/shop.conf"] and "/store" not in files["conf.d/shop.conf"]
    assert files["nginx.conf"].count("map $sent_http_content_disposition ") == 1


def test_nosniff_is_not_a_matter_of_the_sites_headers(root: Path) -> None:
    text = render(root, make_site(data=[MEDIA], headers={"nosniff": False})).files["conf.d/shop.conf"]
    assert 'add_header X-Content-Type-Options "nosniff" always;' in text[text.index("location ^~ /media/") :]


def test_a_guarded_folder_is_the_applications_to_show(root: Path) -> None:
    text = render(root, make_site(data=[{**MEDIA, "guarded": True}])).files["conf.d/shop.conf"]
    location = text[text.index("location ^~ /media/") : text.index('location ~* "/$')]
    assert " internal;" in location and "Cache-Control" not in location


def test_in_maintenance_nothing_is_served(root: Path) -> None:
    files = render(root, make_site(data=[MEDIA], maintenance=True)).files
    assert "/srv/data" not in files["conf.d/shop.conf"] and "data_disposition" not in files["nginx.conf"]


KEY = ("shop", "store")
KEPT = Kept("shop", "store", "portico.dev.shop.store")


@pytest.mark.parametrize(
    ("before", "wanted", "there", "said"),
    [
        (False, True, False, ["shop: its data store begins at /var/lib/shop, with what the image has there."]),
        (
            False,
            True,
            True,
            ["shop: its data store is there already, in the volume portico.dev.shop.store"],
        ),
        (True, True, True, []),
        (True, True, False, ["shop: its data store is gone: the volume portico.dev.shop.store was removed by hand"]),
        (True, False, True, ["shop: keeps its data store, which no setting names any more"]),
        (False, False, True, []),
    ],
)
def test_what_becomes_of_it_is_reported(before: bool, wanted: bool, there: bool, said: list[str]) -> None:
    reported = announce_data(
        {KEY: KEPT} if before else {},
        {KEY: read(**STORE)} if wanted else {},
        {KEY} if there else set(),
        {KEY: KEPT.volume},
    )
    lines = [str(change) for change in reported]
    assert len(lines) == len(said) and all(line.startswith(text) for line, text in zip(lines, said, strict=True))


def test_on_a_disk_of_its_own_no_command_of_dockers_is_reported() -> None:
    """It would take away the way there, and no file."""
    before = {("shop", "store"): Kept("shop", "store", "portico.prod.shop.store")}
    (one,) = announce_data(before, {}, (), {}, apart=True)
    assert str(one) == (
        "shop: keeps its data store, which no setting names any more: it stays on the disk of data, in the folder "
        "portico.prod.shop.store."
    )


def test_data_of_a_service_begins_with_nothing() -> None:
    data = Data(name="postgres-18", path="/var/lib/postgresql")
    wanted, names = {("db", "postgres-18"): data}, {("db", "postgres-18"): "portico.dev.db.postgres-18"}
    (one,) = announce_data({}, wanted, (), names, services=["db"])
    assert str(one).startswith("db: its data begins empty, in the volume portico.dev.db.postgres-18. Nothing")


@pytest.mark.parametrize(("site", "name", "taken"), [("store", "store", True), ("store", "other", False)])
def test_a_site_that_may_be_the_same_by_another_name_is_pointed_out(site: str, name: str, taken: bool) -> None:
    wanted, names = {(site, name): read(**STORE)}, {(site, name): f"portico.dev.{site}.{name}"}
    *_, removed = announce_data({KEY: KEPT}, wanted, (), names)
    known = announce_data({KEY: KEPT}, wanted, [*wanted], names)
    assert not any("take it along" in str(one) for one in known)
    said = " store begins without it; docs/data.md says how to take it along."
    assert str(removed).endswith(said) == taken and "it stays in the volume" in str(removed)
