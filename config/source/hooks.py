"""A gunicorn.conf.py of the application's own: its hooks run beside Portico's, its settings where Portico has none."""

import ast
from typing import Any, Final, get_args

from portico.config.settings.gunicorn import Gunicorn
from portico.config.source.place import Place
from portico.config.source.text import read_text

NAME: Final = "gunicorn.conf.py"
# Gunicorn's settings that Portico has a setting for: what is written there must be what is set.
_SET: Final = {
    "workers": "workers",
    "threads": "threads",
    "timeout": "timeout",
    "worker_class": "workerClass",
    "preload_app": "preload",
}


def check_hooks(place: Place, gunicorn: Gunicorn) -> bool:
    """Whether the source has such a file; noted are settings in it that contradict the site's."""
    file = place.source / NAME
    if not file.is_file():
        return False
    if (text := read_text(place, file)) is None:
        return True
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        said = f"it is not valid Python: {str(error).partition(' (')[0]}; fix it"
        place.refuse(file, said, getattr(error, "lineno", None))
        return True
    ours = {
        "workers": gunicorn.workers,
        "threads": gunicorn.threads,
        "timeout": gunicorn.timeout.seconds,
        "worker_class": gunicorn.worker_class,
        "preload_app": gunicorn.preload,
    }
    if gunicorn.worker_class == "gevent":
        del ours["threads"]  # it has none
    for node in tree.body:
        targets = (
            node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
        )
        for target in targets:
            name = target.id if isinstance(target, ast.Name) else ""
            if name not in _SET or name not in ours or (value := _read(node)) == ours[name]:
                continue
            if name == "worker_class" and value not in get_args(Gunicorn.model_fields[name].annotation):
                shown = f"worker_class is written here, and Portico runs {gunicorn.worker_class}"
                place.refuse(file, f"{shown}; remove the line", node.lineno)
                continue
            shown = f"{name} = {_show(value)}" if value is not None else f"{name} is computed here"
            unit = "s" if name == "timeout" else ""
            hint = f"write gunicorn.{_SET[name]}: {_show(value).lower() if value is not None else '...'}{unit}"
            place.refuse(
                file,
                f"{shown}, and the site's settings say {ours[name]}; {hint} for this site, and remove the line",
                node.lineno,
            )
    return True


def _show(value: Any) -> str:
    """A value as Python spells it, at most 60 characters of it."""
    try:
        return str(value)[:60]
    except ValueError:
        return "a number of thousands of digits"


def _read(node: ast.stmt) -> Any:
    value = getattr(node, "value", None)
    try:
        return ast.literal_eval(value) if value is not None else None
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return None
