"""The table of causes: from what was seen to what is said, the most likely first."""

from typing import Any

import pytest

from portico.config.messages.replica_causes import Evidence, rank_causes

SOCKET = "unix:/run/portico/shop/abc-0.sock"
SILENT = "GET / with Host: a -> no answer since Gunicorn does not listen ([Errno 2] No such file or directory)"
ENVIRON = "File \"<frozen os>\", line 714, in __getitem__\nKeyError: '{}'"
BOOT = "\n[ERROR] Worker (pid:8) exited with code 3.\n[ERROR] Reason: Worker failed to boot."

TABLE = [
    pytest.param({"oom": True}, "raise `gunicorn.memory` of shop", id="out of memory"),
    pytest.param(
        {"log": "[ERROR] Worker (pid:8) was sent SIGKILL! Perhaps out of memory?"}, "`gunicorn.memory`", id="worker"
    ),
    pytest.param({"log": f"ModuleNotFoundError: No module named 'redis'{BOOT}"}, "the package redis", id="package"),
    pytest.param({"log": f"ModuleNotFoundError: No module named 'flask'{BOOT}"}, "name flask in the", id="flask"),
    pytest.param(
        {"log": f"ModuleNotFoundError: No module named 'werkzeug.middleware'{BOOT}"},
        "install werkzeug, or flask, in the image of",
        id="werkzeug",
    ),
    pytest.param(
        {"log": 'File "/app/web.py", line 7\n    def (\n        ^\nSyntaxError: invalid syntax'},
        "/app/web.py, line 7 is not valid Python",
        id="syntax",
    ),
    pytest.param(
        {"log": "TypeError: FastAPI.__call__() missing 1 required positional argument: 'send'"},
        "is an ASGI application, such as FastAPI's",
        id="ASGI",
    ),
    pytest.param(
        {
            "log": "[7] [ERROR] Exception in worker process\nTraceback (most recent call last):\n  File x\n"
            "EOFError: EOF when reading a line\nTraceback (most recent call last):\n  File y\nRuntimeError: it failed\n"
        },
        "it asks a question while it starts, and nobody is there to answer",
        id="question",
    ),
    pytest.param({"log": "Failed to find attribute 'ap' in 'web'."}, "(Failed to find attribute 'ap'", id="attribute"),
    pytest.param({"log": "Application object must be callable."}, "`entry` of shop", id="no application"),
    pytest.param(
        {"log": "create_app() missing 1 required positional argument: 'mode'"}, "(create_app() missing 1", id="factory"
    ),
    pytest.param({"log": ENVIRON.format("STAGE")}, "set `environment.STAGE` of shop", id="variable"),
    pytest.param(
        {"log": ENVIRON.format("API_TOKEN")}, "--path portico:secrets.shop.API_TOKEN", id="variable for secret"
    ),
    pytest.param(
        {"log": "FileNotFoundError: [Errno 2] No such file or directory: '/run/secrets/DB'"},
        "--path portico:secrets.shop.DB`",
        id="secret",
    ),
    pytest.param(
        {"log": "OSError: [Errno 30] Read-only file system: 'x.db'"},
        "(x.db): only /tmp, which is empty after a restart, and folders of `data`",
        id="read-only",
    ),
    pytest.param(
        {"log": "OSError: [Errno 30] Read-only file system: '/app/a.css' -> '/app/build/a.1f54.css'"},
        "it writes to its own folder (/app/build/a.1f54.css)",
        id="read-only, moved",
    ),
    pytest.param(
        {"log": "OSError: [Errno 30] Read-only file system: '/opt/venv/lib/python3.13/site-packages/app/build/a.css'"},
        "it writes into an installed package (/opt/venv/lib/python3.13/site-packages/app/build/a.css)",
        id="read-only, installed",
    ),
    pytest.param(
        {"log": "ModuleNotFoundError: No module named 'pkg_resources'"}, "name setuptools<81 in", id="setuptools"
    ),
    pytest.param(
        {"log": f"No module named 'gevent'\nRuntimeError: gevent worker requires gevent 24{BOOT}"},
        "let the Dockerfile install gunicorn[gevent]",
        id="gevent",
    ),
    pytest.param(
        {"log": "File \"/x/gunicorn/workers/ggevent.py\", line 16\nModuleNotFoundError: No module named 'packaging'"},
        "let the Dockerfile install gunicorn[gevent]",
        id="gevent's own requirement",
    ),
    pytest.param({"log": "OSError: [Errno 30] Read-only file system"}, "in `data` of shop", id="read-only, unnamed"),
    pytest.param({"log": "PermissionError: [Errno 13] Permission denied: '/root/x'"}, "open /root/x", id="permission"),
    pytest.param({"log": "FileNotFoundError: No such file: 'x.json'"}, "x.json is not in its image", id="file"),
    pytest.param(
        {"log": "sqlite3.OperationalError: unable to open database file"}, "in `data` of shop, or", id="SQLite"
    ),
    pytest.param({"log": "OSError: [Errno 28] No space left on device"}, "the disk is full", id="disk"),
    pytest.param(
        {"log": "ConnectionRefusedError: [Errno 111] Connection refused"}, "`environment` of shop", id="service"
    ),
    pytest.param({"log": 'exec: "gunicorn": executable file not found in $PATH'}, "no gunicorn", id="no gunicorn"),
    pytest.param(
        {"log": "Listening at: http://127.0.0.1:5000 (1)", "health": SILENT},
        "Gunicorn listens at 127.0.0.1:5000",
        id="port",
    ),
    pytest.param({"health": "GET / with Host: a -> HTTP/1.1 400 BAD REQUEST"}, "refuses the host name", id="host"),
    pytest.param({"health": "GET / with Host: a -> HTTP/1.1 503 X"}, "health path with 503", id="health"),
    pytest.param({"health": "GET / with Host: a -> no answer in time"}, "raise `healthTimeout`", id="slow"),
    pytest.param({"passed": True}, "became healthy too late", id="late"),
    pytest.param({"log": f"ValueError: x{BOOT}", "health": SILENT}, "fails while it is imported", id="import"),
    pytest.param({"health": SILENT}, "Gunicorn does not listen", id="silent"),
]


