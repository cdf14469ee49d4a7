"""What is wrong with the settings, said to the person who wrote them."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ValidationError

from portico.config.odd_letters import tell_odd
from portico.config.printable import spell_printable
from portico.config.unknown_setting import find_model, spell_pairs, suggest

# What to write instead, by the type of pydantic's error. Our own types say it themselves.
_HINTS = {
    "string_type": "write a text, in quotes where it looks like a number",
    "int_type": "write a whole number, without quotes",
    "int_parsing": "write a whole number",
    "int_from_float": "write a whole number",
    "float_type": "write a number, without quotes",
    "bool_type": "write true or false, without quotes",
    "tuple_type": "write a list: one entry a line, each after a dash",
    "list_type": "write a list: one entry a line, each after a dash",
    "dict_type": "write key: value pairs",
    "model_type": "write key: value pairs",
    "missing": "is required",
}
# What other readers of YAML take for a truth value.
_TRUTHS = {"true": ("true", "yes", "on", "y", "1"), "false": ("false", "no", "off", "n", "0")}


@dataclass(frozen=True, order=True)
class Mistake:
    """One wrong setting: its path as in the stack file, and what to write instead."""

    path: str
    text: str

    def __post_init__(self) -> None:
        """Spell it on one printable line of a bounded length, whatever the value that it repeats holds."""
        for name, most in (("path", 300), ("text", 600)):
            value: str = getattr(self, name)
            plain = value if value.isprintable() else spell_printable(value[:most])
            if plain != value or len(plain) > most:
                object.__setattr__(self, name, plain if len(plain) <= most else f"{plain[: most - 1]}…")

    def __str__(self) -> str:
        return f"{self.path}: {self.text}" if self.path else self.text


class Mistakes(Exception):
    """Every mistake found in the settings, reported together."""

    def __init__(self, mistakes: Iterable[Mistake]) -> None:
        self.all = tuple(dict.fromkeys(mistakes))
        count = "1 mistake" if len(self.all) == 1 else f"{len(self.all)} mistakes"
        lines = "\n".join(f"  {mistake}" for mistake in self.all)
        super().__init__(f"{count} in the settings; nothing was changed.\n{lines}")


def join_path(loc: Iterable[str | int]) -> str:
    """Spell a place in the settings as the stack file would: `sites[0].hosts[1]`."""
    path = ""
    for part in loc:
        path += f"[{part}]" if isinstance(part, int) else f".{part}" if path else part
    return path


def list_mistakes(model: type[BaseModel], error: ValidationError) -> list[Mistake]:
    """Turn pydantic's errors about `model` into sentences for people."""
    return [_explain(model, dict(line)) for line in error.errors(include_url=False)]


def _explain(model: type[BaseModel], line: Mapping[str, Any]) -> Mistake:
    loc, kind, value = line["loc"], line["type"], line["input"]
    path = join_path(part for part in loc if part != "[key]")
    if kind == "extra_forbidden":
        odd = tell_odd(str(loc[-1]))
        return Mistake(path, f"there is no such setting; {odd or suggest(model, loc)}")
    if kind == "missing":
        return Mistake(path, f"is required; write {_example_at(model, loc)}")
    if is_off(value) and kind not in ("bool_type", "string_type", "never") and _may_lack(model, loc):
        return Mistake(path, f"{_show(value)} does not fit; leave {path.rpartition('.')[2]} out")
    if kind in _HINTS:
        hint = _correct(kind, value) or _point_out(model, loc, kind, value) or _HINTS[kind]
        if (
            value in (None, "")
            and not isinstance(loc[-1], int)
            and not (example := _example_at(model, loc)).endswith("...")
        ):
            hint = f"write {example}"
        return Mistake(path, f"is empty; {hint}" if value in (None, "") else f"{_show(value)} does not fit; {hint}")
    if kind in ("greater_than_equal", "less_than_equal", "too_short", "too_long", "literal_error", "enum"):
        message = line["msg"].removeprefix("Input should be ").removeprefix("Value should ")
        message = message.replace("greater than or equal to", "at least").replace("less than or equal to", "at most")
        return Mistake(path, f"{_show(value)} does not fit; write {message}")
    return Mistake(path, line["msg"] + _tell_further(line["msg"], value))


