"""Two small sites whose sources break and are fixed, and what can be seen of them from outside."""

import itertools
import random
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from docker.models.containers import Container
from tests.docker.applications import small, write_offline
from tests.docker.ask import ask
from tests.docker.engine import Deployment, execute
from tests.docker.load import Client, Load, json_is, json_values
from tests.docker.traffic import RATE

# The first of them loses a replica and goes on.
REPLICAS: Final = {"left": 2, "right": 1}
_HEALTH: Final = "/healthz"
_UNWELL: Final = "/tmp/unwell"
# Seconds that a new replica has. Long enough for one that is well, on a machine that others use too.
_TIME: Final = 15

_GOOD: Final = """
import os
from pathlib import Path

from flask import Flask, jsonify

TEXT = {number}
app = Flask(__name__)


@app.get("/whoami")
def whoami():
    return jsonify(site=os.environ["PORTICO_SITE"], release=os.environ["PORTICO_RELEASE"], text=TEXT)


@app.get("/healthz")
def healthz():
    return ("unwell", 500) if Path("/tmp/unwell").exists() else "well"
"""
# What is written before the source of a site, so that it does not get healthy, or not for long.
BREAKS: Final = {
    "import": "import nothere\n",
    "health": "import pathlib\n\npathlib.Path('/tmp/unwell').touch()\n",
    # One good answer is not health: the first worker serves, and the second one takes all of it down.
    "second worker": """
import os
import time

try:
    os.close(os.open("/tmp/first", os.O_CREAT | os.O_EXCL))
except FileExistsError:
    time.sleep(4)
    raise RuntimeError("the second worker falls")
""",
}


@dataclass(frozen=True, kw_only=True)
class Answer:
    """Who answered: the text of the source, and the release that was made of it."""

    text: int
    release: str


@dataclass
class Breakable:
    """The deployment, and how many texts were written so far. A text is one state of a site's source.

    What happens by chance is drawn from `chance`.
    """

    deployment: Deployment
    chance: random.Random = field(default_factory=random.Random)
    texts: int = 0
    numbers: Iterator[int] = field(default_factory=itertools.count)

    def write(self, site: str, broken: str = "") -> int:
        """Write another source, good or `broken` in one of these ways; its number."""
        self.texts += 1
        self.deployment.write(site, "web.py", BREAKS.get(broken, "") + _GOOD.format(number=self.texts))
        return self.texts

    def look(self, site: str) -> Answer | str:
        """Who answers now, on fresh connections; what is wrong where they do not all say the same."""
        said: Counter[Answer | str] = Counter()
        for _ in range(8):
            try:
                response = ask(self.deployment.port, f"{site}.localhost", "/whoami", address=self.deployment.address)
            except OSError as error:
                said[f"{error!r}"] += 1
                continue
            if response is None or response.status != 200:
                said[str(response and response.status)] += 1
                continue
            found = response.json()
            said[Answer(text=int(str(found["text"])), release=str(found["release"]))] += 1
        if len(said) == 1:
            return next(iter(said))
        return ", ".join(f"{count} x {one}" for one, count in said.items())

    def load(self) -> Load:
        """Two clients a site, one on a kept connection."""
        clients = [
            Client(host=f"{site}.localhost", path="/whoami", kept=kept, pause=(0.0, 0.1), expect=json_is(site=site))
            for site in REPLICAS
            for kept in (True, False)
        ]
        place = self.deployment.address, self.deployment.port
        return Load(*place, clients, rate=RATE, observe=json_values("site", "text"), most_seconds=900)

    def list_serving(self, site: str) -> list[Container]:
        """The replicas of the release that answers, as far as they run."""
        answer = self.look(site)
        if not isinstance(answer, Answer):
            return []
        found = self.deployment.containers("gunicorn", site)
        return [one for one in found if one.labels["portico.release"] == answer.release and one.status == "running"]

    @staticmethod
    def make_unwell(replica: Container) -> None:
        """From now on it answers its health path with 500, and everything else as before."""
        execute(replica, "touch", _UNWELL)


def make_sites() -> list[dict[str, object]]:
    """Their settings."""
    return [
        small(site, health=_HEALTH, replicas=count, gunicorn={"workers": 2 if count > 1 else 1})
        for site, count in REPLICAS.items()
    ]


def prepare(deployment: Deployment) -> Breakable:
    """Write both sources; nothing is up yet."""
    write_offline(deployment, *REPLICAS)
    deployment.configure(healthTimeout=_TIME)
    sites = Breakable(deployment)
    for site in REPLICAS:
        sites.write(site)
    return sites


def read_live(releases: str) -> dict[str, list[str]]:
    """What `make releases` calls live, by site."""
    live: dict[str, list[str]] = {}
    site = ""
    for line in releases.splitlines():
        if re.fullmatch(r"[a-z]+", line):
            site = line
            live[site] = []
        elif site and (found := re.match(r"  ([0-9a-f]{12})  (?:.* UTC  )?live", line)):
            live[site].append(found[1])
    return live
