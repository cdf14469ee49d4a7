"""The application of both sites: what attacks need."""

from typing import Final

TEXT: Final = '''"""Answers that are long, slow, distinct or dear."""

import time
from collections.abc import Iterator

from flask import Flask, Response, request

app = Flask(__name__)


@app.get("/whoami")
@app.get("/page/<name>")
def page(name: str = "") -> str:
    return "x" * int(request.args.get("length", "1000"))


@app.get("/long")
def long() -> Response:
    def write() -> Iterator[bytes]:
        for _ in range(int(request.args["megabytes"])):
            yield b"x" * 1_000_000

    return Response(write(), mimetype="application/octet-stream")


@app.post("/upload")
def upload() -> str:
    return str(len(request.get_data()))


@app.get("/slow")
def slow() -> str:
    time.sleep(1)
    return "at last"


@app.get("/dear")
def dear() -> str:
    end = time.thread_time() + 0.2
    while time.thread_time() < end:
        pass
    return "done"
'''