# What a shell would put something else into, where a path or a folder is asked for.
_UNEXPANDED = re.compile(r"^~(/|$)|(^|/)\$(\{[A-Z_]|[A-Z_]+(/|$))")


def _tell_further(said: str, value: object) -> str:
    """Why a text that does not fit may look as if it did; "" where it does not."""
    if not isinstance(value, str):
        return ""
    if odd := tell_odd(value):
        return f"; {odd}"
    if re.search(r"\b(path|folder)\b", said) and _UNEXPANDED.search(value):
        return "; nothing puts a home for ~ or a value for a variable here, so write the text itself"
    return ""


def is_off(value: object) -> bool:
    """Whether a value says that something is not wanted, as in `cache: no`."""
    return value is False or (isinstance(value, str) and value.strip().lower() in ("no", "off", "none", "false"))


def _may_lack(model: type[BaseModel], loc: Iterable[str | int]) -> bool:
    """Whether the setting at `loc` is one of which there is none where it is not said."""
    *above, key = loc
    fields = find_model(model, above).model_fields
    return any(key in (name, field.alias) and field.default in (None, ()) for name, field in fields.items())


def _correct(kind: str, value: object) -> str:
    """What to write where it is plain what was meant; "" elsewhere.

    Pulumi reads YAML 1.2, where `yes` is a text and `true` is none: other programs read both the other way round.
    """
    if kind == "bool_type" and isinstance(value, str):
        word = next((truth for truth, words in _TRUTHS.items() if value.strip().lower() in words), "")
        return f"write {word}{', without quotes' if word == value.lower() else ''}" if word else ""
    if kind == "int_type" and isinstance(value, str):
        return f"write {int(value)}, without quotes" if re.fullmatch("[0-9]{1,9}", value) else "write a whole number"
    if kind == "string_type" and isinstance(value, bool):
        return f'write a text, and "{str(value).lower()}" in quotes where that word is meant'
    return ""


def _point_out(model: type[BaseModel], loc: tuple[str | int, ...], kind: str, value: object) -> str:
    """What a section looks like, or where a number belongs; "" elsewhere."""
    if kind == "model_type":
        entry = isinstance(loc[-1], int)
        asked = find_model(model, loc)
        pairs = f"pairs, such as {'- ' if entry else f'{loc[-1]}: '}{spell_pairs(asked)}"
        if value in (None, "") and not entry and not any(one.is_required() for one in asked.model_fields.values()):
            return f"write {loc[-1]}: {{}} for what is usual, or {pairs}"
        return f"write {pairs}"
    if kind == "tuple_type" and loc[-1] == "workers" and type(value) is int:
        return f"{_HINTS[kind]}; Gunicorn's own processes are gunicorn.workers"
    return ""


def show_text(value: object) -> str:
    """Spell a wrong value on one line, in quotes: what was written, at most 60 characters of it."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        # As it was written.
        return str(value).lower()
    return f'"{spell_printable(str(value)[:60])}"'


def _show(value: Any) -> str:
    if isinstance(value, str) or value is None:
        return show_text(value)
    if isinstance(value, Mapping | list | tuple):
        return "a list" if isinstance(value, list | tuple) else "a group of settings"
    return str(value).lower() if isinstance(value, bool) else str(value)[:60]


def _example_at(model: type[BaseModel], loc: tuple[str | int, ...]) -> str:
    owner = find_model(model, loc[:-1])
    for name, field in owner.model_fields.items():
        if loc[-1] in (name, field.alias) and field.examples:
            return f"{loc[-1]}: {field.examples[0]}"
    return f"{loc[-1]}: ..."
