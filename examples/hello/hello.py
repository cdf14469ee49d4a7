"""A small Flask application that shows how its requests reach it.

Nothing in here knows of a proxy: behind Portico the client's address and the scheme are already right.
"""

import hashlib
import os
import time
from collections.abc import Iterator

from flask import Flask, Response, jsonify, render_template, request
from flask.typing import ResponseReturnValue

LONGEST_SLEEP = 30.0  # seconds
MOST_EVENTS = 60

app = Flask(__name__)


def facts() -> dict[str, str]:
    """What this process is, and what it sees of the current request."""
    return {
        "site": os.environ.get("PORTICO_SITE", "hello"),
        "release": os.environ.get("PORTICO_RELEASE", "none: started by hand"),
        "replica": os.environ.get("PORTICO_REPLICA", "the only one"),
        "client": request.remote_addr or "unknown",
        "scheme": request.scheme,
        "host": request.host,
        "request_id": request.headers.get("X-Request-ID", "none: no proxy gave one"),
    }


def bounded(name: str, default: float, most: float) -> float:
    """The query parameter as a number from 0 to `most`; `default` if it is missing or no number."""
    return max(0.0, min(request.args.get(name, default, type=float), most))


@app.get("/")
def page() -> str:
    return render_template("page.html", facts=facts())


@app.get("/whoami")
def whoami() -> ResponseReturnValue:
    return jsonify(facts() | {"pid": os.getpid()})


@app.get("/healthz")
def healthz() -> ResponseReturnValue:
    return Response("ok", mimetype="text/plain")


@app.get("/slow")
def slow() -> ResponseReturnValue:
    """Take some seconds: such a request must survive a release."""
    seconds = bounded("seconds", default=3.0, most=LONGEST_SLEEP)
    time.sleep(seconds)
    return jsonify(facts() | {"slept": seconds})


@app.post("/echo")
def echo() -> ResponseReturnValue:
    """Prove that the body arrived whole, whatever its size, without holding it in memory."""
    digest, length = hashlib.sha256(), 0
    while chunk := request.stream.read(64 * 1024):
        digest.update(chunk)
        length += len(chunk)
    return jsonify(sha256=digest.hexdigest(), length=length)


@app.get("/events")
def events() -> ResponseReturnValue:
    """Server-sent events: `n` of them, one every `pause` seconds."""
    count = int(bounded("n", default=5, most=MOST_EVENTS))
    pause = bounded("pause", default=1.0, most=1.0)

    def stream() -> Iterator[str]:
        for number in range(1, count + 1):
            yield f"id: {number}\ndata: {number} of {count}\n\n"
            if number < count:
                time.sleep(pause)

    # NGINX passes each event on at once when the answer asks for it.
    return Response(stream(), mimetype="text/event-stream", headers={"X-Accel-Buffering": "no"})


@app.after_request
def no_store(response: Response) -> Response:
    """Every answer but a static file is about one request: nobody may keep it."""
    if request.endpoint != "static":
        response.headers.setdefault("Cache-Control", "no-store")
    return response
