"""Answers below /scripted exactly what a request's header says, or tells what has arrived of the request."""

import base64
import json
from collections.abc import Callable, Iterable
from typing import Any


class Scripted:
    """A WSGI application around another one."""

    def __init__(self, application: Callable[..., Iterable[bytes]]) -> None:
        self.application = application

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if not environ["PATH_INFO"].startswith("/scripted"):
            return self.application(environ, start_response)
        body = environ["wsgi.input"].read()
        script = json.loads(base64.urlsafe_b64decode(environ["HTTP_X_SCRIPT"]))
        headers = [(name, value) for name, value in script["headers"]]
        chunks = [base64.b64decode(chunk) for chunk in script["chunks"]]
        if script["tells"]:
            names = {"REQUEST_METHOD", "RAW_URI", "PATH_INFO", "QUERY_STRING", "CONTENT_TYPE", "SCRIPT_NAME"}
            reported = {name: value for name, value in environ.items() if name in names or name.startswith("HTTP_")}
            reported |= {"scheme": environ["wsgi.url_scheme"], "body": body.hex()}
            chunks = [json.dumps(reported, sort_keys=True).encode()]
        if script["length"]:
            headers.append(("Content-Length", str(sum(map(len, chunks)))))
        start_response(script["status"], headers)
        return chunks