_TRACEBACK = 'Traceback (most recent call last):\n  File "/app/x.py", line 3, in up\n'
_MISSING, _TWICE = "a table or a column is missing in its database", "a table or a column is in its database already"
_REFUSED, _AWAY = "a service that it needs refuses it", "a service that it needs does not answer"
_ODD = "its database does not do what it is asked to"

DATABASES = [
    ("sqlite3.OperationalError: no such table: nope", _MISSING, "nope"),
    ("sqlalchemy.exc.OperationalError: (sqlite3.OperationalError) no such column: users.age", _MISSING, "users.age"),
    ("sqlite3.OperationalError: table users has no column named age", _MISSING, "users"),
    ("sqlite3.OperationalError: duplicate column name: done", _TWICE, "done"),
    ("sqlite3.OperationalError: table users already exists", _TWICE, "users"),
    ('psycopg.errors.UndefinedTable: relation "nope" does not exist\nLINE 1: SELECT 1', _MISSING, "nope"),
    ('psycopg2.errors.UndefinedColumn: column "age" does not exist', _MISSING, "age"),
    ("psycopg.errors.UndefinedColumn: Spalte »age« existiert nicht", _MISSING, "age"),
    (
        'sqlalchemy.exc.ProgrammingError: (psycopg.errors.UndefinedTable) relation "nope" does not exist',
        _MISSING,
        "nope",
    ),
    ('psycopg.errors.DuplicateColumn: column "done" of relation "a" already exists', _TWICE, "done"),
    ('psycopg.errors.DuplicateTable: relation "a" already exists', _TWICE, "a"),
    ("pymysql.err.ProgrammingError: (1146, \"Table 'a.nope' doesn't exist\")", _MISSING, "a.nope"),
    ("MySQLdb.OperationalError: (1054, \"Unknown column 'age' in 'field list'\")", _MISSING, "age"),
    (
        "sqlalchemy.exc.OperationalError: (pymysql.err.OperationalError) (1060, \"Duplicate column name 'd'\")",
        _TWICE,
        "d",
    ),
    ("sqlite3.OperationalError: database is locked", "its SQLite database is locked", "WAL"),
    ("sqlite3.OperationalError: unable to open database file", "SQLite cannot open or write", "`data`"),
    ("sqlite3.OperationalError: attempt to write a readonly database", "SQLite cannot open or write", "`data`"),
    (
        'psycopg.OperationalError: connection failed: FATAL:  password authentication failed for user "a"',
        _REFUSED,
        '"a"',
    ),
    ('OperationalError: connection to server at "d" failed: FATAL:  database "shop" does not exist', _REFUSED, "shop"),
    ("pymysql.err.OperationalError: (1045, \"Access denied for user 'a'@'b'\")", _REFUSED, "a"),
    ('psycopg.OperationalError: connection to server at "db", port 5432 failed: Connection refused', _AWAY, "5432"),
    (
        'psycopg2.OperationalError: could not translate host name "db" to address: Name or service not known',
        _AWAY,
        "db",
    ),
    ("pymysql.err.OperationalError: (2003, \"Can't connect to MySQL server on 'db'\")", _AWAY, "db"),
    ("kombu.exceptions.OperationalError: Error 111 connecting to redis:6379. Connection refused.", _AWAY, "redis:6379"),
    ('sqlite3.OperationalError: near "SELEC": syntax error', _ODD, "SELEC"),
    (
        "sqlalchemy.exc.IntegrityError: (sqlite3.IntegrityError) UNIQUE constraint failed: users.name",
        _ODD,
        "users.name",
    ),
]


