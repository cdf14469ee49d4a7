"""The scripts that run inside containers."""

from pathlib import Path

_FOLDER = Path(__file__).parent.parent / "components" / "in_container"


def read_script(name: str) -> str:
    """The text of a script from components/in_container/: the same on every machine, whatever its locale."""
    return (_FOLDER / name).read_text(encoding="utf-8")
