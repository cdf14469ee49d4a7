"""The example application `notes`: its pages by Flask's own test client, its processes as they are started."""

import hashlib
import importlib
import os
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

SOURCE = Path(__file__).parents[2] / "examples" / "notes"
ADDED = """
import sqlalchemy as sa
from alembic import op

revision, down_revision = "0002", "0001"


def upgrade():
    op.add_column("notes", sa.Column("colour", sa.String()))
"""


class Notes:
    """A copy of the source with data of its own, and the commands that its processes are."""

    def __init__(self, folder: Path) -> None:
        self.source, self.database = folder / "source", folder / "data" / "notes.db"
        shutil.copytree(SOURCE, self.source, ignore=shutil.ignore_patterns("__pycache__", "instance"))
        self.database.parent.mkdir()
        self.environment = {
            "PATH": os.environ["PATH"],
            "FLASK_APP": "notes:create_app()",
            "DATABASE_URL": f"sqlite:///{self.database}",
            "MEDIA_FOLDER": str(folder / "media"),
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        self.media = folder / "media"

    def flask(self, *words: str, fails: bool = False) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "flask", *words],
            cwd=self.source,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        assert bool(done.returncode) == fails, done.stdout
        return done.stdout

    def start(self, module: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", module], cwd=self.source, env=self.environment, stdout=subprocess.PIPE, text=True
        )

    def ask(self, question: str, *values: object) -> list[Any]:
        connection = sqlite3.connect(self.database, timeout=20)
        try:
            return connection.execute(question, values).fetchall()
        finally:
            connection.close()

    def change(self, statement: str, *values: object) -> None:
        connection = sqlite3.connect(self.database, timeout=20)
        with connection:
            connection.execute(statement, values)
        connection.close()

    def order(self, seconds: float, kind: str = "rehearse") -> None:
        columns = "(kind, argument, created_at, leased_until, attempts)"
        self.change(f"INSERT INTO jobs {columns} VALUES (?, ?, 0, 0, 0)", kind, str(seconds))

    def add_migration(self, text: str = ADDED, number: int = 2) -> None:
        (self.source / "migrations" / "versions" / f"{number:04}_more.py").write_text(text)


@pytest.fixture
def notes(tmp_path: Path) -> Notes:
    return Notes(tmp_path)


@pytest.fixture(scope="module")
def migrated_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file that `flask db upgrade` leaves. A process of Flask takes seconds, so it is made once."""
    notes = Notes(tmp_path_factory.mktemp("migrated"))
    assert "Notes, uploads" in notes.flask("db", "upgrade")
    return notes.database


@pytest.fixture
def migrated(notes: Notes, migrated_database: Path) -> Notes:
    shutil.copy2(migrated_database, notes.database)
    return notes


@pytest.fixture
def client(notes: Notes, monkeypatch: pytest.MonkeyPatch) -> Iterator[FlaskClient]:
    """Of an application of this process, which imports the copy."""
    monkeypatch.syspath_prepend(notes.source)
    for name in [name for name in sys.modules if name.partition(".")[0] == "notes"]:
        monkeypatch.delitem(sys.modules, name)
    app = importlib.import_module("notes").create_app(
        {"SQLALCHEMY_DATABASE_URI": f"sqlite:///{notes.database}", "MEDIA_FOLDER": str(notes.media)}
    )
    yield app.test_client()
    for name in [name for name in sys.modules if name.partition(".")[0] == "notes"]:
        del sys.modules[name]


def run(client: FlaskClient, *words: str) -> str:
    """Run a command of Flask's in this process."""
    done = client.application.test_cli_runner().invoke(args=words)
    assert done.exit_code == 0, done.output
    return done.output


def work(client: FlaskClient) -> int:
    """Do what is in the queue, as a worker does; how many jobs it was."""
    worker = importlib.import_module("notes.worker")
    count = 0
    with client.application.app_context():
        while worker.work("here"):
            count += 1
    return count


def await_truth(holds: Callable[[], object], most: float = 20.0) -> None:
    end = time.monotonic() + most
    while not holds():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.05)


def test_pins_are_those_that_the_tests_run_with() -> None:
    pins = dict(line.split("==") for line in (SOURCE / "requirements.txt").read_text().split())
    # What PostgreSQL alone needs is in the image, and in no test that runs here.
    pins.pop("psycopg[binary]")
    assert pins == {name: version(name) for name in pins}


