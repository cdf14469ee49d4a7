"""The templates of all files that Portico writes."""

from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined


@cache
def _load() -> Environment:
    # Nothing is escaped for NGINX or Python: the settings' grammars are closed instead (config/settings/text.py).
    return Environment(
        loader=FileSystemLoader(Path(__file__).parents[1] / "templates"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


def render(template: str, **values: object) -> str:
    """The text that `template`, a path below config/templates/, makes of `values`; each that it names must be there."""
    return _load().get_template(template).render(**values)
