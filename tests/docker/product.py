"""The example `notes` with all that it has: how it is deployed, what it is asked for, and what it has written down."""

import hashlib
import json
import math
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from typing import Any, Final

from tests.docker.ask import get
from tests.docker.engine import Deployment, execute
from tests.docker.load import Client, Response, json_is

SITE: Final = "notes"
HOST: Final = "notes.localhost"
BEAT: Final = "beat"
MINUTE: Final = 60.0  # seconds
NOTES: Final[dict[str, Any]] = {
    "name": SITE,
    "source": f"sites/{SITE}",
    "entry": "notes:create_app()",
    "hosts": [HOST],
    "health": "/healthz",
    # SQLite has one writer at a time, so threads serve as well as processes, and start at once.
    "gunicorn": {"workers": 1, "threads": 8},
    "environment": {"DATABASE_URL": "sqlite:////data/notes.db", "MEDIA_FOLDER": "/media"},
    "data": [{"name": "database", "path": "/data"}, {"name": "media", "path": "/media", "url": "/media/"}],
    "release": {"command": "flask db upgrade", "timeout": "2m"},
    "workers": [
        {"name": "queue", "command": "python -m notes.worker", "replicas": 2, "stop": "30s"},
        {"name": BEAT, "command": "python -m notes.beat", "single": True, "stop": "10s"},
    ],
    "schedule": [{"name": "purge", "cron": "* * * * *", "command": "flask purge", "timeout": "1m"}],
}

_MIGRATION = '''"""Another column."""

import sqlalchemy as sa
from alembic import op

revision, down_revision = "{revision:04}", "{before:04}"


def upgrade() -> None:
    op.add_column("notes", sa.Column("extra_{number}", sa.Integer()))
'''
# Each page needs the column, so a replica that serves before its migration answers with 500.
_USE = """

@pages.before_app_request
def need_the_column() -> None:
    if request.method == "GET":
        db.session.execute(db.text("SELECT extra_{number} FROM notes LIMIT 1")).all()
"""
_ASK = (
    "import json, sqlite3, sys; "
    "print(json.dumps(sqlite3.connect('/data/notes.db', timeout=20).execute(sys.argv[1]).fetchall()))"
)


def write_release(deployment: Deployment, number: int) -> None:
    """The source of release `number`, from 1: a migration adds a column, and the pages ask for it."""
    deployment.write(
        SITE,
        f"migrations/versions/{number + 1:04}_extra.py",
        _MIGRATION.format(revision=number + 1, before=number, number=number),
    )
    module = deployment.source(SITE) / "notes" / "pages.py"
    first = module.read_text().partition("\n\n@pages.before_app_request")[0].rstrip("\n")
    module.write_text(f"{first}\n{_USE.format(number=number)}")


def clients() -> list[Client]:
    """Visitors, senders of files, and those who order jobs of 0.1 to 20 s.

    The jobs keep two workers busy for two thirds of the time, so the queue is never long.
    """

    def post(path: str, pause: tuple[float, float], *, body: int = 0, kept: bool = True) -> Client:
        return Client(host=HOST, path=path, method="POST", status=201, body=body, pause=pause, kept=kept)

    whole = json_is(site=SITE)
    return [
        *(Client(host=HOST, path="/whoami", expect=whole, kept=number % 2 == 0) for number in range(4)),
        Client(host=HOST, path="/whoami", expect=whole, pause=(2.0, 3.0)),
        *(Client(host=HOST, expect="<h1>Notes</h1>", pause=(0.1, 0.3), kept=kept) for kept in (True, False)),
        post("/files?name=small.txt", (0.3, 0.6), body=2_000),
        post("/files?name=large.pdf", (0.5, 1.0), body=100_000, kept=False),
        post("/jobs?seconds=0.1", (1.0, 2.0)),
        post("/jobs?seconds=1", (4.0, 6.0), kept=False),
        post("/jobs?seconds=5", (14.0, 18.0)),
        post("/jobs?seconds=20", (25.0, 35.0)),
    ]


def observe(response: Response) -> str | None:
    """What an answer promises: a release that served, a file that is kept, or a job that will be done."""
    try:
        reported = response.json()
    except ValueError:
        return None
    for name in ("release", "file", "job"):
        if name in reported:
            return f"{name} {reported[name]}"
    return None


def ask_database(deployment: Deployment, question: str) -> list[Any]:
    """The rows of an answer, read in a replica that runs."""
    running = next(one for one in deployment.containers("gunicorn", SITE) if one.status == "running")
    rows: list[Any] = json.loads(execute(running, "python3", "-c", _ASK, question))
    return rows


def find_lost_files(deployment: Deployment, promised: set[str]) -> list[str]:
    """Files that somebody was promised are kept, and that are not served as they were sent, or are in no row."""
    rows = dict(ask_database(deployment, "SELECT file, sha256 FROM uploads"))
    lost = []
    for file in sorted(promised | rows.keys()):
        answer = get(deployment.port, HOST, f"/media/{file}")
        if answer.status != 200 or hashlib.sha256(answer.body).hexdigest() != rows.get(file):
            lost.append(f"{file}: {answer.status}")
    return lost


def find_overlaps(lives: Sequence[tuple[str, float, float, float | None]]) -> list[str]:
    """Of (container, begun, seen, ended), sorted by `begun`: where one began before the one before it had ended.

    A life without an end was killed, or goes on; it lasted at least until it was seen last.
    """
    return [
        f"{other} began {end - begun:.3f} s before the end of {one}"
        for (one, _, seen, ended), (other, begun, _, _) in pairwise(lives)
        if begun < (end := seen if ended is None else ended)
    ]


def count_minutes(begun: Sequence[float], since: float, until: float) -> tuple[list[int], list[int]]:
    """Of runs that began at these times: the minutes with none and those with several, of all from `since` to `until`.

    A minute counts if it begins in that time. All are seconds since 1970; minutes are too, divided by 60.
    """
    runs = Counter(int(at // MINUTE) for at in begun)
    wanted = range(math.ceil(since / MINUTE), math.floor(until / MINUTE) + 1)
    return [one for one in wanted if not runs[one]], [one for one in wanted if runs[one] > 1]
