"""A page, and what says that the application works."""

from flask import Flask

app = Flask(__name__)


@app.get("/")
def index() -> str:
    """The page."""
    return "Hello\n"


@app.get("/healthz")
def health() -> str:
    """Asked before a release goes live, and from then on."""
    return "ok\n"
