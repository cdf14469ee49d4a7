"""The releases at which sites are held: portico:rollback in the stack's settings."""

import json
from collections.abc import Callable

from portico.cli.pulumi import ask, call

SETTING = "portico:rollback"


def read_pins(stack: str) -> dict[str, str]:
    """The releases at which sites are held, by site."""
    done = call("config", "get", "--stack", stack, SETTING)
    pins = json.loads(done.stdout or "{}") if not done.returncode else {}
    return pins if isinstance(pins, dict) else {}


def pin(stack: str, site: str, release: str) -> Callable[[], None]:
    """Hold the site at that release, "" for none. What is returned takes that back. Raises Refused."""
    before = read_pins(stack).get(site, "")
    _write(stack, site, release)
    return lambda: _write(stack, site, before)


def _write(stack: str, site: str, release: str) -> None:
    if release:
        # A text even where all 12 digits are decimal.
        ask("config", "set", "--stack", stack, "--path", "--type", "string", f"{SETTING}.{site}", release)
        return
    ask("config", "rm", "--stack", stack, "--path", f"{SETTING}.{site}")
    # The last one leaves an empty setting behind.
    if not read_pins(stack):
        call("config", "rm", "--stack", stack, SETTING)
