"""Options that several commands have."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click
from click.shell_completion import CompletionItem

F = TypeVar("F", bound=Callable[..., Any])


def _list_stacks(context: click.Context, parameter: click.Parameter, begun: str) -> list[CompletionItem]:
    from portico.cli.project import find_root, list_stacks
    from portico.cli.refused import Refused

    try:
        return [CompletionItem(name) for name in list_stacks(find_root()) if name.startswith(begun)]
    except (Refused, OSError):
        return []


def _list_sites(context: click.Context, parameter: click.Parameter, begun: str) -> list[CompletionItem]:
    from portico.cli.project import find_root, read_config
    from portico.cli.refused import Refused

    try:
        sites = read_config(find_root(), str(context.params.get("stack") or "dev")).get("sites")
        names = [str(site.get("name")) for site in sites or () if isinstance(site, dict)]
        return [CompletionItem(name) for name in names if name.startswith(begun)]
    except (Refused, OSError, ValueError):
        return []


def stack_option(function: F) -> F:
    """`-s NAME`: the stack."""
    reported = "The stack: the settings are those of Pulumi.NAME.yaml."
    add = click.option(
        "-s", "--stack", metavar="NAME", default="dev", show_default=True, help=reported, shell_complete=_list_stacks
    )
    return add(function)


def site_option(function: F) -> F:
    """`--site NAME`: one site of the stack."""
    reported = "The site; the only one needs no name."
    return click.option("--site", metavar="NAME", default="", help=reported, shell_complete=_list_sites)(function)


def process_option(reported: str, default: str = "web") -> Callable[[F], F]:
    """`--process NAME`: one process of a site."""
    return click.option("--process", metavar="NAME", default=default, show_default=bool(default), help=reported)


def json_option(function: F) -> F:
    """`--json`: for scripts."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON, for scripts.")(function)


def yes_option(function: F) -> F:
    """`--yes`: nobody is asked."""
    return click.option("-y", "--yes", is_flag=True, help="Ask nothing.")(function)


def example(text: str) -> str:
    """The end of a command's help: what somebody would write."""
    return f"Example: {text}"


def spell_json(value: object) -> str:
    """JSON as every command prints it."""
    import json

    return json.dumps(value, indent=2, default=lambda one: str(one) if isinstance(one, Path) else vars(one))
