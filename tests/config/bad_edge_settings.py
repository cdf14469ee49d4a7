"""Bad settings of TLS, proxies, limits, routes, headers, weights and users, each with the line that refuses it."""

from typing import Any

from tests.config.sample import HASH, make_site, make_values

RATE = "is not a rate; write requests a second or a minute, such as 10r/s or 30r/m"
NETWORK = "is not a network; write its first address and length, such as 10.0.0.0/16"
HEADER = "is not a header value; write it without double quotes, backslashes, dollar signs, braces and line ends"
POLICY = "is not a permissions policy; write it without single quotes, backslashes, dollar signs, braces and line ends"
PATH = "is not a path; write it from the root, of letters, digits and / _ . ~ -, such as /healthz"
DURATION = "is not a duration; write a whole number and a unit (ms, s, m or h), such as 30s"
NOTHING = "disables the limit; use at least 1"
HOST = "is not a host name; write a lower-case name without scheme, port or path, such as"
USER = "is not a user name; write letters, digits and _ . @ -"
VERSION = "is not a version of NGINX; write one such as 1.30.6"
NOT_A_HASH = "what stands there is not a password's hash; write what `htpasswd -nB` prints after the colon"
WEIGHTS = "weights has 2 entries; write replicas: 2 beside it, or one weight a replica"
WHOLE = "does not fit; write a whole number, without quotes"
TRUTH = "does not fit; write true or false, without quotes"
PAIRS = "does not fit; write key: value pairs"
SECTION = "does not fit; write pairs, such as"
LIST = "does not fit; write a list: one entry a line, each after a dash"
LOCAL = {"localAuthority": True}
GUNICORN = "is not a version of Gunicorn that is safe behind a proxy; write 26.1.0 or newer, such as 27.0.1"


def site(**changes: Any) -> dict[str, Any]:
    return make_values(make_site(**changes))


def route(**changes: Any) -> dict[str, Any]:
    return site(routes=[{"path": "/a"} | changes])


def proxies(*ranges: Any, **changes: Any) -> dict[str, Any]:
    return make_values(client={"proxies": list(ranges)} | changes)


