"""What a type of AWS looks like, read from the installed pulumi_aws: nobody writes its properties down twice."""

import functools
import importlib
import inspect
import sys
import warnings
from collections import abc
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import UnionType
from typing import Any, Self, Union, get_args, get_origin

from pulumi import _types
from pulumi.runtime import rpc

Value = Any  # plain data, as JSON knows it
UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"  # how the engine spells a value that only an update will tell
_PLAIN: dict[type, tuple[type, ...]] = {str: (str,), int: (int,), float: (int, float), bool: (bool,)}


@dataclass(frozen=True, kw_only=True)
class Shape:
    """`inputs` and `outputs` are properties and their Python types, `required` those that must be given."""

    inputs: Mapping[str, Any]
    outputs: Mapping[str, Any]
    required: frozenset[str]

    @classmethod
    @functools.cache
    def find(cls, token: str) -> Self:
        """The shape of `aws:ec2/vpc:Vpc`. A KeyError where pulumi_aws has no such type."""
        resource = _find_class(token)
        module, name = sys.modules[resource.__module__], resource.__name__
        # Where a nested object has the plain name, the resource's arguments have the other one.
        args = getattr(module, f"{name}InitArgs", None) or getattr(module, f"{name}Args")
        return cls(
            inputs=_types.input_type_types(args),
            outputs=_types.resource_types(resource),
            required=_list_required(args),
        )

    def find_mistakes(self, inputs: Mapping[str, Value]) -> Iterator[tuple[str, str]]:
        """Each property that AWS would not take, by its path, and why."""
        yield from _look_at_object("", inputs, self.inputs, self.required)


def _find_class(token: str) -> type:
    importlib.import_module("pulumi_aws")
    package, module, _ = token.split(":")
    for registered in rpc._RESOURCE_MODULES[f"{package}:{module}"]:
        known: dict[str, Any] = registered.mod_info  # type: ignore[attr-defined]
        with warnings.catch_warnings():
            # Some modules warn of old names of theirs as they are read.
            warnings.simplefilter("ignore", DeprecationWarning)
            found: type = getattr(importlib.import_module(known["fqn"]), known["classes"][token])
        return found
    raise KeyError(token)


def _list_required(args: type) -> frozenset[str]:
    names = _types.input_type_py_to_pulumi_names(args)
    parameters = inspect.signature(args.__init__).parameters  # type: ignore[misc]
    return frozenset(names[name] for name, one in parameters.items() if name in names and one.default is one.empty)


def _look_at_object(
    path: str, value: Mapping[str, Value], known: Mapping[str, Any], required: frozenset[str]
) -> Iterator[tuple[str, str]]:
    for name in sorted(required - value.keys()):
        yield f"{path}{name}", "is required and missing"
    for name, one in value.items():
        if name.startswith("__"):  # the engine's own
            continue
        if name not in known:
            yield f"{path}{name}", "is no such property of this type"
        else:
            yield from _look_at(f"{path}{name}", one, known[name])


def _look_at(path: str, value: Value, kind: Any) -> Iterator[tuple[str, str]]:
    """What is wrong with a value; where several types will do, with the one that fits best."""
    if value is None or value == UNKNOWN:
        return
    found = [list(_look_at_one(path, value, option)) for option in _list_options(kind)]
    yield from min(found, key=len, default=[])


def _look_at_one(path: str, value: Value, kind: Any) -> Iterator[tuple[str, str]]:
    if isinstance(kind, type) and _types.is_input_type(kind):
        if isinstance(value, dict):
            yield from _look_at_object(f"{path}.", value, _types.input_type_types(kind), _list_required(kind))
        else:
            yield path, f"must be an object, and is {value!r}"
    elif get_origin(kind) is abc.Sequence:
        if isinstance(value, list):
            for number, one in enumerate(value):
                yield from _look_at(f"{path}[{number}]", one, get_args(kind)[0])
        else:
            yield path, f"must be a list, and is {value!r}"
    elif get_origin(kind) is abc.Mapping:
        if isinstance(value, dict):
            for name, one in value.items():
                yield from _look_at(f"{path}.{name}", one, get_args(kind)[1])
        else:
            yield path, f"must be an object, and is {value!r}"
    elif not isinstance(value, _PLAIN[kind]) or (kind is not bool and isinstance(value, bool)):
        yield path, f"must be {kind.__name__}, and is {value!r}"


def _list_options(kind: Any) -> list[Any]:
    """The types that a value may have, without what is only the program's own: promises and typed dictionaries."""
    if get_origin(kind) in (Union, UnionType):
        return [one for option in get_args(kind) for one in _list_options(option)]
    known = kind in _PLAIN or (isinstance(kind, type) and _types.is_input_type(kind))
    return [kind] if known or get_origin(kind) in (abc.Sequence, abc.Mapping) else []
