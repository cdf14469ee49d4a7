"""The scripts that run inside containers."""

from pathlib import Path

_FOLDER = Path(__file__).parent.parent / "components" / "in_container"


def read_script(*names: str) -> str:
    """The text of scripts from components/in_container/, joined: the same on every machine, whatever its locale."""
    return "".join((_FOLDER / name).read_text(encoding="utf-8") for name in names)


def list_scripts(folder: str) -> list[str]:
    """The names of the scripts in a folder there."""
    return sorted(one.name for one in (_FOLDER / folder).iterdir() if one.suffix in (".py", ".sh"))
