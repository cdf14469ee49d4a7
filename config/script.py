"""The scripts that run inside containers."""

from pathlib import Path

_FOLDER = Path(__file__).parent.parent / "components" / "scripts"


def read_script(name: str) -> str:
    """The text of a script from components/scripts/: the same on every machine, whatever its locale."""
    return (_FOLDER / name).read_text(encoding="utf-8")
