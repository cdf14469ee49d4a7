"""Speaks the protocols that tests ask for."""

import importlib
import itertools
import logging
import os
import threading
import time
from collections.abc import Iterator
from typing import Any

from flask import Flask, Response, jsonify, request
from flask.typing import ResponseReturnValue

app = Flask(__name__)
logging.basicConfig(level=logging.INFO)
lock = threading.Lock()
numbers = itertools.count(1)
connections: list[Any] = []


@app.get("/whoami")
@app.get("/limited")
@app.route("/ws/plain")
def whoami() -> ResponseReturnValue:
    peer = request.environ["gunicorn.socket"]
    with lock:
        if not any(one is peer for one in connections):
            connections.append(peer)
        number = next(index for index, one in enumerate(connections) if one is peer)
    name = request.headers.get("X-Request-ID", "")
    app.logger.info("flask request_id=%s", name)
    return jsonify(
        site=os.environ["PORTICO_SITE"],
        replica=os.environ["PORTICO_REPLICA"],
        connection=number,
        request_id=name,
        scheme=request.scheme,
        url=request.url,
        protocol=request.environ["SERVER_PROTOCOL"],
        authorization=request.headers.get("Authorization"),
    )


def talk(server: Any) -> None:
    while True:
        message = server.receive()
        if message == "count":
            for number in range(5):
                server.send(f"{number}")
                time.sleep(0.2)
        else:
            server.send(message)


# Tests are checked without these.
app.wsgi_app = importlib.import_module("scripted").Scripted(app.wsgi_app)  # type: ignore[method-assign]
importlib.import_module("flask_sock").Sock(app).route("/ws/talk")(talk)


@app.get("/events")
def events() -> ResponseReturnValue:
    def write() -> Iterator[str]:
        for number in range(5):
            yield f"id: {number}\ndata: event {number}\n\n"
            time.sleep(0.25)

    return Response(write(), mimetype="text/event-stream")


@app.route("/cached/<path:name>", methods=["GET", "POST"])
@app.route("/fresh/<path:name>")
def count(name: str) -> ResponseReturnValue:
    time.sleep(min(float(request.args.get("seconds", "0")), 5))
    answer = jsonify(number=next(numbers), padding="x" * int(request.args.get("length", "0")))
    if "cookie" in request.args:
        answer.set_cookie("seen", "yes")
    for name in ("Cache-Control", "Expires", "Pragma", "X-Accel-Expires", "Vary"):
        if name in request.args:
            answer.headers[name] = request.args[name]
    answer.status_code = int(request.args.get("status", "200"))
    return answer


@app.get("/text")
def text() -> ResponseReturnValue:
    return Response("all work and no play\n" * 400, mimetype="text/plain")


@app.get("/slow")
def slow() -> ResponseReturnValue:
    time.sleep(min(float(request.args.get("seconds", "1")), 5))
    return whoami()