def test_migrations_make_the_tables_of_the_models(migrated: Notes) -> None:
    assert "No new upgrade operations detected" in migrated.flask("db", "check")


def test_health_asks_for_the_migrations(client: FlaskClient) -> None:
    answer = client.get("/healthz")
    assert answer.status_code == 503 and "flask db upgrade" in answer.text
    run(client, "db", "upgrade")
    assert client.get("/healthz").text == "ok"


def test_the_release_before_is_well_beside_a_newer_database(client: FlaskClient, migrated: Notes) -> None:
    migrated.change("UPDATE alembic_version SET version_num = '0042'")
    assert client.get("/healthz").status_code == 200


def test_the_new_release_is_not_well_before_its_migration(migrated: Notes, request: pytest.FixtureRequest) -> None:
    migrated.add_migration()
    client: FlaskClient = request.getfixturevalue("client")
    assert client.get("/healthz").status_code == 503
    run(client, "db", "upgrade")
    assert client.get("/healthz").status_code == 200


def test_a_migration_that_fails_leaves_nothing_of_those_before_it(migrated: Notes) -> None:
    migrated.add_migration()
    migrated.add_migration('revision, down_revision = "0003", "0002"\n\n\ndef upgrade():\n    no_colours_today\n', 3)
    assert "no_colours_today" in migrated.flask("db", "upgrade", fails=True)
    assert migrated.ask("SELECT name FROM pragma_table_info('notes') WHERE name = 'colour'") == []
    assert migrated.ask("SELECT version_num FROM alembic_version") == [("0001",)]


def test_a_note_is_shown_with_its_files_and_its_words_are_counted(client: FlaskClient, migrated: Notes) -> None:
    form = {"title": "<b>Milk</b>", "text": "one two three", "file": (BytesIO(b"abc"), "../list.TXT")}
    assert client.post("/notes", data=form).status_code == 303
    page = client.get("/").text
    assert "&lt;b&gt;Milk" in page and "<b>" not in page and "being counted" in page
    ((file,),) = migrated.ask("SELECT file FROM uploads WHERE note_id = 1")
    assert f"/media/{file}" in page and file.endswith(".txt") and "/" not in file
    assert (migrated.media / file).read_bytes() == b"abc" == client.get(f"/media/{file}").data
    assert work(client) == 1
    assert "3 words" in client.get("/").text


def test_a_note_needs_a_title(client: FlaskClient, migrated: Notes) -> None:
    assert client.post("/notes", data={"title": " "}).status_code == 400
    assert migrated.ask("SELECT * FROM notes") == []


@pytest.mark.usefixtures("migrated")
@pytest.mark.parametrize("length", [0, 64 * 1024, 300_001])
def test_an_upload_is_kept_whole(client: FlaskClient, length: int) -> None:
    body = os.urandom(length)
    answer = client.post("/files?name=a.pdf", data=body)
    reported = answer.get_json()
    assert answer.status_code == 201
    assert (reported["sha256"], reported["length"]) == (hashlib.sha256(body).hexdigest(), length)
    assert client.get(reported["url"]).data == body


def test_media_is_only_what_was_uploaded(client: FlaskClient, migrated: Notes) -> None:
    for path in ("/media/", "/media/../data/notes.db", "/media/%2e%2e/data/notes.db", "/media/.hidden"):
        assert client.get(path).status_code == 404, path


def test_purge_removes_what_is_old_and_nothing_else(client: FlaskClient, migrated: Notes) -> None:
    for title in ("kept", "binned", "old"):
        client.post("/notes", data={"title": title, "file": (BytesIO(b"abc"), "a.txt")})
    for number in (2, 3):
        assert client.post(f"/notes/{number}/bin").status_code == 303
    migrated.change("UPDATE notes SET binned_at = 1 WHERE title = 'old'")
    migrated.change("UPDATE jobs SET finished_at = 1 WHERE id = 3")
    assert "removed 1 notes, 1 files and 1 jobs" in run(client, "purge")
    assert [title for (title,) in migrated.ask("SELECT title FROM notes")] == ["kept", "binned"]
    assert {name for (name,) in migrated.ask("SELECT file FROM uploads")} == {f.name for f in migrated.media.iterdir()}
    assert migrated.ask("SELECT notes, files, jobs FROM purges") == [(1, 1, 1)]