@pytest.mark.parametrize(("line", "cause", "what"), DATABASES)
@pytest.mark.parametrize("before", ["", _TRACEBACK])
def test_an_error_of_a_database_has_the_cause_that_its_words_tell(
    before: str, line: str, cause: str, what: str
) -> None:
    """The clients say OperationalError of a server that is away as of a table that is missing."""
    [reported] = rank(log=before + line)
    assert reported.startswith(cause) and what in reported and reported.isprintable()


@pytest.mark.parametrize("line", [line for line, cause, _ in DATABASES if cause == _TWICE])
def test_workers_that_make_the_same_table_are_no_migration_that_ran_before(line: str) -> None:
    begin = "[2026-01-31 12:00:00 +0000] [%d] [ERROR] Exception in worker process\n"
    log = "".join(f"{begin % pid}{_TRACEBACK}{line}\n" for pid in (7, 8, 9))
    [reported] = rank(log=log)
    assert reported.startswith(_TWICE) and "`release.command` of shop" in reported and "by hand" not in reported


def test_what_an_application_raises_while_it_is_imported_is_named() -> None:
    log = (
        f"[1] [ERROR] Exception in worker process\n{_TRACEBACK}    raise ValueError(x)\nValueError: no licence.\n{BOOT}"
    )
    assert rank(log=log) == ["it fails while it is imported (ValueError: no licence): its traceback says why"]
    known = log.replace("ValueError: no licence.", "sqlite3.OperationalError: no such table: a")
    assert rank(log=known)[0].startswith(_MISSING)


def rank(**seen: Any) -> list[str]:
    return rank_causes(Evidence(site="shop", address=SOCKET, **seen))


@pytest.mark.parametrize(("seen", "cause"), TABLE)
def test_each_sign_has_its_cause_first(seen: dict[str, Any], cause: str) -> None:
    assert cause in rank(**seen)[0]


