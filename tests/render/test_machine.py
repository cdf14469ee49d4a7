"""Rendered trees run without Portico's containers: both layouts, and the ways to Gunicorn that need no Docker network.

conf.d with sockets and with container names is what `up` itself does: test_live.py.
"""

import gzip
import shutil
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import yaml

from portico.config.plan import Plan, make_plan
from portico.config.stackfile import read_stack
from tests.docker.ask import ask, get
from tests.docker.command import ROOT
from tests.render.command import render
from tests.render.machine import Machine

pytestmark = pytest.mark.docker
SITE: dict[str, Any] = {
    "name": "hello",
    "source": "hello",
    "entry": "hello:app",
    "hosts": ["hello.example", "*.example"],
    "health": "/healthz",
}


def write_stack(folder: Path, **values: Any) -> Plan:
    """A project with one site, hello; what `make render` then reads."""
    if not (folder / "hello").is_dir():
        shutil.copytree(ROOT / "examples/hello", folder / "hello", ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "Pulumi.yaml").write_text("name: portico\n")
    config = {"sites": [SITE], "replicas": 2, **values}
    (folder / "Pulumi.dev.yaml").write_text(
        yaml.safe_dump({"config": {f"portico:{key}": value for key, value in config.items()}})
    )
    return make_plan(read_stack(folder, "dev"), folder)


def lay_static(folder: Path, plan: Plan) -> Path:
    """Static files where the tree looks for them."""
    for release in plan.releases:
        served = folder / "static" / release.site.name / release.id / "static"
        shutil.copytree(folder / release.site.source / str(release.static), served)
        style = served / "style.css"
        style.with_name("style.css.gz").write_bytes(gzip.compress(style.read_bytes(), 9, mtime=0))
    return folder / "static"


@pytest.mark.parametrize(
    ("layout", "upstream"), [("conf.d", "tcp"), ("sites-available", "tcp"), ("sites-available", "socket")]
)
def test_a_request_goes_through(tmp_path: Path, image: str, layout: str, upstream: str) -> None:
    plan = write_stack(tmp_path, upstream=upstream)
    (release,) = plan.releases
    assert render("dev", tmp_path / "out", layout, root=tmp_path) == 0
    sockets = tmp_path / "sockets"
    (sockets / "hello").mkdir(parents=True)
    (sockets / "hello").chmod(0o777)  # Gunicorn's user is the image's, NGINX's is www-data
    with Machine(tmp_path / "out", layout, "nginx:1.30.6", lay_static(tmp_path, plan), sockets) as machine:
        machine.start(image, "hello", "hello:app", release.bind)
        seen = [get(machine.port, "hello.example", "/whoami").json() for _ in range(40)]
        assert {facts["replica"] for facts in seen} == {"0", "1"}
        assert {(facts["scheme"], facts["host"]) for facts in seen} == {("http", f"hello.example:{machine.port}")}
        assert all(facts["client"] not in ("127.0.0.1", "unknown") for facts in seen)
        assert get(machine.port, "any.example", "/whoami").status == 200
        assert ask(machine.port, "elsewhere.test") is None
        style = get(machine.port, "hello.example", "/static/style.css", headers={"Accept-Encoding": "gzip"})
        assert style.headers["content-encoding"] == "gzip"
        assert gzip.decompress(style.body) == (ROOT / "examples/hello/static/style.css").read_bytes()
        assert get(machine.port, "hello.example", "/static../hello.py").status == 404
        assert get(machine.port, "hello.example", "/echo", method="POST", body=b"x" * 1000).json()["length"] == 1000
        assert workers(machine) == {"www-data" if layout == "sites-available" else "101"}
        assert machine.ask("curl", "-s", "http://127.0.0.1:8081/tree") == plan.render(layout).digest


def test_sites_and_replicas_are_distinguished(tmp_path: Path, image: str) -> None:
    """An exact name before a wildcard, whatever the order; each site's own way to spread its requests."""
    hello = {**SITE, "hosts": ["*.example"], "weights": [1, 3], "replicas": 2}
    blog = {**SITE, "name": "blog", "hosts": ["blog.example"], "balance": "ip_hash"}
    plan = write_stack(tmp_path, upstream="socket", sites=[hello, blog])
    assert render("dev", tmp_path / "out", "sites-available", root=tmp_path) == 0
    sockets = tmp_path / "sockets"
    with Machine(tmp_path / "out", "sites-available", "nginx:1.30.6", lay_static(tmp_path, plan), sockets) as machine:
        for release in plan.releases:
            (sockets / release.site.name).mkdir()
            (sockets / release.site.name).chmod(0o777)
            machine.start(image, release.site.name, release.site.entry, release.bind)
        seen = [get(machine.port, host, "/whoami").json() for host in ["blog.example", "shop.example"] * 40]
        assert [facts["site"] for facts in seen] == ["blog", "hello"] * 40
        assert len({facts["replica"] for facts in seen[::2]}) == 1  # ip_hash: a client stays with its replica
        assert Counter(facts["replica"] for facts in seen[1::2]) == {"0": 10, "1": 30}


def workers(machine: Machine) -> set[str]:
    """The users of NGINX's workers, as their container knows them."""
    listed = machine.nginx.top(ps_args="-eo pid,uid,args")["Processes"]
    uids = {uid for _, uid, command in listed if "nginx: worker process" in command}
    www = machine.ask("id", "-u", "www-data")
    return {"www-data" if uid == www else uid for uid in uids}
