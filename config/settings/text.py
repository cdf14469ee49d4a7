"""Texts with a grammar: what may end up in a config file is closed, not escaped.

NGINX and Jinja2 escape nothing for one another, so no setting may hold a character that means
something to NGINX (`;`, `{`, `}`, `$`, quotes, a backslash, a line end, a space).
"""

import ast
import os
import re
from collections.abc import Callable
from ipaddress import ip_address, ip_network
from typing import Annotated

from pydantic import AfterValidator
from pydantic_core import PydanticCustomError

from portico.config.mistake import show_text
from portico.config.settings.check import Check


def grammar(kind: str, pattern: str, hint: str | Callable[[str], str]) -> Check:
    """Refuse a text that is not `kind`, which `pattern` describes whole; `hint` says what to write, of a text."""
    compiled = re.compile(pattern)

    def check(value: str) -> str:
        if not compiled.fullmatch(value):
            said = hint if isinstance(hint, str) else hint(value)
            raise PydanticCustomError(
                "grammar", "{value} is not {kind}; {hint}", {"value": show_text(value), "kind": kind, "hint": said}
            )
        return value

    return Check(check, {"pattern": f"^(?:{pattern})$"})


def _check_call(value: str) -> str:
    """As Gunicorn and Flask: what a factory is given are plain values."""
    call = value.partition(":")[2]
    try:
        tree = ast.parse(call, mode="eval").body
        given = [*tree.args, *(one.value for one in tree.keywords)] if isinstance(tree, ast.Call) else []
        for one in given:
            ast.literal_eval(one)
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        raise PydanticCustomError(
            "grammar",
            "{value} gives its factory something else than plain values; write texts in single quotes, numbers, True, "
            "False or None, or wrap it in wsgi.py: app = create_app(...)",
            {"value": show_text(value)},
        ) from None
    return value


SiteName = Annotated[
    str,
    grammar(
        "a site name",
        r"[a-z]([a-z0-9-]{0,30}[a-z0-9])?",
        "write 1 to 32 lower-case letters, digits and dashes, starting with a letter, such as shop",
    ),
]
ReleaseId = Annotated[
    str,
    grammar(
        "a release's id", r"[0-9a-f]{12}", "write 12 hexadecimal digits in quotes, as `portico releases` lists them"
    ),
]
Entry = Annotated[
    str,
    grammar(
        "a WSGI entry",
        r"(?=.{1,200}$)[A-Za-z_][A-Za-z0-9_-]*(\.[A-Za-z_][A-Za-z0-9_-]*)*:[A-Za-z_][A-Za-z0-9_]*"
        r"(\([A-Za-z0-9_ ,.='/:@+-]*\))?",
        "write package.module:app, or package.module:create_app() for a factory",
    ),
    AfterValidator(_check_call),
]
UrlPath = Annotated[
    str,
    grammar(
        "a path",
        r"(?!.*(//|\.\.|/\.(/|$)))/[A-Za-z0-9/_.~-]{0,200}",
        "write it from the root, of letters, digits and / _ . ~ -, such as /healthz",
    ),
]
UrlPrefix = Annotated[
    str,
    grammar(
        "the path of an application",
        # A load balancer of AWS takes 128 characters, and each depth has priorities of its own there.
        # No dot: by one NGINX knows which files are nobody's to see.
        r"/|(/[A-Za-z0-9][A-Za-z0-9_-]{0,29}){1,4}",
        "write it from the root and without a slash at its end, such as /shop: at most 4 names, each of at most 30 "
        "letters, digits, _ and -",
    ),
]
UrlFolder = Annotated[
    str,
    grammar(
        "a URL folder",
        r"(?!.*(//|\.\.|/\./))/[A-Za-z0-9/_.~-]{1,200}/",
        "write it with a slash at both ends, such as /static/",
    ),
]
Folder = Annotated[
    str,
    grammar(
        "a folder inside the source",
        r"(?!.*\.\.)[A-Za-z0-9_][A-Za-z0-9/_.-]{0,200}",
        "write it relative to the source folder, such as shop/static",
    ),
]
ImageName = Annotated[
    str,
    grammar(
        "a pinned image",
        r"[a-z0-9][a-z0-9./_:-]*(:(?=[^:@]*[0-9])[A-Za-z0-9_][A-Za-z0-9_.-]*|@sha256:[0-9a-f]{64})",
        "write a name with a version or a digest, such as nginx:1.30.6",
    ),
]
Variable = Annotated[
    str,
    grammar(
        "an environment variable's name",
        r"[A-Za-z_][A-Za-z0-9_]{0,127}",
        "write letters, digits and underscores, such as LOG_LEVEL",
    ),
]
HeaderValue = Annotated[
    str,
    grammar(
        "a header value",
        r"[A-Za-z0-9 '()*,./:;=_?&+@%#~-]{0,2000}",
        "write it without double quotes, backslashes, dollar signs, braces and line ends",
    ),
]
PolicyValue = Annotated[
    str,
    grammar(
        "a permissions policy",
        r"[A-Za-z0-9 \"()*,./:;=_?&+@%#~-]{0,2000}",
        "write it without single quotes, backslashes, dollar signs, braces and line ends",
    ),
]
RequestRate = Annotated[
    str,
    grammar("a rate", r"[1-9][0-9]{0,5}r/[sm]", "write requests a second or a minute, such as 10r/s or 30r/m"),
]
EngineAddress = Annotated[
    str,
    grammar(
        "the address of a Docker engine",
        r"(unix|tcp)://[A-Za-z0-9/._:-]+",
        "write one such as unix:///var/run/docker.sock",
    ),
]
NginxVersion = Annotated[str, grammar("a version of NGINX", r"1\.[0-9]{2}\.[0-9]{1,2}", "write one such as 1.30.6")]
GunicornVersion = Annotated[
    str,
    grammar(
        "a version of Gunicorn that is safe behind a proxy",
        r"(26\.[1-9]|2[7-9]\.|[3-9][0-9]\.)[0-9]{0,3}(\.[0-9]{1,3})?",
        "write 26.1.0 or newer, such as 27.0.1",
    ),
]
UserName = Annotated[
    str,
    grammar("a user name", r"[A-Za-z0-9_.@-]{1,64}", "write letters, digits and _ . @ -"),
]


