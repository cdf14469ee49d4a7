"""How messages spell a command: `make up ENV=prod` where make was called, else `portico up -s prod`."""

import os
import shlex

# The Makefile of a checkout sets it.
MADE = "PORTICO_MADE"
# What an option is called by make, where that is not its own name in capitals.
_MADE = {"stack": "ENV", "command": "CMD"}


def is_made() -> bool:
    """Whether the user called make."""
    return bool(os.environ.get(MADE))


def spell(name: str, stack: str = "", **options: str) -> str:
    """The command in one line, with these options."""
    reported = {**({"stack": stack} if stack else {}), **options}
    if is_made():
        return " ".join([f"make {name}", *(f"{spell_option(key)}{_quote(reported[key])}" for key in reported)])
    if "command" in reported:
        reported["command"] = f"-- {reported['command']}"
    words = (
        value if key == "command" else f"{spell_option(key)} {_quote(value)}".strip() for key, value in reported.items()
    )
    return " ".join([f"portico {name}", *words])


def spell_option(name: str) -> str:
    """What stands before the value of an option: `SITE=` for make, `--site` else."""
    if is_made():
        return f"{_MADE.get(name, name.upper())}="
    return {"stack": "-s"}.get(name, f"--{name}")


def assign(name: str, value: str) -> str:
    """An option with its value: `SITE=shop` for make, `--site shop` else."""
    option = spell_option(name)
    return f"{option}{'' if option.endswith('=') else ' '}{value}"


def _quote(value: str) -> str:
    return f'"{value}"' if " " in value else shlex.quote(value) if value else value
