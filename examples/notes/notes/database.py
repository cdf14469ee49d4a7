"""The database, which the pages, the workers and the nightly job write to: a SQLite file, or PostgreSQL."""

from functools import cache
from pathlib import Path
from sqlite3 import Connection as SqliteConnection

from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import has_request_context, request
from flask_migrate import Migrate
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import Connection, Engine, event
from sqlalchemy.orm import DeclarativeBase

MIGRATIONS = Path(__file__).parents[1] / "migrations"
BUSY = 20_000  # milliseconds that a writer waits for the one before it


class Base(DeclarativeBase):
    """What all models have in common."""


db = SQLAlchemy(model_class=Base)
migrate = Migrate()


def choose_driver(url: str) -> str:
    """The same address for SQLAlchemy, which means an older driver by `postgresql:` alone."""
    scheme, mark, rest = url.partition("://")
    return f"postgresql+psycopg{mark}{rest}" if scheme in ("postgres", "postgresql") else url


def set_up_sqlite(engine: Engine) -> None:
    """Let several processes use the file at once, and keep what a migration does in one transaction."""
    event.listen(engine, "connect", _prepare)
    event.listen(engine, "begin", _begin)


def _prepare(connection: SqliteConnection, _: object) -> None:
    # Python's module would begin transactions by itself, and not before a CREATE TABLE; `_begin` does it instead.
    connection.isolation_level = None
    connection.execute(f"PRAGMA busy_timeout = {BUSY}")
    # With a write-ahead log, readers never wait for a writer.
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA foreign_keys = ON")


def _begin(connection: Connection) -> None:
    # Who reads first and writes later is refused at once if somebody else wrote in between, however long the timeout.
    # So whoever may write takes the lock when it begins. A page that is only asked for never writes.
    reads = has_request_context() and request.method in ("GET", "HEAD")
    connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")


def is_migrated() -> bool:
    """Whether the database has what this release needs.

    A newer release migrates the database while this one still serves, so a revision that nobody here knows is no
    reason to stop.
    """
    head, known = _read_migrations()
    present = set(MigrationContext.configure(db.session.connection()).get_current_heads())
    return head in present or bool(present - known)


@cache
def _read_migrations() -> tuple[str | None, frozenset[str]]:
    """The newest revision of this release, and all that it knows."""
    script = ScriptDirectory(str(MIGRATIONS))
    return script.get_current_head(), frozenset(one.revision for one in script.walk_revisions())
