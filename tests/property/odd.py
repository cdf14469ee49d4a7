"""Random stack files and project files that nobody meant: too long, too deep, of another kind, or not printable."""

import json
from typing import Any, Final

from hypothesis import strategies as st

Strategy = st.SearchStrategy[Any]

SITE: Final = {"name": "s", "source": "plain", "entry": "web:app", "hosts": ["a.example"]}
# What a terminal or a file of lines would take for something else, and what is no text at all.
_CHARACTERS = (
    "\n",
    "\r",
    "\x1b[31m",
    "\x85",
    "\u2028",
    "\u202e",
    "\0",
    "\x7f",
    "`id`",
    "$(id)",
    "é",
    '"',
    "\\",
    "\ud800",
)


def texts() -> Strategy:
    """Short ones with odd characters, and one piece many times."""
    short = st.lists(st.sampled_from(_CHARACTERS) | st.text("ab /.:", max_size=4), max_size=5).map("".join)
    return short | st.builds(lambda piece, count: piece * count, st.sampled_from(["a", "a.", "/", "1", " "]), _COUNTS)


_COUNTS = st.sampled_from([0, 1, 60, 400, 5000])


def _nest(depth: int, key: str | None) -> Any:
    found: Any = 1
    for _ in range(depth):
        found = [found] if key is None else {key: found}
    return found


def odd_values() -> Strategy:
    """Values of any kind, in the place of a setting's own."""
    return st.one_of(
        texts(),
        st.sampled_from([None, True, -1, 0, 10**30, 1.5, [], {}, [[]], {"": {}}]),
        st.builds(_nest, st.sampled_from([1, 20, 45]), st.sampled_from([None, "a", "secure"])),
        st.lists(texts(), max_size=3),
        st.dictionaries(texts(), texts(), max_size=2),
    )


_SETTINGS = (
    *(
        "port",
        "address",
        "target",
        "upstream",
        "nginx",
        "tls",
        "client",
        "secrets",
        "rollback",
        "caBundle",
        "nginxImage",
    ),
    *("preset", "replicas", "aws", "ecs", "ssh", "eabKey", "sites", "nobody"),
)
_OF_SITE = (
    *("name", "source", "entry", "hosts", "static", "staticUrl", "routes", "environment", "users", "data", "workers"),
    *(
        "schedule",
        "release",
        "headers",
        "limits",
        "gunicorn",
        "path",
        "aliases",
        "body",
        "health",
        "publish",
        "weights",
    ),
    *("certificate", "secretsAs", "requirements", "context", "extras", "packages", "nobody"),
)
# YAML that is no JSON: anchors, tags, numbers, and what is no YAML.
_PIECES = (
    *("!!binary AAAA", "!!set {a}", "!!timestamp x", "!!python/object:os.system x", "!!int x", "!!omap [a: 1]"),
    *(
        "&a [*a]",
        "*none",
        "0x" + "f" * 5000,
        "1" * 5000,
        "1e999",
        "0o",
        ".nan",
        "{<<: 1}",
        "{[a]: b}",
        "? x",
        "a: b: c",
    ),
    *(
        "[" * 3000,
        "{a: " * 200,
        "'" + "[" * 5000 + "'",
        "'" + "1" * 5000 + "'",
        "'NaN'",
        "'{\"a\": 1e999}'",
        '"\\ud800"',
    ),
    *(
        "a: b: c",
        "{a: " * 200,
        "%",
        "@",
        "`id`",
        "\t",
        "\x01",
        "--- a",
        "x" * 3000,
        "!!map 5",
        "!!seq {}",
        "!!null x",
        "'\"\\ud800\"'",
    ),
)


def _bomb(width: int, depth: int) -> str:
    lines = ["  x:a0: &a0 [" + ",".join(["lol"] * width) + "]"]
    for one in range(1, depth):
        lines.append(f"  x:a{one}: &a{one} [{','.join([f'*a{one - 1}'] * width)}]")
    return "\n".join(lines) + f"\n  portico:sites: *a{depth - 1}\n"