def test_no_job_is_lost_or_done_twice_by_many_workers(migrated: Notes) -> None:
    for _ in range(40):
        migrated.order(0.02)
    workers = [migrated.start("notes.worker") for _ in range(2)]
    await_truth(lambda: migrated.ask("SELECT count(*) FROM jobs WHERE finished_at IS NULL") == [(0,)], most=60)
    for worker in workers:
        worker.terminate()
    said = [line for worker in workers for line in worker.communicate(timeout=60)[0].splitlines()]
    assert len(said) == len(set(said)) == 40, said
    assert migrated.ask("SELECT DISTINCT attempts FROM jobs") == [(1,)]


def test_a_worker_that_is_to_end_finishes_its_job_and_takes_no_other(migrated: Notes) -> None:
    migrated.order(1.5)
    migrated.order(0)
    worker = migrated.start("notes.worker")
    await_truth(lambda: migrated.ask("SELECT count(*) FROM jobs WHERE attempts = 1") == [(1,)])
    worker.terminate()
    assert worker.wait(60) == 0
    assert migrated.ask("SELECT attempts, finished_at IS NOT NULL FROM jobs") == [(1, 1), (0, 0)]
    if worker.stdout:
        worker.stdout.close()


def test_a_bad_job_does_not_end_the_worker(client: FlaskClient, migrated: Notes) -> None:
    migrated.order(0, kind="juggle")
    migrated.order(0)
    assert work(client) == 2
    assert migrated.ask("SELECT result FROM jobs") == [("failed: KeyError('juggle')",), ("took 0 s",)]


def test_the_job_of_a_killed_worker_is_done_by_another_one(client: FlaskClient, migrated: Notes) -> None:
    migrated.order(0)
    migrated.change("UPDATE jobs SET worker = 'killed', attempts = 1, leased_until = ?", time.time() + 60)
    assert work(client) == 0
    migrated.change("UPDATE jobs SET leased_until = 1")
    assert work(client) == 1
    assert migrated.ask("SELECT worker, attempts FROM jobs") == [("here", 2)]


def test_a_result_that_comes_too_late_does_not_count(client: FlaskClient, migrated: Notes) -> None:
    """What the job wrote is not kept either: another worker has done it meanwhile."""
    client.post("/notes", data={"title": "a", "text": "one two"})
    with client.application.app_context():
        queue, worker = importlib.import_module("notes.queue"), importlib.import_module("notes.worker")
        job = queue.take("late")
        assert job
        migrated.change("UPDATE jobs SET worker = 'other'")
        assert worker.count_words(job.argument) == "2 words" and not queue.finish(job, "late", "2 words")
        worker.db.session.rollback()
    assert migrated.ask("SELECT words FROM notes") == [(None,)]


def test_a_life_of_the_beat_is_a_row(migrated: Notes) -> None:
    beat = migrated.start("notes.beat")
    await_truth(lambda: migrated.ask("SELECT count(*) FROM jobs WHERE kind = 'census'") == [(1,)])
    beat.terminate()
    beat.communicate(timeout=60)
    ((begun, seen, ended),) = migrated.ask("SELECT begun_at, seen_at, ended_at FROM beats")
    assert begun < seen <= ended


def test_writers_wait_for_each_other(client: FlaskClient, migrated: Notes) -> None:
    """Somebody holds the lock for a second: nobody is refused meanwhile, and readers do not wait."""
    app = client.application
    connection = sqlite3.connect(migrated.database, isolation_level=None)
    connection.execute("BEGIN IMMEDIATE")
    with ThreadPoolExecutor(8) as pool:
        answers = [pool.submit(app.test_client().post, "/files", data=b"x") for _ in range(8)]
        # The lock stays until the end of this block: whoever answers before it has not waited for it.
        assert client.get("/").status_code == 200 and client.get("/healthz").status_code == 200
        time.sleep(1)
        assert not any(answer.done() for answer in answers)
        connection.execute("COMMIT")
        assert [answer.result().status_code for answer in answers] == [201] * 8
    connection.close()


def test_an_address_of_postgresql_names_the_driver_that_is_there(client: FlaskClient) -> None:
    choose_driver = importlib.import_module("notes.database").choose_driver
    assert choose_driver("postgresql://a:b@c:5432/d") == "postgresql+psycopg://a:b@c:5432/d"
    assert choose_driver("postgres://c/d") == "postgresql+psycopg://c/d"
    assert choose_driver("sqlite:////data/notes.db") == "sqlite:////data/notes.db"
