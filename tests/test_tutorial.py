"""The tutorial is followed, word by word, as far as it goes without Docker."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Final

import yaml

ROOT: Final = Path(__file__).parent.parent
TUTORIAL: Final = "".join((ROOT / "docs" / name).read_text() for name in ("tutorial.md", "tutorial-2.md"))
# A file, a part of one, or commands; in the order in which a reader comes to them.
STEP: Final = re.compile(
    r"^`(?P<file>[\w/.]+)`(?:, (?P<where>.*))?:\n\n```\w*\n(?P<text>(?:.*\n)*?)```$|^(?P<command>(?: {4}\S.*\n)+)",
    re.MULTILINE,
)
# What needs an engine, a network, or was done before.
PASSED_OVER: Final = ("portico setup", "portico up", "portico logs", "portico status", "portico exec", "curl", "pip")


def follow(folder: Path) -> list[str]:
    """Do in `folder` what the tutorial says; the commands that were run."""
    ran = []
    environment = {"PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])}
    environment |= {"PYTHONDONTWRITEBYTECODE": "1"}
    for step in STEP.finditer(TUTORIAL.partition("## 1.")[2]):
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
    """Write a file, or put a text into it: where the tutorial says."""
    before = file.read_text() if file.is_file() else ""
    if not where:
        after = text
    elif where == "before `return app`":
        after = before.replace("    return app\n", f"{text}\n    return app\n")
    elif place := re.fullmatch(r"in place of `(.*)`", where):
        after = before.replace(f"        {place[1]}\n", text)
    else:
        after = before.replace("    text: Mapped[str]\n", f"    text: Mapped[str]\n{text}")
    assert after != before, f"{file.name}: there is no place {where}"
    file.parent.mkdir(exist_ok=True)
    file.write_text(after)


USE: Final = """
from pathlib import Path

from notes import create_app
from notes.database import Note, db
from notes.worker import Job, take

app = create_app()
client = app.test_client()
assert client.get("/healthz").text == "ok"
assert client.post("/", data={"text": "milk and bread"}).status_code == 201
assert client.get("/").json == ["milk and bread"]
address = client.post("/files", data=b"photo").text.strip()
assert (Path(app.instance_path) / Path(address).name).read_bytes() == b"photo"
with app.app_context():
    job = take()
    assert job.note_id == 1 and take() is None
    db.session.get(Note, 1).done = True
    db.session.commit()
assert "removed 1 notes" in app.test_cli_runner().invoke(args=["purge"]).output
"""


def test_what_it_builds_works(tmp_path: Path) -> None:
    folder = tmp_path / "notes"
    folder.mkdir()
    ran = follow(folder)
    assert "portico init" in ran and sum(one.startswith("flask db migrate") for one in ran) == 3
    (site,) = yaml.safe_load((folder / "deploy" / "Pulumi.dev.yaml").read_text())["config"]["portico:sites"]
    assert (site["entry"], site["health"]) == ("notes:create_app()", "/healthz")
    assert "instance" in (folder / ".dockerignore").read_text().splitlines()
    done = subprocess.run([sys.executable, "-c", USE], cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
