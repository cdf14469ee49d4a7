"""The names of an application's environment variables, but for those that Portico or a process's start needs itself."""

import re
from typing import Annotated, Final

from pydantic import AfterValidator
from pydantic_core import PydanticCustomError

from portico.config.settings.text import Variable

# Each site has a user of its own, whose only folder is that one.
_SET: Final = {"HOME": "/tmp", "USER": "the site's name"}
# Why a variable is refused, and what to write instead: with it a setting would not count, or nothing would start.
_INSTEAD: Final = {
    "FORWARDED_ALLOW_IPS": "is set by Portico, so that Gunicorn believes NGINX alone; remove it",
    "GUNICORN_CMD_ARGS": "would go before `gunicorn` of this site; write that, and what it has no setting for into a "
    "gunicorn.conf.py of the source",
    "PATH": "is the image's, and the application's packages are found by it; write ENV PATH=... in a Dockerfile of "
    "your own, or the whole path of a program where it is called",
    "PYTHONHOME": "hides the application's packages; remove it",
    "SCRIPT_NAME": "follows from `path` of this site; write that, such as path: /shop",
    "WEB_CONCURRENCY": "does not count beside `gunicorn.workers` of this site; write that",
}
# Further ones by which a process finds its programs, its modules and its own settings. A person may know what to write
# there; no secret is such a text.
_STARTING: Final = re.compile(r"SHELL|IFS|ENV|BASH_ENV|TMPDIR|(PYTHON|LD_|DYLD_|PORTICO_).*")


def is_reserved(name: str) -> bool:
    """Whether a variable of this name changes how a process starts: no secret is given such a name."""
    return name in _SET or name in _INSTEAD or bool(_STARTING.fullmatch(name))


def _refuse_reserved(name: str) -> str:
    if name.startswith("PORTICO_"):
        raise PydanticCustomError(
            "reserved", "{name} is Portico's own name; write one without PORTICO_", {"name": name}
        )
    if value := _SET.get(name):
        raise PydanticCustomError(
            "reserved",
            "{name} is set by Portico, to {value}; remove it, and write a variable that the application asks for "
            "itself",
            {"name": name, "value": value},
        )
    if said := _INSTEAD.get(name):
        raise PydanticCustomError("reserved", "{name} {said}", {"name": name, "said": said})
    return name


OwnVariable = Annotated[Variable, AfterValidator(_refuse_reserved)]
