"""Applications below paths of one host, on a machine that runs the rendered tree: what each is asked, and tells."""

import base64
import json
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from portico.config.plan import make_plan
from portico.config.stackfile import read_stack
from tests.attacks.raw import Answer, get
from tests.render.command import render
from tests.render.machine import Machine

pytestmark = pytest.mark.docker

APPLICATION = """
from flask import Flask, jsonify, redirect, request, session, url_for

app = Flask(__name__)
app.secret_key = "a key of the test"
numbers = iter(range(1000))


@app.get("/")
@app.get("/where")
@app.get("/cached/where")
def where():
    asked = {name: request.environ[name] for name in ("SCRIPT_NAME", "PATH_INFO")}
    urls = [url_for("static", filename="a.css"), url_for("visit"), url_for("visit", _external=True)]
    return jsonify(asked, urls, next(numbers))


@app.get("/go")
def go():
    return redirect(url_for("visit"))


@app.route("/folder/", methods=["GET", "POST"])
def folder():
    return request.method


@app.get("/visit")
def visit():
    session["seen"] = session.get("seen", 0) + 1
    return str(session["seen"])


@app.get("/static/made")
def made():
    return "made by the application"


@app.get("/file")
def file():
    return "", 200, {"X-Accel-Redirect": request.script_root + "/guarded/a.txt"}


@app.post("/large")
@app.post("/static/large")
def large():
    return str(len(request.get_data()))
"""
# U*U, as in tests/protocols.
USERS = {"anna": "$2y$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"}
HOST = "one.example"


def make_site(name: str, host: str, path: str, **settings: Any) -> dict[str, Any]:
    gunicorn = {"workers": 1, "threads": 4}
    common = {"source": "site", "entry": "web:app", "replicas": 1, "gunicorn": gunicorn, "limits": {"connections": 0}}
    return {"name": name, "hosts": [host], "path": path, **common, **settings}


SITES = [
    make_site(
        "shop",
        HOST,
        "/shop",
        body="1M",
        routes=[{"path": "/cached/", "cache": "60s"}, {"path": "/limited", "rate": {"rate": "1r/m", "burst": 0}}],
        data=[
            {"name": "media", "path": "/srv/media", "url": "/media/"},
            {"name": "secret", "path": "/srv/secret", "url": "/guarded/", "guarded": True},
        ],
    ),
    make_site("admin", HOST, "/shop/admin", users=USERS, headers={"frameOptions": "DENY"}),
    make_site("whole", "two.example", "/"),
    make_site("closed", "two.example", "/closed", maintenance=True),
]


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory, image: str) -> Iterator[Machine]:
    folder = tmp_path_factory.mktemp("paths")
    (folder / "site/static").mkdir(parents=True)
    (folder / "site/web.py").write_text(APPLICATION)
    (folder / "site/requirements.txt").write_text("flask==3.1.3\n")
    (folder / "site/static/a.css").write_text("a { }\n")
    (folder / "Pulumi.yaml").write_text("name: portico\n")
    (folder / "Pulumi.dev.yaml").write_text(yaml.safe_dump({"config": {"portico:sites": SITES}}))
    plan = make_plan(read_stack(folder, "dev"), folder)
    assert render("dev", folder / "out", "sites-available", root=folder) == 0
    static, sockets = folder / "static", folder / "sockets"
    for release in plan.releases:
        site = release.site
        laid = static / site.name / release.id / site.locate(site.static_url).strip("/")
        laid.mkdir(parents=True)
        (laid / "a.css").write_text(f"{site.name} {{ }}\n")
        (sockets / site.name).mkdir(parents=True)
        (sockets / site.name).chmod(0o777)
    private = folder / "out/private" / plan.private.digest
    private.mkdir(parents=True)
    for name, text in plan.private.files.items():
        (private / name).write_text(text)
    with Machine(folder / "out", "sites-available", "nginx:1.30.6", static, sockets) as made:
        for release in plan.releases:
            if not release.site.maintenance:
                made.start(image, release.site.name, "web:app", release.bind, source=folder / "site")
        for name, url in (("media", "media"), ("secret", "guarded")):
            laid_out = f"/srv/data/shop/{name}"
            made.ask("sh", "-c", f"mkdir -p {laid_out} && echo {url} > {laid_out}/a.txt && chmod -R a+rX /srv/data")
        yield made


