"""The templates of all files that Portico writes."""

from functools import cache
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from portico.config.render.bytecode import Bytecode

# Nothing is escaped for NGINX or Python: the settings' grammars are closed instead (config/settings/text.py).
_OPTIONS: Final[dict[str, Any]] = {"trim_blocks": True, "lstrip_blocks": True, "keep_trailing_newline": True}


@cache
def _load() -> Environment:
    folder = Path(__file__).parents[1] / "templates"
    bytecode = Bytecode(folder, _OPTIONS)
    return Environment(loader=FileSystemLoader(folder), undefined=StrictUndefined, bytecode_cache=bytecode, **_OPTIONS)


def render(template: str, **values: object) -> str:
    """The text that `template`, a path below config/templates/, makes of `values`; each that it names must be there."""
    return _load().get_template(template).render(**values)
