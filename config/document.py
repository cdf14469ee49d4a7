"""YAML files as Pulumi's command line reads them, and only those that cost little: a few lines can mean gigabytes."""

import math
import re
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import yaml

from portico.config.invalid_yaml import explain_yaml
from portico.config.printable import spell_printable
from portico.config.repeated_key import RepeatedKey, UniqueLoader

# Beyond these a file is refused. An anchor counts wherever it is named: nine lines can mean a thousand million values.
MOST_BYTES: Final = 1 << 20
MOST_MEANT: Final = 4 << 20
DEEPEST: Final = 50
_DIGITS: Final = 100
# What each value counts beside its own text.
_VALUE: Final = 16
# What JSON has. Pulumi hands settings over as JSON.
_KINDS: Final = ("null", "bool", "int", "float", "str", "seq", "map")


class UnreadableDocument(Exception):
    """A file that is no YAML, or too much of it; the message is one printable line, and says where."""


class _TooMuch(yaml.YAMLError):
    """Says where, and what is too much."""


class _Bounded(yaml.parser.Parser, yaml.composer.Composer):
    """Counts what the values of a document mean, each as often as an anchor repeats it."""

    def compose_document(self) -> yaml.Node | None:
        """Raises _TooMuch."""
        self._depth = 0
        self._meant: dict[int, tuple[int, int]] = {}
        return super().compose_document()

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        """Raises _TooMuch before anything is made of it."""
        event = self.peek_event()  # type: ignore[no-untyped-call]
        line = event.start_mark.line + 1
        self._depth += 1
        if self._depth > DEEPEST:
            raise _TooMuch(f"line {line}: it is nested more than {DEEPEST} deep; use fewer levels")
        node = super().compose_node(parent, index)
        self._depth -= 1
        if node is None or id(node) in self._meant:
            return node
        if isinstance(event, yaml.AliasEvent):
            raise _TooMuch(
                f"line {line}: *{event.anchor} is inside the value that it names; write the values themselves"
            )
        size, depth = _VALUE, 0
        if isinstance(node, yaml.ScalarNode):
            size += len(node.value)
        else:
            pairs = isinstance(node, yaml.MappingNode)
            inner = [one for pair in node.value for one in pair] if pairs else node.value
            size += sum(self._meant[id(one)][0] for one in inner)
            depth = 1 + max((self._meant[id(one)][1] for one in inner), default=0)
        if size > MOST_MEANT:
            raise _TooMuch(f"line {line}: it is too long once its anchors are expanded; use fewer of them")
        if depth > DEEPEST:
            raise _TooMuch(f"line {line}: its anchors nest more than {DEEPEST} deep; write the values themselves")
        self._meant[id(node)] = (size, depth)
        return node


class _Loader(_Bounded, UniqueLoader):
    """YAML as Pulumi reads it: `yes`, `on` and `12:30` are texts, as in YAML 1.2."""

    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012
    yaml_constructors = {  # noqa: RUF012
        tag: made
        for tag, made in yaml.SafeLoader.yaml_constructors.items()
        if tag is None or tag.rpartition(":")[2] in _KINDS
    }


class _Texts(_Bounded, yaml.BaseLoader):
    """The same with every value as the text that was written."""


class _Ambiguous(yaml.YAMLError):
    """A value that Pulumi hands on as something else than was written."""


# What Pulumi's reader takes for a moment: 2026-01-01 would be "2026-01-01 00:00:00 +0000 UTC".
_MOMENT = re.compile(r"\d{4}-\d{1,2}-\d{1,2}([Tt ]\d{1,2}:\d{1,2}:\d{1,2}(\.\d{1,9})?(Z|[-+]\d{2}:\d{2})?)?$", re.ASCII)


def _refuse_moment(loader: yaml.SafeLoader, node: yaml.Node) -> None:
    line = node.start_mark.line + 1
    raise _Ambiguous(f"line {line}: {node.value} is a date in YAML and would be read in another form; put it in quotes")


