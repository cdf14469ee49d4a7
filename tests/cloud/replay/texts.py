"""Which values AWS takes: characters, lengths, words to choose from, the most of a number and of a list.

botocore knows these from AWS's own description of each call, and of all of them checks the least alone. EC2's has no
patterns and no lengths: its are below, from the documentation of AuthorizeSecurityGroupIngress and
CreateSecurityGroup.
"""

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

from botocore.model import ListShape, MapShape, OperationModel, Shape, StructureShape

_GROUP_TEXT = r"[a-zA-Z0-9. _\-:/()#,@\[\]+=&;{}!$*]*"
# Parameters of EC2 by name, wherever they stand: the pattern, and the most characters.
_EC2 = {"Description": (_GROUP_TEXT, 255), "GroupDescription": (_GROUP_TEXT, 255), "GroupName": (_GROUP_TEXT, 255)}


class Refused(ValueError):
    """A value that AWS refuses."""


def refuse(params: dict[str, Any], model: OperationModel, **_: Any) -> None:
    """For botocore's event `before-parameter-build`. Raises Refused."""
    ec2 = model.service_model.service_name == "ec2"
    if model.input_shape and (found := list(_find(params, model.input_shape, "", ec2))):
        raise Refused(f"{model.name}: {'; '.join(found)}")


def _find(value: Any, shape: Shape, path: str, ec2: bool) -> Iterator[str]:
    if isinstance(shape, StructureShape) and isinstance(value, dict):
        for name, inner in value.items():
            if name in shape.members:
                yield from _find(inner, shape.members[name], f"{path}.{name}".lstrip("."), ec2)
    elif isinstance(shape, ListShape) and isinstance(value, list):
        yield from _bound(len(value), shape, f"{path} has {len(value)} members")
        for index, inner in enumerate(value):
            yield from _find(inner, shape.member, f"{path}[{index}]", ec2)
    elif isinstance(shape, MapShape) and isinstance(value, dict):
        yield from _bound(len(value), shape, f"{path} has {len(value)} members")
        for name, inner in value.items():
            yield from _find(name, shape.key, f"{path} key", ec2)
            yield from _find(inner, shape.value, f"{path}[{name}]", ec2)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield from _bound(value, shape, f"{path} is {value}")
    elif isinstance(value, str):
        words: list[str] = shape.metadata.get("enum") or []
        if words and value not in words:
            yield f"{path} is {value!r}, and AWS takes {', '.join(words[:9])}{'…' if words[9:] else ''}"
        pattern, most = shape.metadata.get("pattern", ""), shape.metadata.get("max")
        if ec2:
            pattern, most = _EC2.get(path.rpartition(".")[2], ("", None))
        if most is not None and len(value) > most:
            yield f"{path} has {len(value)} characters, and AWS takes {most}"
        if pattern and (known := _read(pattern)) and not known.fullmatch(value):
            yield f"{path} is {value!r}, and AWS takes {pattern}"


def _bound(amount: float, shape: Shape, said: str) -> Iterator[str]:
    most = shape.metadata.get("max")
    if most is not None and amount > most:
        yield f"{said}, and AWS takes {most}"


@cache
def _read(pattern: str) -> re.Pattern[str] | None:
    """None for one that only Java understands, such as those with \\p{L}, and for one that ends within its text."""
    try:
        return re.compile(pattern)
    except re.error:
        return None
