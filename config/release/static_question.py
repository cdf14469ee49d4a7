"""Which static files an application has, asked of itself: the words that ask, and what their answer means."""

import json
from dataclasses import dataclass
from typing import Any, Final

from portico.config.in_container import read_script
from portico.config.release.release import Release

# Begins the line of the answer: components/in_container/ask_static.py.
MARK: Final = "portico-static "
# How long an application may take to be imported and asked, in seconds.
_SECONDS = 60


@dataclass(frozen=True)
class StaticAnswer:
    """`folders` are [URL, path in the image, names that something else answers]; `left` says why others are none."""

    folders: list[Any]
    left: tuple[str, ...] = ()


def list_question(release: Release) -> list[str]:
    """The words of the process that asks; it belongs into the application's folder, as the site's user."""
    # Without -I: the application is imported as Gunicorn imports it.
    return ["python3", "-c", read_script("ask_static.py"), spell_question(release)]


def spell_question(release: Release) -> str:
    """The word that says what is asked."""
    site = release.site
    question = {
        "entry": site.entry,
        "host": site.hosts[0].replace("*", "www"),
        "path": site.path,
        "seconds": _SECONDS,
        "missing": {name: _stand_in(name) for name in release.variables},
    }
    return json.dumps(question, sort_keys=True)


def read_answer(printed: str | None) -> StaticAnswer:
    """What the process said, of all that was printed; no folder where it came to no answer."""
    lines = [line for line in (printed or "").splitlines() if line.startswith(MARK)]
    try:
        reported = json.loads(lines[-1].removeprefix(MARK))
        return StaticAnswer(reported["folders"], tuple(reported["left"]))
    except (IndexError, KeyError, TypeError, ValueError):
        return StaticAnswer([], ("it gave no answer; gunicorn.memory may be too little to import it",))


def tell_left(site: str, answer: StaticAnswer) -> str:
    """The message about static files that are left to the application; "" for nothing."""
    if not answer.left:
        return ""
    shown = "; ".join(answer.left[:5]) + (f"; and {len(answer.left) - 5} more" if len(answer.left) > 5 else "")
    return f"{site}: the application itself serves static files that NGINX could not be given: {shown}"


def _stand_in(name: str) -> str:
    """A text in the place of a secret variable, of a form that lets most applications be imported."""
    if "REDIS" in name or "BROKER" in name:
        return "redis://127.0.0.1:6379/0"
    return "sqlite://" if name.endswith(("URL", "URI", "DSN")) else "a-text-while-static-files-are-asked-for"
