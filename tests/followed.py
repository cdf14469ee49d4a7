"""A document is followed as by a reader: its files are written, and its commands run where they need no Docker."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Final

# A file, a part of one, or commands; in the order in which a reader comes to them.
STEP: Final = re.compile(
    r"^`(?P<file>[\w/.]+)`(?:, (?P<where>.*))?:\n\n```\w*\n(?P<text>(?:.*\n)*?)```$|^(?P<command>(?: {4}\S.*\n)+)",
    re.MULTILINE,
)
# What needs an engine, a network, or was done before.
PASSED_OVER: Final = (
    *(f"portico {name}" for name in ("setup", "up", "logs", "status", "exec", "backup", "restore")),
    "curl",
    "pip",
    "python3 -m venv",
)


def follow(text: str, folder: Path) -> list[str]:
    """Do in `folder` what the document says; the commands that were run."""
    ran = []
    environment = {"PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])}
    environment |= {"PYTHONDONTWRITEBYTECODE": "1"}
    for step in STEP.finditer(text):
        if step["file"]:
            write(folder / step["file"], step["where"] or "", step["text"])
            continue
        for line in step["command"].splitlines():
            command = line.strip()
            if command.startswith("export "):
                name, _, value = shlex.split(command)[1].partition("=")
                environment[name] = value
            elif not command.startswith(PASSED_OVER):
                done = subprocess.run(
                    ["sh", "-c", command],
                    cwd=folder,
                    env=environment,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.STDOUT,
                    text=True,
                )
                assert done.returncode == 0, f"{command}\n{done.stdout}"
                ran.append(command)
    return ran


def write(file: Path, where: str, text: str) -> None:
    """Write a file, or put a text into it: where the document says."""
    before = file.read_text() if file.is_file() else ""
    if not where:
        after = text
    elif where == "at the end":
        after = f"{before}\n\n{text}"
    elif where == "before `return app`":
        after = before.replace("    return app\n", f"{text}\n    return app\n")
    elif place := re.fullmatch(r"in place of `(.*)`", where):
        after = re.sub(rf"(?m)^ *{re.escape(place[1])}\n", lambda _: text, before)
    else:
        after = before.replace("    text: Mapped[str]\n", f"    text: Mapped[str]\n{text}")
    assert after != before, f"{file.name}: there is no place {where}"
    file.parent.mkdir(exist_ok=True)
    file.write_text(after)