def _check_address(value: str) -> str:
    try:
        if "%" in value:
            raise ValueError("an IPv6 zone is any text")
        return str(ip_address(value))
    except ValueError as error:
        raise PydanticCustomError(
            "address",
            '"{value}" is not an IP address; write 127.0.0.1 for this machine alone, 0.0.0.0 for everyone',
            {"value": value[:60]},
        ) from error


def _check_network(value: str) -> str:
    try:
        if "%" in value:
            raise ValueError("an IPv6 zone is any text")
        network = str(ip_network(value))
    except ValueError as error:
        raise PydanticCustomError(
            "network",
            '"{value}" is not a network; write its first address and length, such as 10.0.0.0/16',
            {"value": value[:60]},
        ) from error
    if network == "255.255.255.255/32":
        # NGINX reads it as a host name: for inet_addr() that address is the sign of a mistake.
        raise PydanticCustomError("network", "255.255.255.255 is nobody's address; write a network of yours")
    return network


def _check_value(value: str) -> str:
    if "\0" in value:
        raise PydanticCustomError("value", "holds a NUL character; no environment variable can")
    return value


def _check_length(value: str) -> str:
    # Linux looks up no longer path (PATH_MAX) and no longer name (NAME_MAX).
    too_long = len(value) > 2000 or any(len(os.fsencode(name)) > 255 for name in value.split("/"))
    if too_long:
        raise PydanticCustomError(
            "path",
            "{value} is longer than a path can be; write one of at most 2,000 letters, with names of at most 255 bytes",
            {"value": show_text(value)},
        )
    return value


_LIKE_ADDRESS = {"pattern": "^[0-9a-fA-F.:]+$", "anyOf": [{"format": "ipv4"}, {"format": "ipv6"}]}

Address = Annotated[str, Check(_check_address, _LIKE_ADDRESS)]
NetworkRange = Annotated[str, Check(_check_network, {"pattern": "^[0-9a-fA-F.:]+(/[0-9]{1,3})?$"})]
Value = Annotated[str, AfterValidator(_check_value)]
FilePath = Annotated[str, AfterValidator(_check_length)]