@pytest.mark.parametrize("moved", ["", "'/opt/venv/lib/python3.13/site-packages/app/a.css' -> "])
def test_a_file_of_a_package_has_one_cause_however_often_it_is_reported(moved: str) -> None:
    said = f"[Errno 30] Read-only file system: {moved}'/opt/venv/lib/python3.13/site-packages/app/build/a.css'"
    (cause,) = rank_causes(Evidence(log=f"OSError: {said}\n{said}\n", site="shop"))
    assert cause.startswith("it writes into an installed package")


def test_what_is_certain_stands_before_what_is_likely() -> None:
    log = "ConnectionRefusedError: refused\nFileNotFoundError: no such file: 'a'\nMemoryError\nNo space left on device"
    causes = rank(log=log)
    assert ["memory" in causes[0], "disk" in causes[1], "a is not" in causes[2]] == [True] * 3
    assert len(causes) == 3


OWN = "Error: Please configure a random SECRET_KEY"


def lose(code: int, *words: str) -> str:
    """The log of a Gunicorn whose workers end by themselves with `code`, each after its `words`."""
    at = "[2026-01-31 12:00:00 +0000]"
    end = [f"{at} [1] [ERROR] Worker (pid:8) exited with code {code}."] if code else []
    one = [f"{at} [8] [INFO] Booting worker with pid: 8", *words, f"{at} [8] [INFO] Worker exiting (pid: 8)", *end]
    return "\n".join([f"{at} [1] [INFO] Starting gunicorn 27.0.1", f"{at} [1] [INFO] Listening at: {SOCKET}", *one * 4])


@pytest.mark.parametrize("code", [0, 1, 2, 255])
def test_an_application_that_ends_by_itself_is_reported_with_its_last_words(code: int) -> None:
    """To raise `healthTimeout` would help nobody: Gunicorn makes the next worker, which ends too."""
    reported = rank(log=lose(code, OWN), health="GET / with Host: a -> no answer in time")
    assert reported == [
        f"its worker ends by itself with code {code} while it loads the application; its last words are: {OWN}"
    ]
    assert "it says nothing before" in rank(log=lose(code))[0]


def test_a_worker_that_ends_is_no_cause_where_another_is_known() -> None:
    assert "redis" in rank(log=lose(1, "ModuleNotFoundError: No module named 'redis'"))[0]
    assert "became healthy too late" in rank(log=lose(1, OWN), passed=True)[0]
    assert rank(log=lose(0, OWN) + "\nHandling signal: term") == []


def test_no_guess_stands_beside_what_is_known() -> None:
    assert len(rank(log=f"ModuleNotFoundError: No module named 'redis'{BOOT}", health=SILENT)) == 1


def test_an_error_before_the_last_start_counts_no_more() -> None:
    log = "ModuleNotFoundError: No module named 'redis'\nStarting gunicorn 27.0.1\nMemoryError"
    assert len(rank(log=log)) == 1 and "memory" in rank(log=log)[0]


def test_a_start_that_has_just_begun_tells_nothing_yet() -> None:
    log = "ModuleNotFoundError: No module named 'redis'\nStarting gunicorn 27.0.1\nBooting worker with pid: 7"
    assert "redis" in rank(log=log, health=SILENT)[0]


def test_a_traceback_is_better_known_than_a_slow_answer() -> None:
    slow = "The health check -> no answer in time (5s)"
    assert rank(log="[ERROR] Exception in worker process\nValueError: no shelf", health=slow) == [
        "it fails while it is imported: its traceback says why"
    ]


def test_a_key_of_a_dictionary_is_no_variable() -> None:
    assert rank(log="prices[fruit]\nKeyError: 'apple'") == []


def test_its_own_socket_is_where_it_should_listen() -> None:
    assert rank(log="Listening at: unix:/run/portico/shop/abc-0.sock.4f5e (1)") == []


def test_an_unknown_sign_is_not_guessed() -> None:
    assert rank(log="something odd") == []
