"""What the attacked application holds, and what must never be read from outside."""

HOST = "probe.localhost"
DOOMED = "doomed.localhost"
SECRET = "key-4b1d-nobody-may-read-this"
# Stands in every file that must not be served.
FLAG = "flag-77c2-not-for-visitors"

# Files beside and inside the folder of static files.
NEVER = (
    ".htpasswd",
    ".git/config",
    ".style.css.swp",
    "style.css~",
    "style.css.bak",
    "style.css.orig",
    "style.css.swp",
    "style.css.tmp",
    "helper.py",
    "__pycache__/helper.cpython-313.pyc",
    "deep/.env.local",
    "deep/.well-hidden/note.txt",
    "app.sqlite3",
    "app.db-wal",
    "dump.sql.gz",
    "prod.env",
    "id_rsa",
    "k.p12",
    "style.css.bak2",
    "tool.pyw",
    "notes.ipynb",
    "debug.log",
    "deep/debug.log.1",
    "tool.py.1",
    "compose.yaml",
    "poetry.lock",
    "all.pgdump",
    "prod.env.txt",
    "secrets.yaml",
    "service-account-1.json",
    "model.pickle",
)
# Also left behind by editors and people.
LEFT = ("style.css.old", "style.css.save", "#style.css#", "STYLE.CSS.BAK")
# A comment, so that what ends in .py is Python.
TEXT = f"# {FLAG}\n"
HIDDEN = {
    "static_private/x": TEXT,
    "static.bak": TEXT,
    "notes.txt": TEXT,
    **{f"static/{path}": TEXT for path in (*NEVER, *LEFT)},
}
