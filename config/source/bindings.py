"""The names that a module binds when it is imported, and by what, found without running it."""

import ast
from collections.abc import Iterator
from typing import NamedTuple


class Binding(NamedTuple):
    """A name, and what binds it: the statement, or its own node in a loop, a pattern or the like."""

    name: str
    node: ast.AST


def list_bindings(body: list[ast.stmt]) -> Iterator[Binding]:
    """What a module binds at its top level, inside `if`, `try`, `with` and the like too, in the order of its text.

    A star import binds "*". Where something unbinds a name, such as `del` or the end of an `except`, that is there too.
    """
    for node in walk(body):
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                yield Binding(name, node)
            case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
                yield Binding(name, node)
            case ast.Import(names=aliases) | ast.ImportFrom(names=aliases):
                for alias in aliases:
                    yield Binding(alias.asname or alias.name.partition(".")[0], node)
            case ast.Name(id=name, ctx=ast.Store() | ast.Del()):
                yield Binding(name, node)
            case ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)) | ast.MatchMapping(rest=str(name)):
                yield Binding(name, node)
            case ast.ExceptHandler(name=str(name)):
                yield Binding(name, node)
            case _:
                pass


def walk(body: list[ast.stmt]) -> Iterator[ast.AST]:
    """All nodes that are run when the module is imported, each before its parts; a function and a class as a whole."""
    waiting: list[ast.AST] = list(reversed(body))  # the next one is the last
    while waiting:
        node = waiting.pop()
        yield node
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef() | ast.Lambda():
                continue
            case ast.ListComp() | ast.SetComp() | ast.DictComp() | ast.GeneratorExp():
                continue
            case ast.Assign(targets=[ast.Name()], value=value):
                waiting.append(value)
            case ast.AnnAssign(target=ast.Name(), value=value):
                waiting += [value] if value else []
            case _:
                waiting += [*ast.iter_child_nodes(node)][::-1]
