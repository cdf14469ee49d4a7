"""Tells what it saw: an application that attacks are aimed at."""

import hashlib
import os
import threading
import time

from flask import Flask, Response, jsonify, request
from flask.typing import ResponseReturnValue

app = Flask(__name__)
seen: list[str] = []
lock = threading.Lock()


@app.before_request
def count() -> None:
    # The path as it stood in the request line, so that nothing is hidden by decoding.
    with lock:
        seen.append(f"{request.method} {request.environ['RAW_URI']}")


@app.get("/seen")
def tell_seen() -> ResponseReturnValue:
    with lock:
        return jsonify(seen=seen)


@app.get("/whoami")
def whoami() -> ResponseReturnValue:
    return jsonify(site=os.environ["PORTICO_SITE"])


@app.get("/framed")
def framed() -> ResponseReturnValue:
    """Says of itself what NGINX would say otherwise."""
    return "", {
        "Content-Security-Policy": "frame-ancestors https://partner.example",
        "X-Frame-Options": "DENY",
        "Referrer-Policy": "no-referrer",
        "Permissions-Policy": "camera=(self)",
        "X-Content-Type-Options": "nosniff",
        "X-Request-ID": "mine",
    }


@app.route("/environ", methods=["GET", "POST"])
def environ() -> ResponseReturnValue:
    return jsonify(
        environ={name: value for name, value in request.environ.items() if isinstance(value, str)},
        url=request.url,
        client=request.remote_addr,
        host=request.host,
        scheme=request.scheme,
    )


@app.post("/echo")
@app.post("/tiny")
@app.post("/large")
@app.post("/upload/<path:name>")
def echo(name: str = "") -> ResponseReturnValue:
    body = request.get_data()
    return jsonify(sha256=hashlib.sha256(body).hexdigest(), length=len(body))


@app.get("/big")
def big() -> ResponseReturnValue:
    return Response(b"x" * 3_000_000, mimetype="application/octet-stream")


@app.get("/slow")
def slow() -> ResponseReturnValue:
    time.sleep(min(float(request.args.get("seconds", "1")), 5))
    return jsonify(slow=True)


@app.get("/source")
@app.get("/long/<path:name>")
def length(name: str = "") -> ResponseReturnValue:
    return jsonify(length=len(request.environ["RAW_URI"]))
