"""Every text that the product can print, as templates: what is filled in at run time is written as …"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parent.parent
FOLDERS: Final = ("cli", "components", "config", "scripts/setup", "contrib/registry_only")
GAP: Final = "…"


def list_templates() -> Iterator[str]:
    """Those of all modules, scripts and templates."""
    for folder in FOLDERS:
        for file in sorted((ROOT / folder).rglob("*")):
            if file.suffix == ".py":
                yield from _read_module(file)
            elif file.suffix in (".sh", ".j2"):
                yield _read_script(file)


def _read_module(file: Path) -> Iterator[str]:
    tree = ast.parse(file.read_text())
    docstrings = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        if id(node) in docstrings:
            continue
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield fold(re.sub(r"\{\w*\}", GAP, node.value))
        if isinstance(node, ast.JoinedStr):
            yield fold("".join(str(one.value) if isinstance(one, ast.Constant) else GAP for one in node.values))


def _read_script(file: Path) -> str:
    text = re.sub(r"\\\n\s*", "", file.read_text())
    return fold(re.sub(r"\$\{[^}]*\}|\$\([^)]*\)|\\?\"?\\?\$\w+\\?\"?|\{\{.*?\}\}", GAP, text))


def fold(text: str) -> str:
    """On one line. Several gaps are one; a word in backticks is a gap, since Markdown has them for code."""
    return re.sub(rf"{GAP}+", GAP, re.sub(r"`[^`]*`", GAP, " ".join(text.split())))
