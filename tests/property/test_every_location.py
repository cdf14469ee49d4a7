"""Three things that no linter sees: headers that a client may not set, the keepalive race, and names resolved once."""

import re
from pathlib import Path
from typing import Any

import pytest

from portico.config.render.layout import READY
from portico.config.settings import Settings
from tests.config.nginx_file import Directive
from tests.property.pool import Tried, holds_for_stacks
from tests.property.reading import in_force, inherited, is_shared, listed, only, value, walk_with_parents
from tests.property.rendered import parse, render

# What an application or Gunicorn may believe about a request, and the only values it may be reported.
REPORTED = {
    "Host": {"$host$asked_port"},
    "X-Real-IP": {"$remote_addr"},
    "X-Forwarded-For": {"$remote_addr"},
    "X-Forwarded-Proto": {"$scheme", "$client_scheme"},
    "X-Forwarded-Host": {""},
    "X-Forwarded-Port": {""},
    "X-Forwarded-Prefix": {""},
    "X-Forwarded-Ssl": {""},
    "Forwarded": {""},
    "Proxy": {""},
    "X-Request-ID": {"$request_id"},
    "Connection": {"", "$connection_upgrade"},
}


def check_headers(chain: tuple[Directive, ...], settings: Settings) -> None:
    reported = {args[0]: args[1] for args in inherited("proxy_set_header", chain)}
    assert {name: text for name, text in REPORTED.items() if reported.get(name) not in text} == {}
    if reported["X-Forwarded-Proto"] == "$client_scheme":
        check_scheme(chain[1], settings)
    assert in_force("proxy_pass_request_headers", chain) in (None, "on")


def check_scheme(http: Directive, settings: Settings) -> None:
    """Proxies in front are believed about the scheme, and nobody else is."""
    assert settings.client
    (proxies,) = (block for block in http.block if block.name == "geo" and block.args[-1] == "$is_proxy")
    assert proxies.args == ("$realip_remote_addr", "$is_proxy")
    ranges = {inner.name: inner.args for inner in proxies.block}
    assert ranges == {"default": ("0",)} | {proxy: ("1",) for proxy in settings.client.proxies}
    (schemes,) = (block for block in http.block if block.name == "map" and block.args[-1] == "$client_scheme")
    assert schemes.args[0] == "$is_proxy:$http_x_forwarded_proto"
    chosen = {inner.name: inner.args for inner in schemes.block}
    assert chosen == {"default": ("$scheme",), "1:http": ("http",), "1:https": ("https",)}


def is_private(chain: tuple[Directive, ...]) -> bool:
    """Whether nobody but the machine itself, or a load balancer by itself, can ask this server."""
    return any(
        block.name == "server"
        and all(args[0].startswith("127.0.0.1:") or args[0] == str(READY) for args in listed(block, "listen"))
        for block in chain
    )


@holds_for_stacks()
def test_no_client_header_is_believed_anywhere(stack: Tried) -> None:
    for directive, chain in walk_with_parents(stack.main):
        if directive.name == "proxy_pass" and not is_private(chain):
            check_headers(chain, stack.rendered.settings)


@pytest.mark.parametrize("target", [{}, {"target": "ecs", "ecs": {"region": "eu-central-1"}}], ids=["vm", "ecs"])
def test_the_private_server_tells_applications_the_same(root: Path, target: dict[str, Any]) -> None:
    site = {"name": "a", "source": "plain", "entry": "web:app", "hosts": ["a.example"]}
    asked = [
        {args[0] for args in inherited("proxy_set_header", chain)}
        for directive, chain in walk_with_parents(parse(render({"sites": [site], **target}, root)))
        if directive.name == "proxy_pass" and is_private(chain)
    ]
    # A check is one request: its connection need not stay open.
    assert len(asked) == 1 + bool(target)
    assert all(reported >= {"Host", *REPORTED} - {"Connection"} for reported in asked)


