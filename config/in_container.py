"""The scripts that run inside containers."""

from pathlib import Path

_FOLDER = Path(__file__).parent.parent / "components" / "in_container"


def read_script(*names: str) -> str:
    """The text of scripts from components/in_container/, joined: the same on every machine, whatever its locale."""
    return "".join((_FOLDER / name).read_text(encoding="utf-8") for name in names)
