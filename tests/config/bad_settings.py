"""Bad settings of a stack and of a site, each with the line that refuses it."""

from typing import Any

import pytest

from tests.config.sample import make_site, make_values

SUCH = "is not a host name; write a lower-case name without scheme, port or path, such as"
HOST = f"{SUCH} shop.example or *.shop.example"
ENTRY = "is not a WSGI entry; write package.module:app, or package.module:create_app() for a factory"
IMAGE = "is not a pinned image; write a name with a version or a digest, such as nginx:1.30.6"
SIZE = "is not a size; write a whole number and a unit (K, M or G), such as 5M"
DURATION = "is not a duration; write a whole number and a unit (ms, s, m or h), such as 30s"
PATH = "is not a path; write it from the root, of letters, digits and / _ . ~ -, such as /healthz"
NAME = "is not a site name; write 1 to 32 lower-case letters, digits and dashes, starting with a letter, such as shop"
WHOLE = "does not fit; write a whole number, without quotes"
TEXT = "does not fit; write a text, in quotes where it looks like a number"
LIST = "does not fit; write a list: one entry a line, each after a dash"
PAIRS = "does not fit; write key: value pairs"
SECTION = "does not fit; write pairs, such as"
IN_FOLDER = "is not a folder inside the source; write"
IMPORT = "cannot be imported:"
EMPTY = "the list is empty; write at least one entry"
UNDERSCORE = (
    "is not a host name; it holds an underscore, and no certificate is given for such a name; write one such as"
)
LEAD = ", and let that lead here"
TWICE = "already; a host name belongs to one site, once"


def site(**changes: Any) -> dict[str, Any]:
    return make_values(make_site(**changes))


STACK: list[tuple[str, dict[str, Any], str]] = [
    ("unknown key, close", make_values(replica=3), "replica: there is no such setting; did you mean replicas?"),
    ("port as text", make_values(port="8080"), 'port: "8080" does not fit; write 8080, without quotes'),
    ("port with a fraction", make_values(port=80.5), f"port: 80.5 {WHOLE}"),
    ("port as truth value", make_values(port=True), f"port: true {WHOLE}"),
    ("port left empty", make_values(port=None), "port: is empty; write a whole number, without quotes"),
    ("port 0", make_values(port=0), "port: 0 does not fit; write at least 1"),
    ("port too high", make_values(port=65536), "port: 65536 does not fit; write at most 65535"),
    ("replicas 0", make_values(replicas=0), "replicas: 0 does not fit; write at least 1"),
    ("replicas 33", make_values(replicas=33), "replicas: 33 does not fit; write at most 32"),
    (
        "protect as text",
        make_values(protect="yes"),
        'protect: "yes" does not fit; write true',
    ),
    ("protect by another word", make_values(protect="No"), 'protect: "No" does not fit; write false'),
    ("protect by a number", make_values(protect=1), "protect: 1 does not fit; write true or false, without quotes"),
    (
        "a truth value as a variable",
        make_values(make_site(environment={"DEBUG": True})),
        'sites[0].environment.DEBUG: true does not fit; write a text, and "true" in quotes where that word is meant',
    ),
    ("unknown target", make_values(target="moon"), 'target: "moon" does not fit; write'),
    (
        "unknown upstream",
        make_values(upstream="udp"),
        "upstream: \"udp\" does not fit; write 'socket', 'container' or 'tcp'",
    ),
    (
        "address as name",
        make_values(address="localhost"),
        'address: "localhost" is not an IP address; write 127.0.0.1 for this machine alone, 0.0.0.0 for everyone',
    ),
    ("image latest", make_values(nginxImage="nginx:latest"), f'nginxImage: "nginx:latest" {IMAGE}'),
    ("image without tag", make_values(pythonImage="python"), f'pythonImage: "python" {IMAGE}'),
    ("image with more text", make_values(nginxImage="nginx:1.30.6 x"), f'nginxImage: "nginx:1.30.6 x" {IMAGE}'),
    (
        "image too old",
        make_values(nginxImage="nginx:1.20.2"),
        'nginxImage: "nginx:1.20.2" is older than Portico supports; write nginx:1.22.0 or newer',
    ),
    (
        "no time for health",
        make_values(healthTimeout=1),
        "healthTimeout: 1 does not fit; write at least 5",
    ),
    (
        "missing certificates",
        make_values(caBundle="shop/web.py"),
        'caBundle: "shop/web.py" holds no certificate; write the path of a PEM bundle, or leave it out',
    ),
    (
        "CA bundle that is not there",
        make_values(caBundle="no.pem"),
        'caBundle: "no.pem" is not a file; write the path of a PEM bundle, or leave it out',
    ),
    (
        "unknown key below",
        make_values(nginx={"conections": 100}),
        "nginx.conections: there is no such setting; did you mean connections?",
    ),
    (
        "key that had another name",
        make_values(nginx={"patience": "10s"}),
        "nginx.patience: there is no such setting; it was renamed; write clientTimeout",
    ),
    ("duration without unit", make_values(nginx={"keepalive": 65}), f'nginx.keepalive: "65" {DURATION}'),
    ("duration in days", make_values(nginx={"keepalive": "2d"}), f'nginx.keepalive: "2d" {DURATION}'),
    (
        "too few connections",
        make_values(nginx={"connections": 10}),
        "nginx.connections: 10 does not fit; write at least 64",
    ),
    ("no sites", {}, "sites: is required; write sites: a list of name, source, entry and hosts"),
    ("empty sites", {"sites": []}, f"sites: {EMPTY}"),
    ("sites by name", {"sites": {"shop": make_site()}}, f"sites: a group of settings {LIST}"),
    (
        "a site as text",
        make_values("shop"),
        f'sites[0]: "shop" {SECTION} - {{name: shop, source: ../shop, entry: shop.web:app, hosts: [shop.example]}}',
    ),
]

