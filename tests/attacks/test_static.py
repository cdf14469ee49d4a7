"""Static files: the folder, the whole folder, and nothing but the folder."""

from urllib.parse import quote

import pytest

from tests.attacks.edge import Edge
from tests.attacks.raw import ask, get
from tests.attacks.sample import FLAG, HOST, LEFT, NEVER, SECRET

pytestmark = pytest.mark.docker

LOOK_ALIKES = (
    "/static../web.py",
    "/static../static/style.css",
    "/static..%2fstatic/style.css",
    "/static%2e%2e/static/style.css",
    "/static_private/x",
    "/static.bak",
    "/staticstyle.css",
    "/static",
    "/static?x",
    "/STATIC/style.css",
)
TRAVERSALS = (
    "/static/../web.py",
    "/static/%2e%2e/web.py",
    "/static/.%2e/web.py",
    "/static/..%2fweb.py",
    "/static/%2e%2e%2fweb.py",
    "/static/..%252fweb.py",
    "/static/..%5cweb.py",
    "/static/..\\web.py",
    "/static/%c0%ae%c0%ae/web.py",
    "/static/..;/web.py",
    "/static/deep/../../web.py",
    "/static//../web.py",
    "/static/a//../../web.py",
    "/static/./../notes.txt",
    "/web.py",
    "/notes.txt",
    "/requirements.txt",
    "/../web.py",
    "/..%2f..%2fapp/web.py",
    "//web.py",
)


def test_the_folder_is_served(edge: Edge) -> None:
    for path in ("/static/style.css", "//static//style.css", "/static/deep/../style.css", "/%73tatic/style.css"):
        assert b"the one file" in get(edge.port, HOST, path).body


@pytest.mark.parametrize("path", LOOK_ALIKES)
def test_look_alikes_are_not_found(edge: Edge, path: str) -> None:
    answer = get(edge.port, HOST, path)
    assert answer.status == 404, answer
    assert b"the one file" not in answer.body


@pytest.mark.parametrize("path", TRAVERSALS)
def test_nobody_climbs_out(edge: Edge, path: str) -> None:
    answer = ask(edge.port, HOST, path)
    # 308: the application's own router closes up double slashes.
    assert answer is None or answer.status in (308, 400, 404), answer
    assert answer is None or not any(text in answer.body for text in (FLAG.encode(), b"Flask(__name__)", b"flask=="))


@pytest.mark.parametrize("path", NEVER)
@pytest.mark.parametrize("dots", [False, True], ids=["plain", "encoded"])
def test_dotfiles_backups_and_source_are_not_served(edge: Edge, path: str, dots: bool) -> None:
    spelled = "".join(f"%{ord(letter):02x}" if letter in ".~_" else letter for letter in path) if dots else path
    answer = get(edge.port, HOST, f"/static/{spelled}")
    assert answer.status == 404, answer
    assert FLAG.encode() not in answer.body


@pytest.mark.parametrize("path", LEFT)
def test_what_editors_leave_is_not_served(edge: Edge, path: str) -> None:
    answer = get(edge.port, HOST, f"/static/{quote(path)}")
    assert (answer.status, FLAG.encode() in answer.body) == (404, False)


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "TRACE", "CONNECT", "PROPFIND"])
def test_files_are_only_read(edge: Edge, method: str) -> None:
    answer = ask(edge.port, HOST, "/static/style.css", method=method)
    assert answer is None or answer.status in (400, 403, 405), answer
    assert b"the one file" in get(edge.port, HOST, "/static/style.css").body


SECRET_PATHS = [
    f"{start}{climb * 6}{place}"
    for start in ("/", "/static/")
    for climb in ("../", "%2e%2e/", "..%2f", "..%252f", "..\\", "....//")
    for place in ("run/secrets/API_KEY", "etc/portico/live/nginx.conf", "etc/portico/private/", "etc/passwd")
]


def test_secrets_and_configuration_are_not_readable_by_any_path(edge: Edge) -> None:
    direct = ["/run/secrets/API_KEY", "/etc/portico/live/conf.d/probe.conf", "/proc/self/environ", "/.portico/pip.conf"]
    for path in [*SECRET_PATHS, *direct]:
        answer = ask(edge.port, HOST, path)
        if answer is not None:
            assert answer.status in (400, 404), (path, answer)
            found = [
                text for text in (SECRET, "worker_processes", "server_name", "root:x:") if text.encode() in answer.body
            ]
            assert not found, (path, found)