_TRUTHS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile("|".join(f"{word}$" for word in _TRUTHS)), None)
_Loader.add_implicit_resolver("tag:yaml.org,2002:null", re.compile(r"(~|null|Null|NULL|)$"), None)
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:int", re.compile(r"[-+]?(0b[01_]+|0o?[0-7_]*|[1-9][0-9_]*|0x[0-9a-fA-F_]+)$"), None
)
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float", re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$"), None
)
_Loader.add_implicit_resolver("tag:yaml.org,2002:timestamp", _MOMENT, None)
_Loader.add_implicit_resolver("tag:yaml.org,2002:merge", re.compile(r"<<$"), None)
_Loader.add_constructor("tag:yaml.org,2002:bool", lambda loader, node: _TRUTHS[str(node.value)])
_Loader.add_constructor("tag:yaml.org,2002:timestamp", _refuse_moment)
_Loader.add_constructor("tag:yaml.org,2002:float", lambda loader, node: _read_float(str(node.value)))
_Loader.add_constructor("tag:yaml.org,2002:int", lambda loader, node: _read_int(str(node.value)))


def read_document(file: Path, *, texts: bool = False) -> dict[str, Any]:
    """The mapping in a file, {} where it holds another thing; with `texts` its values are those that were written.

    Nobody may change it. Raises UnreadableDocument, and OSError where the file cannot be read.
    """
    with file.open("rb") as opened:
        content = opened.read(MOST_BYTES + 1)
    try:
        return _load(content, _Texts if texts else _Loader)
    except (RepeatedKey, _Ambiguous) as error:
        raise UnreadableDocument(f"{file.name}, {spell(str(error))}") from None
    except (RecursionError, yaml.YAMLError, ValueError, KeyError) as error:
        # Of a value that is none of its kind, Python's own words tell which.
        said = "it is nested too deeply" if isinstance(error, RecursionError) else spell(_tell(error, content))
        raise UnreadableDocument(f"{file.name} is not valid YAML: {said}") from None


def take_config(file: Path, *, texts: bool = False) -> dict[str, Any]:
    """The `config` section of such a file, {} where there is none. Raises as `read_document`."""
    config = read_document(file, texts=texts).get("config")
    if config in (None, ""):
        return {}
    if not isinstance(config, dict):
        raise UnreadableDocument(f"{file.name}: config holds no settings; write each on a line as portico:name: value")
    return config


def spell(text: str) -> str:
    """A text so that it can be printed on one line, at most 400 characters of it."""
    plain = spell_printable(text[:400])
    return f"{plain[:400]}…" if len(text) > 400 or len(plain) > 400 else plain


@lru_cache(maxsize=8)
def _load(content: bytes, loader: type[_Loader] | type[_Texts]) -> dict[str, Any]:
    if len(content) > MOST_BYTES:
        raise _TooMuch(f"it is longer than {MOST_BYTES >> 20} MB; remove what is not a setting")
    found = yaml.load(content.decode("utf-8"), loader)
    return found if isinstance(found, dict) else {}


def _tell(error: Exception, content: bytes) -> str:
    if isinstance(error, UnicodeDecodeError):
        line = error.object.count(b"\n", 0, error.start) + 1
        return f"line {line}: byte 0x{error.object[error.start]:02x} is not UTF-8; save the file as UTF-8"
    return explain_yaml(content.decode("utf-8", "replace"), error)


def _read_int(text: str) -> int:
    if len(text) > _DIGITS:
        raise ValueError(f"{text[:20]}… is a number of more than {_DIGITS} digits")
    digits = text.replace("_", "")
    octal = re.fullmatch(r"([-+]?)0([0-7]+)", digits)
    return int(f"{octal[1]}{octal[2]}", 8) if octal else int(digits, 0)


def _read_float(text: str) -> float:
    if not math.isfinite(number := float(text)):
        raise ValueError(f"{text[:20]} is too large for a number")
    return number
