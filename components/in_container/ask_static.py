"""Asks the application itself, in its own image, which files it serves at which URLs, and prints the answer.

Runs once for each release, as the site's user, with no network, secrets or data. The argument is JSON: `entry`, `host`,
`path` of the site, `seconds` that it may take, and the `missing` variables, which get a text in place of a secret.
The last line is MARK and JSON: `folders`, each its URL, its path and the names in it that something
else answers, and `left`, why others are left to the application.
"""

import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

MARK = "portico-static "
FILES, OTHERS = 20_000, 500  # files of one folder, and names in it that something else answers
LETTERS = 60_000  # of the line: it becomes a variable, which holds 128 KiB at most
END = "<path:filename>"


def load(entry: str) -> Any:
    """The WSGI application, by Gunicorn's own way to load it."""
    from gunicorn.util import import_app  # type: ignore[import-untyped,unused-ignore]

    sys.path.insert(0, os.getcwd())
    sys.argv = ["gunicorn", entry]
    return import_app(entry)


def ask(wsgi: Any, host: str, path: str) -> tuple[list[Any], list[str]]:
    """The folders that NGINX may serve, and sentences about those that it may not."""
    import flask

    if not isinstance(wsgi, flask.Flask):
        return [], ["the entry is not a Flask object"]
    if wsgi.url_map.host_matching:
        return [], ["its routes depend on the host"]
    folders, left = [], []
    for rule in wsgi.url_map.iter_rules():
        holder = find_holder(wsgi, rule.endpoint)
        if holder is None or not holder.static_folder or not os.path.isdir(holder.static_folder):
            continue
        begin, folder = str(rule.rule).removesuffix(END), os.path.realpath(holder.static_folder)
        names = list_names(folder)
        others = [name for name in names if not agrees(wsgi, rule.endpoint, begin, folder, name)]
        known = sorted({*names} - {*others}, key=lambda name: os.stat(os.path.join(folder, name)).st_size)
        if rule.subdomain or "<" in begin or begin == str(rule.rule):
            left.append(f"{rule.rule}: its URL is not a folder")
        elif len(names) > FILES or len(others) > OTHERS:
            left.append(f"{begin}: more than {FILES} files, or than {OTHERS} that something else answers")
        elif known and (why := doubt(wsgi, f"https://{host}{path.rstrip('/')}/", begin + known[0], folder, known[0])):
            left.append(f"{begin}: {why}")
        elif known:
            folders.append([path.rstrip("/") + begin, folder, others])
    return folders, left


def find_holder(app: Any, endpoint: str) -> Any:
    """The application or blueprint whose static files Flask itself answers with there, no subclass and no wrapper."""
    import flask

    name, _, last = endpoint.rpartition(".")
    holder, kind = (app.blueprints.get(name), flask.Blueprint) if name else (app, flask.Flask)
    if last != "static" or holder is None:
        return None
    if type(holder).send_static_file is not kind.send_static_file or "send_static_file" in vars(holder):
        return None
    view = app.view_functions.get(endpoint)
    if getattr(view, "__func__", None) is kind.send_static_file:
        return holder
    # The application's own is a lambda, made where Flask makes the rule.
    code, made = getattr(view, "__code__", None), flask.Flask.__init__.__code__
    return holder if not name and code is not None and code.co_filename == made.co_filename else None


def list_names(folder: str) -> list[str]:
    """The paths of files below a folder, as they follow in a URL; no more than one above FILES."""
    found: list[str] = []
    for where, _, names in os.walk(folder):
        paths = (os.path.join(where, name) for name in names)
        found += [os.path.relpath(path, folder) for path in paths if os.path.isfile(path)]
        if len(found) > FILES:
            break
    return found[: FILES + 1]


def agrees(app: Any, endpoint: str, begin: str, folder: str, name: str) -> bool:
    """Whether this route, and no other one, answers with a file that the application may read."""
    if not os.access(os.path.join(folder, name), os.R_OK):
        return False
    try:
        return bool(app.url_map.bind("localhost").match(begin + name, method="GET") == (endpoint, {"filename": name}))
    except Exception:
        return False


def doubt(wsgi: Any, base: str, url: str, folder: str, name: str) -> str:
    """Why the application may not want everybody to have a file; "" where it sends it without a login."""
    from urllib.parse import quote

    from werkzeug.test import Client

    try:
        answer = Client(wsgi).get(quote(url), base_url=base)
        if answer.status_code != 200:
            return f"without a login it answers with {answer.status_code}"
        same = answer.get_data() == Path(folder, name).read_bytes()
        return "" if same else "it answers with something other than the file"
    except Exception as error:
        return f"it could not be asked ({type(error).__name__})"


def main() -> None:
    """Print the answer last. What the application prints meanwhile goes elsewhere."""
    question = json.loads(sys.argv[1])
    out = os.dup(1)
    os.dup2(2, 1)
    answer: dict[str, Any] = {"folders": [], "left": []}

    def give_up(*_: object) -> None:
        raise TimeoutError(f"it took more than {question['seconds']} s")

    signal.signal(signal.SIGALRM, give_up)
    signal.alarm(question["seconds"])
    os.environ.update(question["missing"])
    try:
        answer["folders"], answer["left"] = ask(load(question["entry"]), question["host"], question["path"])
    except BaseException as error:
        # An application may end with SystemExit, too. What it says may hold anything, so it stays in one line.
        said = " ".join(f"{type(error).__name__}: {error}".split())
        answer["left"] = ["".join(letter for letter in said[:300] if letter.isprintable())]
    signal.alarm(0)
    if len(json.dumps(answer)) > LETTERS:
        answer = {"folders": [], "left": ["it names more folders than Portico can take over"]}
    os.write(out, f"\n{MARK}{json.dumps(answer)}\n".encode())
    # Threads that the application began are not waited for.
    os._exit(0)


main()