ROWS: list[tuple[dict[str, Any], str]] = [
    # presets, versions, the engine
    (make_values(preset="fast"), "preset: \"fast\" does not fit; write 'default', 'article' or 'strict'"),
    (make_values(preset=["article"]), "preset: a list does not fit; write 'default', 'article' or 'strict'"),
    (
        make_values(docker="ssh://a"),
        'docker: "ssh://a" is not the address of a Docker engine; write one such as unix:///var/run/docker.sock',
    ),
    (make_values(nginx={"version": "1.30"}), f'nginx.version: "1.30" {VERSION}'),
    (make_values(nginx={"version": "2.0.0"}), f'nginx.version: "2.0.0" {VERSION}'),
    (
        make_values(nginx={"version": 1.3}),
        "nginx.version: 1.3 does not fit; write a text, in quotes where it looks like a number",
    ),
    (
        make_values(nginxImage="nginx:mainline1"),
        'nginxImage: "nginx:mainline1" does not show the NGINX version; write a tag such as nginx:1.30.6',
    ),
    (site(gunicorn={"version": "20.1.0"}), f'sites[0].gunicorn.version: "20.1.0" {GUNICORN}'),
    (site(gunicorn={"version": "26.0.9"}), f'sites[0].gunicorn.version: "26.0.9" {GUNICORN}'),
    # NGINX itself
    (
        make_values(nginx={"logLevel": "loud"}),
        "nginx.logLevel: \"loud\" does not fit; write 'debug', 'info', 'notice', 'warn', 'error' or 'crit'",
    ),
    (make_values(nginx={"logFormat": "xml"}), "nginx.logFormat: \"xml\" does not fit; write 'main' or 'json'"),
    (
        make_values(nginx={"defaultType": "text/css"}),
        "nginx.defaultType: \"text/css\" does not fit; write 'application/octet-stream', 'text/html' or 'text/plain'",
    ),
    (make_values(nginx={"clientTimeout": 15}), f'nginx.clientTimeout: "15" {DURATION}'),
    (make_values(nginx={"clientTimeout": "0s"}), f'nginx.clientTimeout: "0s" {NOTHING}'),
    (make_values(nginx={"upstreamConnections": -1}), "nginx.upstreamConnections: -1 does not fit; write at least 0"),
    (make_values(nginx={"gzip": {"level": 10}}), "nginx.gzip.level: 10 does not fit; write at most 9"),
    (make_values(nginx={"gzip": {"types": "all"}}), "nginx.gzip.types: \"all\" does not fit; write 'text' or 'html'"),
    (make_values(nginx={"gzip": False}), f"nginx.gzip: false {SECTION} gzip: {{level: 5}}"),
    # TLS
    (
        make_values(make_site(certificate={"certificate": "a.crt", "key": "a.key"})),
        "sites[0].certificate: is not used without tls: the site would be plain HTTP; "
        "write tls: {} beside sites, or leave it out",
    ),
    (
        make_values(tls={}),
        "sites[0].certificate: is required for tls; write it, or tls.acme, or tls.localAuthority: true",
    ),
    (make_values(tls=True), f"tls: true {SECTION} tls: {{port: 8443}}"),
    (make_values(tls=LOCAL | {"port": 8080}), "tls.port: 8080 is the port of plain HTTP too; write another"),
    (make_values(tls=LOCAL | {"port": "8443"}), 'tls.port: "8443" does not fit; write 8443, without quotes'),
    (make_values(tls=LOCAL | {"port": 0}), "tls.port: 0 does not fit; write at least 1"),
    (
        make_values(tls=LOCAL | {"profile": "old"}),
        "tls.profile: \"old\" does not fit; write 'modern' or 'intermediate'",
    ),
    (make_values(tls=LOCAL | {"hsts": "yes"}), 'tls.hsts: "yes" does not fit; write true'),
    (
        make_values(tls=LOCAL | {"http3": True}, nginxImage="nginx:1.24.0"),
        "tls.http3: needs NGINX 1.25.0 or newer; write http3: false",
    ),
    (
        make_values(tls=LOCAL | {"http3": True}, nginx={"version": "1.22.1"}, nginxImage="nginx:1.22.1"),
        "tls.http3: needs NGINX 1.25.0 or newer; write http3: false",
    ),
    (site(certificate={"certificate": "a.crt"}), "sites[0].certificate.key: is required; write key: tls/shop.key"),
    (
        site(certificate={"key": "a.key"}),
        "sites[0].certificate.certificate: is required; write certificate: tls/shop.crt",
    ),
    (
        site(certificate="a.pem"),
        f'sites[0].certificate: "a.pem" {SECTION} certificate: {{certificate: tls/shop.crt, key: tls/shop.key}}',
    ),
    # proxies in front
    (proxies("10.0.0.1/8"), f'client.proxies[0]: "10.0.0.1/8" {NETWORK}'),
    (proxies("10.0.0.0/8", "lb.example"), f'client.proxies[1]: "lb.example" {NETWORK}'),
    (
        proxies("255.255.255.255/32"),
        "client.proxies[0]: 255.255.255.255 is nobody's address; write a network of yours",
    ),
    (proxies("10.0.0.0/33"), f'client.proxies[0]: "10.0.0.0/33" {NETWORK}'),
    (proxies("10.0.0.0/8;"), f'client.proxies[0]: "10.0.0.0/8;" {NETWORK}'),
    (
        proxies("0.0.0.0/0"),
        'client.proxies: "0.0.0.0/0" lets anybody claim any address; write the proxies\' own',
    ),
    (
        proxies("10.0.0.0/8", "::/0"),
        'client.proxies: "::/0" lets anybody claim any address; write the proxies\' own',
    ),
    (proxies("10.0.0.1", "10.0.0.1/32"), 'client.proxies: "10.0.0.1/32" is listed twice; write each network once'),
    (
        site(staticUrl="/portico-unavailable.html/"),
        'sites[0].staticUrl: "/portico-unavailable.html/" has the name of the error page; write another',
    ),
    (proxies(), "client.proxies: the list is empty; write at least one entry"),
    (make_values(client={"proxies": "10.0.0.0/8"}), f'client.proxies: "10.0.0.0/8" {LIST}'),
    (make_values(client={}), "client.proxies: is required; write proxies: [10.0.0.0/16]"),
    (
        proxies("10.0.0.0/8", header="Forwarded"),
        'client.header: "Forwarded" does not fit; '
        "write 'X-Forwarded-For', 'X-Real-IP', 'CF-Connecting-IP' or 'proxy_protocol'",
    ),
    # limits
    (site(limits={"rate": {"rate": "10"}}), f'sites[0].limits.rate.rate: "10" {RATE}'),
    (site(limits={"rate": {"rate": "0r/s"}}), f'sites[0].limits.rate.rate: "0r/s" {RATE}'),
    (site(limits={"rate": {"rate": "10r/h"}}), f'sites[0].limits.rate.rate: "10r/h" {RATE}'),
    (site(limits={"rate": {"rate": "10r/s burst=1"}}), f'sites[0].limits.rate.rate: "10r/s burst=1" {RATE}'),
    (site(limits={"rate": {"rate": "10r/s\n"}}), f'sites[0].limits.rate.rate: "10r/s\\n" {RATE}'),
    (site(limits={"rate": "10r/s"}), f'sites[0].limits.rate: "10r/s" {SECTION} rate: {{rate: 10r/s}}'),
    (site(limits={"rate": {}}), "sites[0].limits.rate.rate: is required; write rate: 10r/s"),
    (
        site(limits={"rate": {"rate": "1r/s", "burst": -1}}),
        "sites[0].limits.rate.burst: -1 does not fit; write at least 0",
    ),
    (site(limits={"rate": {"rate": "1r/s", "dryRun": 1}}), f"sites[0].limits.rate.dryRun: 1 {TRUTH}"),
    (
        site(limits={"rate": {"rate": "1r/s", "dry_run": True}}),
        "sites[0].limits.rate.dry_run: there is no such setting; did you mean dryRun?",
    ),
    (site(limits={"connections": -1}), "sites[0].limits.connections: -1 does not fit; write at least 0"),
    # headers
    (site(headers={"contentSecurityPolicy": 'a"b'}), f'sites[0].headers.contentSecurityPolicy: "a"b" {HEADER}'),
    (site(headers={"contentSecurityPolicy": "a\\"}), f'sites[0].headers.contentSecurityPolicy: "a\\" {HEADER}'),
    (site(headers={"contentSecurityPolicy": "$host"}), f'sites[0].headers.contentSecurityPolicy: "$host" {HEADER}'),
    (site(headers={"permissionsPolicy": "a\nb"}), f'sites[0].headers.permissionsPolicy: "a\\nb" {POLICY}'),
    (site(headers={"permissionsPolicy": "a{b}"}), f'sites[0].headers.permissionsPolicy: "a{{b}}" {POLICY}'),
    (site(headers={"permissionsPolicy": "a\r"}), f'sites[0].headers.permissionsPolicy: "a\\r" {POLICY}'),
    (
        site(headers={"frameOptions": "ALLOW"}),
        "sites[0].headers.frameOptions: \"ALLOW\" does not fit; write '', 'DENY' or 'SAMEORIGIN'",
    ),
    (
        site(users={}),
        "sites[0]: users is empty, so nobody would be asked for a password; write a name and its hash, or leave it out",
    ),
    (make_values(make_site() | {"source": None}), "sites[0].source: is empty; write source: ../shop"),
    (site(weights=[1]), "sites[0]: weights has 1 entry; write replicas: 1 beside it, or one weight a replica"),
    (site(headers={"nosniff": ""}), "sites[0].headers.nosniff: is empty; write true or false, without quotes"),
    (
        site(headers={"csp": "x"}),
        "sites[0].headers.csp: there is no such setting; the settings here are "
        "contentSecurityPolicy, referrerPolicy, permissionsPolicy, frameOptions, nosniff",
    ),
    # routes
    (site(routes=[{}]), "sites[0].routes[0].path: is required; write path: /events"),
    (site(routes=["/a"]), f'sites[0].routes[0]: "/a" {SECTION} - {{path: /events}}'),
    (site(routes={"/a": {}}), f"sites[0].routes: a group of settings {LIST}"),
    (route(path="a"), f'sites[0].routes[0].path: "a" {PATH}'),
    (route(path="/a;b"), f'sites[0].routes[0].path: "/a;b" {PATH}'),
    (route(path="/a//b"), f'sites[0].routes[0].path: "/a//b" {PATH}'),
    (
        site(routes=[{"path": "/a"}, {"path": "/b"}, {"path": "/a"}]),
        'sites[0].routes: "/a" is listed twice; write each path once',
    ),
    (
        route(cache="1s", stream=True),
        "sites[0].routes[0]: a stream cannot be cached; write cache, or stream or websocket",
    ),
    (
        route(cache="1s", websocket=True),
        "sites[0].routes[0]: a stream cannot be cached; write cache, or stream or websocket",
    ),
    (
        route(stream=True, websocket=True),
        "sites[0].routes[0]: write stream (server-sent events) or websocket, not both",
    ),
    (
        route(cache="1s", buffering=False),
        "sites[0].routes[0]: an answer that is not buffered cannot be cached; write cache, or buffering: false",
    ),
    (route(cache="0s"), f'sites[0].routes[0].cache: "0s" {NOTHING}'),
    (route(timeout="31s"), "sites[0]: the timeout of route /a is above gunicorn.timeout, 30s; raise that too"),
    (route(timeout="0s"), f'sites[0].routes[0].timeout: "0s" {NOTHING}'),
    (route(body="0M"), f'sites[0].routes[0].body: "0M" {NOTHING}'),
    (route(rate={"rate": "x"}), f'sites[0].routes[0].rate.rate: "x" {RATE}'),
    # weights and balance
    (site(weights=[1, 2]), f"sites[0]: {WEIGHTS}"),
    (site(weights=[1, 2], replicas=3), f"sites[0]: {WEIGHTS}"),
    (make_values(make_site(weights=[1, 2]), replicas=2), f"sites[0]: {WEIGHTS}"),
    (site(weights=[0], replicas=1), "sites[0].weights[0]: 0 does not fit; write at least 1"),
    (site(weights=[101], replicas=1), "sites[0].weights[0]: 101 does not fit; write at most 100"),
    (
        site(balance="fair"),
        "sites[0].balance: \"fair\" does not fit; write 'round_robin', 'least_conn', 'ip_hash' or 'random'",
    ),
    # users, aliases
    (site(users={"ann": "hunter2"}), f"sites[0].users.ann: {NOT_A_HASH}"),
    (site(users={"ann": HASH + "\nbob:x"}), f"sites[0].users.ann: {NOT_A_HASH}"),
    (site(users={"ann": HASH + ":"}), f"sites[0].users.ann: {NOT_A_HASH}"),
    (site(users={"ann:bob": HASH}), f'sites[0].users.ann:bob: "ann:bob" {USER}'),
    (site(users={"": HASH}), f'sites[0].users.: "" {USER}'),
    (site(users=["ann"]), f"sites[0].users: a list {PAIRS}"),
    (site(aliases=["www.shop.example/"]), f'sites[0].aliases[0]: "www.shop.example/" {HOST} www.shop.example'),
    (site(aliases="www.shop.example"), f'sites[0].aliases: "www.shop.example" {LIST}'),
    (site(maintenance="soon"), f'sites[0].maintenance: "soon" {TRUTH}'),
]
