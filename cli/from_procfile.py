"""A Procfile, as Heroku and Dokku read it, in Portico's words."""

import re
from pathlib import Path
from typing import Final

from portico.cli.converted import Converted
from portico.cli.refused import Refused

_LINE: Final = re.compile(r"([A-Za-z0-9_-]+):\s*(\S.*)")


def read_procfile(file: Path) -> Converted:
    """What its lines say. Raises Refused where none can be read."""
    made = Converted(source=".")
    for number, line in enumerate(file.read_text(errors="replace").splitlines(), 1):
        text = line.strip()
        if not text or text.startswith("#"):
            continue
        found = _LINE.fullmatch(text)
        if not found:
            made.left.append(f"line {number}: `{text[:80]}` names no process")
        elif found[1] == "web":
            made.add_web("web", found[2])
        elif found[1] == "release":
            made.add_release("release", found[2])
        else:
            made.add_process(found[1], found[2])
    if not made.entry and not made.site and not made.left:
        raise Refused(f"--from: {file} names no process; write lines such as web: gunicorn shop.web:app")
    return made
