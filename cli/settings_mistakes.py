"""All that is wrong in a stack's settings, where Pulumi itself stops at the first value of a wrong type."""

from pathlib import Path

from portico.config.checks import check_settings
from portico.config.mistake import Mistakes
from portico.config.stackfile import UnreadableStack, read_stack


def list_mistakes(root: Path, stack: str) -> str:
    """What the program would say of the settings, had Pulumi started it; "" where that is nothing."""
    try:
        check_settings(read_stack(root, stack), root)
    except (Mistakes, UnreadableStack) as error:
        return str(error)
    return ""