def know(name: str, password: str = "U*U") -> list[tuple[str, str]]:
    return [("Authorization", f"Basic {base64.b64encode(f'{name}:{password}'.encode()).decode()}")]


def where(answer: Answer) -> tuple[str, str]:
    assert answer.status == 200, answer
    asked = answer.json()[0]
    return asked["SCRIPT_NAME"], asked["PATH_INFO"]


def test_the_longest_path_answers_by_whole_names(machine: Machine) -> None:
    port = machine.port
    assert where(get(port, HOST, "/shop/where")) == ("/shop", "/where")
    assert where(get(port, HOST, "/shop/")) == ("/shop", "/")
    assert where(get(port, HOST, "/shop/admin/where", fields=know("anna"))) == ("/shop/admin", "/where")
    assert where(get(port, "two.example", "/where")) == ("", "/where")
    assert get(port, HOST, "/shop/administration").status == 404
    # Outside of all paths there is nothing; where an application is at /, it answers.
    for path in ("/", "/where", "/shopping/where", "/static/a.css", "/.well-known/x", "/shop/../where"):
        answer = get(port, HOST, path)
        assert answer.status == 404 and b"nginx" in answer.body, path
        assert answer.one("X-Content-Type-Options") == "nosniff"


def test_the_application_knows_its_path(machine: Machine) -> None:
    _, urls, _ = get(machine.port, HOST, "/shop/where").json()
    assert urls == ["/shop/static/a.css", "/shop/visit", f"http://{HOST}/shop/visit"]
    assert get(machine.port, HOST, "/shop/go").one("Location") == "/shop/visit"
    # Flask's own redirect, and that of the path itself: a POST stays one, and what is asked is kept.
    assert get(machine.port, HOST, "/shop/folder", method="POST").one("Location") == f"http://{HOST}/shop/folder/"
    answer = get(machine.port, HOST, "/shop?a=b", method="POST")
    assert (answer.status, answer.one("Location")) == (308, "/shop/?a=b")


def test_applications_of_one_host_do_not_see_the_sessions_of_each_other(machine: Machine) -> None:
    """Flask's cookie has the path of APPLICATION_ROOT, which is / where nobody says another."""
    for path, fields in (("/shop", []), ("/shop/admin", know("anna"))):
        cookie = get(machine.port, HOST, f"{path}/visit", fields=fields).one("Set-Cookie")
        assert cookie and f"; Path={path}" in cookie + ";" and f"Path={path}/" not in cookie
        again = [("Cookie", cookie.partition(";")[0]), *fields]
        assert get(machine.port, HOST, f"{path}/visit", fields=again).body == b"2"
    assert "Path=/;" in f"{get(machine.port, 'two.example', '/visit').one('Set-Cookie')};"


@pytest.mark.parametrize(
    "name",
    ["Script-Name", "SCRIPT_NAME", "X-Script-Name", "X-Forwarded-Prefix", "X-Forwarded-Path", "Path-Info", "PATH_INFO"],
)
def test_no_client_says_where_an_application_is(machine: Machine, name: str) -> None:
    answer = get(machine.port, HOST, "/shop/where", fields=[(name, "/evil")])
    assert where(answer) == ("/shop", "/where") and b"evil" not in answer.body
    # Nor whoever reaches Gunicorn itself, which takes such a header for an attack.
    socket = machine.ask("sh", "-c", "echo /run/portico/shop/*-0.sock")
    words = ("curl", "-s", "-H", f"{name}: /evil", "--unix-socket", socket, f"http://{HOST}/shop/where")
    said = machine.ask(*words)
    assert "evil" not in said and json.loads(said)[0] == {"SCRIPT_NAME": "/shop", "PATH_INFO": "/where"}