@holds_for_stacks("container")
def test_every_name_is_resolved_again(stack: Tried) -> None:
    main = stack.main
    upstreams = {upstream.args[0]: upstream for upstream in main.find("upstream")}
    for upstream in upstreams.values():
        for server in listed(upstream, "server"):
            if not re.match(r"unix:/|[0-9.]+:[0-9]+$", server[0]):
                assert "resolve" in server and listed(upstream, "zone") and value(only(main, "http"), "resolver")
    for directive, chain in walk_with_parents(main):
        if directive.name == "proxy_pass":
            host = directive.args[0].removeprefix("http://").partition("/")[0]
            assert host in upstreams or (host.startswith("$") and in_force("resolver", chain))


@holds_for_stacks()
def test_answers_carry_the_same_headers_everywhere(stack: Tried) -> None:
    """A location with a header of its own loses those above, unless they are merged or repeated."""
    settings = stack.rendered.settings
    for directive, chain in walk_with_parents(stack.main):
        server = next((block for block in chain if block.name == "server"), None)
        if directive.name != "location" or server is None or is_private((*chain, directive)):
            continue
        # Who asks for no site's name gets no page.
        if any("default_server" in args for args in listed(server, "listen")):
            continue
        wanted = listed(find_own(server, (*chain, directive), settings), "add_header")
        sent = inherited("add_header", (*chain, directive))
        if sent != wanted and in_force("add_header_inherit", (*chain, directive)) == "merge":
            sent = [*wanted, *sent]
        assert wanted and set(wanted) <= set(sent)
        # Nor is one sent twice.
        assert len({args[0] for args in sent}) == len(sent)


def find_own(server: Directive, chain: tuple[Directive, ...], settings: Settings) -> Directive:
    """What has the headers of an answer: the place of a site on a shared host, or the server."""
    outer = next(block for block in chain if block.name == "location")
    for site in settings.sites:
        places = ((site.locate("/"),), (f"@{site.name}.application",))
        if listed(server, "server_name") == [site.hosts] and is_shared(settings, site) and outer.args in places:
            return outer
    return server


@holds_for_stacks()
def test_nothing_that_breeds_holes_is_written(stack: Tried) -> None:
    for directive, chain in walk_with_parents(stack.main):
        assert directive.name not in ("rewrite", "autoindex")
        assert directive.name != "proxy_redirect" or directive.args == ("off",)
        if directive.name == "if":
            # With nothing but a return in it, and outside of locations, it does what it says.
            unkept = bool(chain[-1].args) and ".unkept." in chain[-1].args[0]
            assert (chain[-1].name == "server" or unkept) and [one.name for one in directive.block] == ["return"]
            known = "with_body" if unkept else "lead_[a-z0-9_]+|forged"
            assert re.fullmatch(rf"\(?\$({known})\)?", directive.args[0]) and len(directive.args) == 1
        if directive.name == "try_files":
            # A file of the static folder or the application: no path is made of what the client says.
            assert directive.args[0] == "$uri" and re.fullmatch(r"@([a-z0-9-]+\.)?application", directive.args[1])
            assert len(directive.args) == 2
        if directive.name == "alias" and chain[-1].args[0] == "=":
            assert not chain[-1].args[1].endswith("/") and not directive.args[0].endswith("/")
        elif directive.name == "alias":
            # Without both slashes /media../ would be a way out of the folder.
            assert chain[-1].args[0] == "^~" and chain[-1].args[-1].endswith("/") and directive.args[0].endswith("/")
        # Of the maps that read a header by an expression, one takes digits alone, and the others say no more than yes.
        if directive.name == "map" and not re.fullmatch(
            r"\$(answer_too_long|asked_port|challenge|forged|not_for_\d+s)", directive.args[-1]
        ):
            assert not any(inner.name.startswith("~") for inner in directive.block)
        if directive.name == "location" and directive.args[0].startswith("~"):
            assert "(" not in re.sub(r"\(\?[:=]", "", directive.args[-1])
