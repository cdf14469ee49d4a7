"""Says which database it was given."""

from pathlib import Path

from flask import Flask

app = Flask(__name__)


@app.get("/")
def index() -> str:
    """The address that the program handed over, and only while it deployed."""
    return f"The database is at {Path('/run/secrets/DATABASE_URL').read_text()}\n"


@app.get("/healthz")
def health() -> str:
    """Nothing is asked of the database: a site whose database is gone still says so."""
    return "ok\n"