def stack_files() -> Strategy:
    """Stack files as bytes."""
    changed = st.dictionaries(st.sampled_from(_OF_SITE), odd_values(), max_size=3).map(
        lambda changes: {"portico:sites": [SITE | changes]}
    )
    besides = st.dictionaries(st.sampled_from(_SETTINGS).map("portico:{}".format), odd_values(), max_size=3)
    whole = st.builds(lambda one, other: json.dumps({"config": {**one, **other}}), changed, besides)
    pieces = st.builds(
        lambda key, piece: f"config:\n  portico:sites:\n    - {json.dumps(SITE)}\n  portico:{key}: {piece}\n",
        st.sampled_from(_SETTINGS),
        st.sampled_from(_PIECES),
    )
    inside = st.builds(
        lambda key, piece: f"config:\n  portico:sites:\n    - {{name: s, source: plain, {key}: {piece}}}\n",
        st.sampled_from(_OF_SITE),
        st.sampled_from(_PIECES),
    )
    bombs = st.builds(_bomb, st.integers(2, 12), st.integers(2, 60)).map("config:\n{}".format)
    written = (whole | pieces | inside | bombs).map(lambda text: text.encode("utf-8", "surrogatepass"))
    cut = st.builds(
        lambda content, at, other: content[: at % (len(content) + 1)] + other,
        written,
        st.integers(0, 300),
        st.binary(max_size=4),
    )
    return written | cut


# Pieces of each file's own language, of which one is said many times.
_LANGUAGE: Final = {
    "requirements.txt": (
        "flask\n",
        " ",
        "(",
        "-r requirements.txt\n",
        "-e .",
        "\\\n",
        "#",
        "[",
        "${A}",
        "'",
        "==1",
        ";",
    ),
    "pyproject.toml": (
        "a.",
        "[",
        "x = 1\n",
        "'",
        '"""',
        "{a=",
        "1",
        "[project]\n",
        "dependencies = 5\n",
        "name = []\n",
    ),
    "uv.lock": (
        "package = 5\n",
        "[[package]]\n",
        "name = 'a'\n",
        "source = 5\n",
        "version = 1\n",
        "dependencies = 5\n",
    ),
    "poetry.lock": ("package = [5]\n", "[[package]]\n", "files = 5\n", "name = 5\n", "[metadata]\n", "a = 1\n"),
    "pdm.lock": ("package = 5\n", "metadata = 5\n", "[[package]]\n", "[metadata]\n", "name = 5\n"),
    "pylock.toml": ("packages = [5]\n", "[[packages]]\n", "lock-version = '1.0'\n", "wheels = 5\n", "name = 'a'\n"),
    "Pipfile.lock": ("[", '{"default": ', '{"_meta": 5, "default": {"x": 5}}', "1", "{}", "]", "}"),
    "Dockerfile": ("FROM a\n", "CMD [", "ENTRYPOINT ", "<<A ", "\\\n", "1", "VOLUME '\n", "# escape=`\n", "ENV a "),
    ".dockerignore": ("*", "**/", "?", "a", "[a-z]", "!", "\\", "/", "\n", "*a", "**a"),
    "gunicorn.conf.py": ("workers = ", "(", "1", "0x", "f", "+1", "\n", "'\x1b'"),
    "web.py": ("app = ", "(", "1,", "[", "0x", "f", "-", "\n", "from . import a\n", "x.", "\0"),
    ".python-version": ("3.", "1", "x", "\x1b[31m"),
    "setup.cfg": ("[options]\n", "install_requires = %(a)s\n", "[", "%"),
}


def project_files() -> Strategy:
    """A file of a project: its name, and its content as bytes."""
    return st.sampled_from(sorted(_LANGUAGE)).flatmap(
        lambda name: st.tuples(
            st.just(name),
            st.lists(
                st.builds(lambda piece, count: piece * count, st.sampled_from(_LANGUAGE[name]), _COUNTS), max_size=5
            ).map(lambda parts: "".join(parts).encode())
            | st.binary(max_size=20),
        )
    )