SITE: list[tuple[str, dict[str, Any], str]] = [
    ("unknown key", site(host=["a.example"]), "host: there is no such setting; did you mean hosts?"),
    ("name in capitals", site(name="Shop"), f'name: "Shop" {NAME}'),
    ("name with a digit first", site(name="1shop"), f'name: "1shop" {NAME}'),
    ("no name", site(name=None), "name: is required; write name: shop"),
    ("no source", site(source=None), "source: is required; write source: ../shop"),
    ("no entry", site(entry=None), "entry: is required; write entry: shop.web:app"),
    ("no hosts", site(hosts=None), "hosts: is required; write hosts: [shop.example]"),
    ("empty hosts", site(hosts=[]), f"hosts: {EMPTY}"),
    ("hosts as text", site(hosts="shop.example"), f'hosts: "shop.example" {LIST}'),
    ("host as number", site(hosts=[1]), f"hosts[0]: 1 {TEXT}"),
    ("host with scheme", site(hosts=["http://a.example"]), f'hosts[0]: "http://a.example" {SUCH} a.example'),
    ("host with port", site(hosts=["a.example:80"]), f'hosts[0]: "a.example:80" {SUCH} a.example'),
    ("host with path", site(hosts=["a.example/x"]), f'hosts[0]: "a.example/x" {SUCH} a.example'),
    ("host in capitals", site(hosts=["A.example"]), f'hosts[0]: "A.example" {SUCH} a.example'),
    ("host with underscore", site(hosts=["a_1.example"]), f'hosts[0]: "a_1.example" {UNDERSCORE} a-1.example{LEAD}'),
    ("host that begins with one", site(hosts=["_a.example"]), f'hosts[0]: "_a.example" {UNDERSCORE} a.example{LEAD}'),
    ("host as directive", site(hosts=["a; return 200 x"]), f'hosts[0]: "a; return 200 x" {HOST}'),
    ("host as variable", site(hosts=["$host"]), f'hosts[0]: "$host" {HOST}'),
    ("host as pattern", site(hosts=["~^a"]), f'hosts[0]: "~^a" {HOST}'),
    ("host for everything", site(hosts=["*"]), f'hosts[0]: "*" {HOST}'),
    ("host empty", site(hosts=[""]), f'hosts[0]: "" {HOST}'),
    ("host label too long", site(hosts=["a" * 64]), f'hosts[0]: "{"a" * 60}" {HOST}'),
    (
        "host as broken IPv4",
        site(hosts=["1.2.3.256"]),
        'hosts[0]: "1.2.3.256" is not a host name or an address; write one such as shop.example',
    ),
    ("host twice", site(hosts=["a.example"] * 2), f'hosts[1]: "a.example" is used at sites[0].hosts[0] {TWICE}'),
    (
        "folder without requirements",
        site(source="bare"),
        'source: "bare" holds no requirements.txt, pyproject.toml or Dockerfile; '
        "write one, so that the application can be installed",
    ),
    ("source as number", site(source=3), f"source: 3 {TEXT}"),
    ("entry without name", site(entry="web"), f'entry: "web" {ENTRY}'),
    ("entry with attribute", site(entry="web:app.wsgi"), f'entry: "web:app.wsgi" {ENTRY}'),
    (
        "entry with missing module",
        site(entry="wob:app"),
        f'entry: "wob:app" {IMPORT} the source holds no wob.py and no folder wob, '
        "and the requirements do not name it; the modules there are web. "
        "If one of them brings wob by another name, write a wsgi.py that imports it",
    ),
    (
        "entry with missing submodule",
        site(entry="web.admin:app"),
        f'entry: "web.admin:app" {IMPORT} there is no web/admin.py in the source; write package.module:app',
    ),
    (
        "entry with missing name",
        site(entry="web:application"),
        f'entry: "web:application" {IMPORT} web.py defines no application; the names there are app, create_app',
    ),
    (
        "entry in broken module",
        site(source="broken"),
        f'entry: "web:app" {IMPORT} web.py is not valid Python (line 2); fix it',
    ),
    (
        "factory without parentheses",
        site(entry="web:create_app"),
        'entry: "web:create_app" is a factory; write web:create_app() so that it is called',
    ),
    ("replicas 0", site(replicas=0), "replicas: 0 does not fit; write at least 1"),
    ("size without unit", site(body=5), f'body: "5" {SIZE}'),
    ("size with unknown unit", site(body="5 Mb"), f'body: "5 Mb" {SIZE}'),
    ("size with unit of time", site(body="5s"), f'body: "5s" {SIZE}'),
    ("size below zero", site(body="-5M"), f'body: "-5M" {SIZE}'),
    ("timeout without unit", site(gunicorn={"timeout": 30}), f'gunicorn.timeout: "30" {DURATION}'),
    (
        "unknown worker",
        site(gunicorn={"workerClass": "sync"}),
        'gunicorn.workerClass: "sync" closes the connection after each answer, so NGINX cannot reuse it; '
        "write gthread or gevent, or leave it out",
    ),
    (
        "threads of gevent",
        site(gunicorn={"workerClass": "gevent", "threads": 100}),
        "gunicorn: threads is 100, and a worker of gevent has none; leave threads out",
    ),
    (
        "gevent after the application",
        site(gunicorn={"workerClass": "gevent", "preload": True}),
        "gunicorn: preload loads the application before gevent can prepare Python for it; leave preload out",
    ),
    ("gunicorn as list", site(gunicorn=[]), f"gunicorn: a list {SECTION} gunicorn: {{version: 27.0.1}}"),
    ("static folder missing", site(static="assets"), f'static: "assets" {IN_FOLDER} one, or leave it out'),
    (
        "static folder outside",
        site(static="../shop"),
        f'static: "../shop" {IN_FOLDER} it relative to the source folder, such as shop/static',
    ),
    (
        "static URL without slash",
        site(staticUrl="/static"),
        'staticUrl: "/static" is not a URL folder; write it with a slash at both ends, such as /static/',
    ),
    ("health without slash", site(health="healthz"), f'health: "healthz" {PATH}'),
    ("health with space", site(health="/a b"), f'health: "/a b" {PATH}'),
    ("health upwards", site(health="/../x"), f'health: "/../x" {PATH}'),
    (
        "environment name with dash",
        site(environment={"LOG-LEVEL": "x"}),
        'environment.LOG-LEVEL: "LOG-LEVEL" is not an environment variable\'s name; '
        "write letters, digits and underscores, such as LOG_LEVEL",
    ),
    (
        "reserved environment name",
        site(environment={"PORTICO_SITE": "x"}),
        "environment.PORTICO_SITE: PORTICO_SITE is Portico's own name; write one without PORTICO_",
    ),
    ("environment value as number", site(environment={"DEBUG": 1}), f"environment.DEBUG: 1 {TEXT}"),
    ("environment as list", site(environment=["DEBUG"]), f"environment: a list {PAIRS}"),
    (
        "environment value with NUL",
        site(environment={"A": "\0"}),
        "environment.A: holds a NUL character; no environment variable can",
    ),
]

ROWS = [pytest.param(values, line, id=f"stack: {id}") for id, values, line in STACK] + [
    pytest.param(values, f"sites[0].{line}", id=f"site: {id}") for id, values, line in SITE
]
