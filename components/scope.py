"""Whose everything is that a program makes: each Portico of a user's own program has names and labels of its own."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

import pulumi

_NAME: ContextVar[str] = ContextVar("portico", default="")
_PARENT: ContextVar[pulumi.Resource | None] = ContextVar("parent", default=None)


@contextmanager
def scope(name: str, parent: pulumi.Resource) -> Iterator[None]:
    """What is made within belongs to the Portico of this name; outside, to the one that a whole stack is."""
    name_before, parent_before = _NAME.set(name), _PARENT.set(parent)
    try:
        yield
    finally:
        _NAME.reset(name_before)
        _PARENT.reset(parent_before)


def place(options: pulumi.ResourceOptions) -> pulumi.ResourceOptions:
    """These options, below the Portico that all of it belongs to."""
    return pulumi.ResourceOptions.merge(options, pulumi.ResourceOptions(parent=_PARENT.get()))


def name_scope() -> str:
    """The name of the Portico in a user's own program, "" where a whole stack is one."""
    return _NAME.get()


def name_owner() -> str:
    """The project, and the Portico in it where a program may have several: what labels and tags call a project."""
    name = _NAME.get()
    return f"{pulumi.get_project()}.{name}" if name else pulumi.get_project()


def name_resource(name: str) -> str:
    """The name of a resource, which no other Portico of the program has."""
    return f"{_NAME.get()}-{name}" if _NAME.get() else name
