"""Each cause of a failed release, on applications that are broken in exactly that way: it is named, and named first.

One deployment; all its applications fail at once in its first `up`, and the rest of the story is in test_bad_release.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.docker.applications import DOCKERFILE, MODULE, small, write_small
from tests.docker.conftest import Deploy
from tests.docker.engine import Deployment

pytestmark = [pytest.mark.docker, pytest.mark.extended]

LARGE = "whole = bytearray(400 * 1024 * 1024)"
FILL = """
with open("/tmp/large", "wb") as file:
    for _ in range(100):
        file.write(bytes(1024 * 1024))
"""


@dataclass(frozen=True, kw_only=True)
class Broken:
    """What is added to an application and its settings, and what must be said of it first."""

    cause: str
    text: str = ""
    settings: dict[str, Any] = field(default_factory=dict)
    dockerfile: str = ""
    shelf: str = ""


BROKEN = {
    "number": Broken(text="app = 5", cause="`entry` of number names something that is no application"),
    "factory": Broken(
        # What a decorator returns is known only to the running application.
        text="def same(made): return made\n\n\n@same\ndef create_app(mode): return app",
        settings={"entry": "web:create_app()"},
        cause="`entry` of factory names something that is no application (create_app() missing 1",
    ),
    "raising": Broken(
        text="def create_app(): raise ValueError('no shelf')",
        settings={"entry": "web:create_app()"},
        cause="it fails while it is imported",
    ),
    "port": Broken(
        dockerfile=DOCKERFILE + "ENV GUNICORN_CMD_ARGS='--bind 127.0.0.1:5000'\n",
        cause="Gunicorn listens at 127.0.0.1:5000, and NGINX looks for it at /run/portico/port/",
    ),
    "dockerfile": Broken(
        dockerfile=DOCKERFILE + "ENV GUNICORN_CMD_ARGS=--bind=0.0.0.0:80\nENV PORT=5000\n",
        cause="Gunicorn listens at 0.0.0.0:80",
    ),
    "redirect": Broken(
        text="@app.before_request\ndef fail(): return 'down', 503",
        cause="it answers its health path with 503: its log says why; see `health` of redirect",
    ),
    "host": Broken(text="app.config['TRUSTED_HOSTS'] = ['a.example']", cause="it refuses the host name: see `hosts`"),
    "memory": Broken(
        text=LARGE,
        settings={"gunicorn": {"workers": 1, "memory": "128M"}},
        cause="it ran out of memory: raise `gunicorn.memory` of memory",
    ),
    "variable": Broken(text="os.environ['STAGE']", cause="the variable STAGE is missing: set `environment.STAGE`"),
    "sensitive": Broken(text="os.environ['API_TOKEN']", cause="--path portico:secrets.sensitive.API_TOKEN"),
    "secret": Broken(
        text="Path('/run/secrets/DATABASE').read_text()",
        cause="`pulumi config set --secret --path portico:secrets.secret.DATABASE`",
    ),
    "package": Broken(text="import redis", cause="the package redis is missing"),
    # In the module of the entry it is refused before anything is touched.
    "syntax": Broken(text="import shelf", shelf="def (", cause="/app/shelf.py, line 1 is not valid Python"),
    "readonly": Broken(text="open('shop.db', 'w')", cause="it writes to its own folder (shop.db)"),
    "permission": Broken(text="open('/etc/shadow')", cause="its user may not open /etc/shadow"),
    "database": Broken(
        text="import socket; socket.create_connection(('127.0.0.1', 5432))",
        cause="a service that it needs does not answer",
    ),
    "slow": Broken(text="import time; time.sleep(90)", cause="it does not answer its health path in time"),
    "full": Broken(text=FILL, cause="the disk is full (`docker system df` says of what), or /tmp is"),
}


@pytest.fixture(scope="module")
def output(deploy: Deploy) -> Iterator[str]:
    sites = [small(name, **{"health": "/whoami", **broken.settings}) for name, broken in BROKEN.items()]
    deployment: Deployment = deploy(*sites, healthTimeout=40)
    for name, broken in BROKEN.items():
        write_small(deployment, name)
        deployment.write(name, "web.py", f"{MODULE}\n{broken.text}\n")
        deployment.write(name, "shelf.py", broken.shelf)
        if broken.dockerfile:
            deployment.write(name, "Dockerfile", broken.dockerfile)
    # They are built and started side by side, and other tests run besides.
    deployment.allow(400)
    # Eighteen that start at once need a while until each has said what is wrong.
    # All at once, and each of them: after a first failure the engine would not start one whose image took longer.
    result = deployment.up("--parallel", "64", "--continue-on-error", fails=True)
    print(f"\n{len(BROKEN)} broken applications: failed after {result.seconds:.1f} s")
    yield result.output


@pytest.mark.parametrize("site", list(BROKEN))
def test_the_cause_is_named_first(output: str, site: str) -> None:
    _, _, diagnostics = output.partition("\nDiagnostics:\n")
    reported = re.findall(
        rf"error: {site}-gunicorn-0 did not become healthy\..*?(?=\n    error: |\n\n)", diagnostics, re.S
    )
    assert len(reported) == 1, f"{len(reported)} reports about {site}\n{diagnostics[-6000:]}"
    first = re.search(r"Likely cause: (.+)|  1\. (.+)", reported[0])
    assert first and BROKEN[site].cause in first[0], reported[0]
    assert "Its last log lines:" in reported[0]
