"""What the errors of a database mean, as rows of the table of causes (replica_causes.py). Pure text.

The clients of SQLite, PostgreSQL and MySQL all say OperationalError, of a server that is away as of a table that is
missing. So the words behind it decide. {0} is the line without the name of its error.
"""

_LINE = r"(?m)^(?:[\w.]+: )?(?:\([\w.]+\) )?([^\n]*(?:%s)[^\n]*)"
_MISSING = (
    r"no such (?:table|column|index|view): |has no column named |Undefined(?:Table|Column|Object)\b"
    r"|(?:relation|table|type) \"[^\"\n]+\" does not exist|column [^\n]+ does not exist"
    r"|\((?:1146|1054), |Table '[^'\n]+' doesn't exist|Unknown column '"
)
_TWICE = (
    r"duplicate column name: |(?:table|index|view) [^\n]+ already exists|Duplicate(?:Table|Column|Object)\b"
    r"|(?:relation|column|type|constraint) \"[^\n]+ already exists"
    r"|\((?:1050|1060|1061), |Duplicate column name '|Table '[^'\n]+' already exists"
)
_REFUSES = (
    r"password authentication failed|Access denied for user|no pg_hba\.conf entry|Unknown database '"
    r"|(?:role|database) \"[^\"\n]+\" does not exist|permission denied for (?:table|schema|database|relation|sequence)"
    r"|WRONGPASS|NOAUTH"
)
_AWAY = (
    r"Connection refused|ConnectionRefusedError|[Cc]ould not connect to|Can't connect to"
    r"|connection to server [^\n]*failed"
    r"|Name or service not known|name resolution|could not translate host name|timeout expired|No route to host"
    r"|Network is unreachable|server closed the connection|Lost connection to|Error -?\d+ connecting to"
)

_MADE_BEFORE = (
    "a table or a column is in its database already ({0}): a migration ran before, by hand or in part; see the "
    "migrations of {site}, and which of them the database has recorded"
)
# In place of what a sign means in the log of a command, in that of Gunicorn.
OF_WORKERS = {
    _MADE_BEFORE: "a table or a column is in its database already ({0}): each worker and each replica of {site} makes "
    "it while it starts, at the same time as others or after them; let `release.command` of {site} do it, which runs "
    "once before they start"
}

DATABASE_LOG = (
    (
        87,
        r"unable to open database file|attempt to write a readonly database",
        "SQLite cannot open or write its database: only /tmp and folders of `data` can be written; name the folder of "
        "the database in `data` of {site}, or let the application use a database server",
    ),
    (
        86,
        r"database (?:table )?is locked",
        "its SQLite database is locked: another process writes to it for longer than this one waits; give its "
        "connections a longer `timeout` and journal_mode = WAL, and keep its transactions short",
    ),
    (
        83,
        _LINE % _TWICE,
        _MADE_BEFORE,
    ),
    (
        83,
        _LINE % _MISSING,
        "a table or a column is missing in its database ({0}): see that the command in `release` of {site} runs the "
        "migration that makes it, and before anything uses it",
    ),
    (
        83,
        _LINE % _REFUSES,
        "a service that it needs refuses it ({0}): see the user, the password and the database that `environment` and "
        "the secrets of {site} name",
    ),
    (
        80,
        _LINE % _AWAY,
        "a service that it needs does not answer ({0}): see its address in `environment` of {site}, or in the secret "
        "that holds it",
    ),
    # Nothing above knows what is wrong: the statement is worth a look.
    (
        67,
        r"\b(?:Operational|Programming|Integrity|Internal|Database|Data|NotSupported)Error\)?:? ?([^\n]*)",
        "its database does not do what it is asked to ({0}): see the statement in its traceback, and the migrations of "
        "{site}",
    ),
)
