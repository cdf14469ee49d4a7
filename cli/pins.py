"""The releases to which sites are pinned: portico:rollback in the stack's settings."""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from portico.cli.prepare import Place
from portico.cli.project import find_stack_file
from portico.cli.pulumi import ask, call

SETTING = "portico:rollback"
_QUOTED = re.compile(r'^(\s+[\w:.-]+: )"(.*?)"(.*)$')


def read_pins(stack: str) -> dict[str, str]:
    """The releases to which sites are pinned, by site."""
    done = call("config", "get", "--stack", stack, SETTING)
    pins = json.loads(done.stdout or "{}") if not done.returncode else {}
    return pins if isinstance(pins, dict) else {}


def pin(place: Place, site: str, release: str) -> Callable[[], None]:
    """Pin the site to that release, "" for none. What is returned takes that back. Raises Refused."""
    before = read_pins(place.stack).get(site, "")
    _write(place, site, release)
    return lambda: _write(place, site, before)


def _write(place: Place, site: str, release: str) -> None:
    stack = place.stack
    with _keep_as_written(find_stack_file(place.root, stack)):
        if release:
            # A text even where all 12 digits are decimal.
            ask("config", "set", "--stack", stack, "--path", "--type", "string", f"{SETTING}.{site}", release)
            return
        ask("config", "rm", "--stack", stack, "--path", f"{SETTING}.{site}")
        # The last one leaves an empty setting behind.
        if not read_pins(stack):
            call("config", "rm", "--stack", stack, SETTING)


@contextmanager
def _keep_as_written(file: Path) -> Iterator[None]:
    """Pulumi makes a text of each number and each `true` in a stack's file: these stay as their user wrote them."""
    before = set(file.read_text().splitlines())
    yield
    lines = file.read_text().splitlines(keepends=True)
    file.write_text("".join(_unquote(line, before) for line in lines))


def _unquote(line: str, before: set[str]) -> str:
    end = line[len(line.rstrip("\r\n")) :]
    found = _QUOTED.match(line.rstrip("\r\n"))
    return f"{plain}{end}" if found and (plain := "".join(found.groups())) in before else line
