"""The tutorial is followed, word by word, as far as it goes without Docker."""

import subprocess
import sys
from pathlib import Path
from typing import Final

import yaml

from tests.followed import follow

ROOT: Final = Path(__file__).parent.parent
TUTORIAL: Final = "".join((ROOT / "docs" / name).read_text() for name in ("tutorial.md", "tutorial-2.md"))

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
    ran = follow(TUTORIAL.partition("## 1.")[2], folder)
    assert "portico init" in ran and sum(one.startswith("flask db migrate") for one in ran) == 3
    (site,) = yaml.safe_load((folder / "deploy" / "Pulumi.dev.yaml").read_text())["config"]["portico:sites"]
    assert (site["entry"], site["health"]) == ("notes:create_app()", "/healthz")
    assert "instance" in (folder / ".dockerignore").read_text().splitlines()
    done = subprocess.run([sys.executable, "-c", USE], cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