def test_a_path_in_another_spelling_is_the_same_or_nothing(machine: Machine) -> None:
    assert where(get(machine.port, HOST, "/%73hop/where")) == ("/shop", "/where")
    assert where(get(machine.port, HOST, "/shop/%77here")) == ("/shop", "/where")
    assert where(get(machine.port, HOST, "/shop%2Fwhere")) == ("/shop", "/where")
    for path in ("//shop/where", "/x/../shop/where", "/shop/./../shop/where", "/SHOP/where"):
        assert get(machine.port, HOST, path).status == 404, path


def test_static_files_and_data_are_below_the_path(machine: Machine) -> None:
    for path, fields, text in (("/shop", [], b"shop { }\n"), ("/shop/admin", know("anna"), b"admin { }\n")):
        answer = get(machine.port, HOST, f"{path}/static/a.css", fields=fields)
        assert (answer.status, answer.body) == (200, text) and answer.one("Cache-Control") == "no-cache"
        # What is no file there is the application's.
        assert get(machine.port, HOST, f"{path}/static/made", fields=fields).body == b"made by the application"
    assert get(machine.port, HOST, "/shop/static/.env").status == 404
    assert get(machine.port, "two.example", "/static/a.css").body == b"whole { }\n"
    assert get(machine.port, HOST, "/shop/media/a.txt").body == b"media\n"
    assert get(machine.port, HOST, "/shop/guarded/a.txt").status == 404
    assert get(machine.port, HOST, "/shop/file").body == b"guarded\n"


def test_each_site_has_what_is_said_of_it_alone(machine: Machine) -> None:
    port, large = machine.port, bytes(2 * 1024 * 1024)
    # A password, also of what falls through from the static files.
    for path in ("/where", "/static/a.css", "/static/made", "/portico-unavailable.html"):
        assert get(port, HOST, f"/shop/admin{path}").status in (401, 404), path
    assert get(port, HOST, "/shop/admin/static/made").status == 401
    assert get(port, HOST, "/shop/admin/where", fields=know("anna", "wrong")).status == 401
    # The longest body.
    for path in ("/shop/large", "/shop/static/large"):
        assert get(port, HOST, path, method="POST", body=large).status == 413
    for path in ("/large", "/static/large"):
        answer = get(port, HOST, f"/shop/admin{path}", method="POST", body=large, fields=know("anna"))
        assert answer.body == str(len(large)).encode()
    # Headers, each once: `one` sees to that.
    for path in ("/where", "/static/a.css", "/static/made", "/nothing"):
        shop, admin = get(port, HOST, f"/shop{path}"), get(port, HOST, f"/shop/admin{path}", fields=know("anna"))
        assert (shop.one("X-Frame-Options"), admin.one("X-Frame-Options")) == ("SAMEORIGIN", "DENY"), path
        assert shop.one("X-Request-ID") and admin.one("X-Content-Type-Options") == "nosniff"
    # A limit, and answers that are kept.
    assert [get(port, HOST, "/shop/limited").status for _ in range(2)] == [404, 429]
    answers = [get(port, HOST, "/shop/cached/where") for _ in range(2)]
    assert [answer.one("X-Cache") for answer in answers] == ["MISS", "HIT"]
    assert answers[0].one("X-Frame-Options") == "SAMEORIGIN"


def test_a_closed_site_leaves_the_others_open(machine: Machine) -> None:
    for path in ("/closed/", "/closed/static/a.css", "/closed/any"):
        answer = get(machine.port, "two.example", path)
        assert (answer.status, answer.one("Retry-After")) == (503, "300") and b"<" in answer.body
        assert answer.one("X-Frame-Options") == "SAMEORIGIN"
    assert get(machine.port, "two.example", "/where").status == 200


def test_the_page_of_a_site_that_is_gone_is_its_own(machine: Machine) -> None:
    """The last test: it ends the application."""
    machine.stop(1)
    for path in ("/where", "/static/made"):
        answer = get(machine.port, HOST, f"/shop/admin{path}", fields=know("anna"))
        assert (answer.status, answer.one("Retry-After"), answer.one("X-Frame-Options")) == (502, "5", "DENY"), path
    assert get(machine.port, HOST, "/shop/where").status == 200
