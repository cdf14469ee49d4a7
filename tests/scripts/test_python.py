"""How set-up makes .venv: what an interrupted one has downloaded is not downloaded again."""

import hashlib
import io
import os
import shutil
import signal
import subprocess
import threading
import time
import zipfile
from collections import Counter
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.docker.command import ROOT

NAMES = [f"package{number:02}" for number in range(20)]
# What the checkout is built with, instead of a package from the index.
PROJECT = '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
BACKEND = """
import shutil

def build_editable(folder, *_):
    return shutil.copy("checkout-1.0-py3-none-any.whl", folder).rpartition("/")[2]
"""


def make_wheel(name: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        info = f"{name}-1.0.dist-info"
        archive.writestr(f"{name}.py", "")
        archive.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        archive.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        archive.writestr(f"{info}/RECORD", "")
    return buffer.getvalue()


class Index:
    """Counts what is downloaded, and forbids to keep it. The last package is not handed out before `open` is set."""

    def __init__(self) -> None:
        self.wheels = {name: make_wheel(name) for name in NAMES}
        self.asked: Counter[str] = Counter()
        self.open = threading.Event()
        index = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                name = self.path.strip("/").split("/")[-1].split("-")[0]
                if self.path.endswith(".whl"):
                    index.asked[name] += 1
                    if name == NAMES[-1]:
                        index.open.wait(60)
                    body = index.wheels[name]
                else:
                    body = f'<a href="/{name}-1.0-py3-none-any.whl">{name}-1.0-py3-none-any.whl</a>'.encode()
                self.send_response(200)
                self.send_header("Content-Type", "text/html")
                self.send_header("Cache-Control", "no-store")
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def index() -> Iterator[Index]:
    index = Index()
    yield index
    index.open.set()
    index.server.shutdown()
    index.server.server_close()


@pytest.mark.extended
def test_an_interrupted_one_goes_on_with_what_it_has(tmp_path: Path, index: Index) -> None:
    folder = tmp_path / "a checkout"
    parts = folder / "scripts" / "setup"
    parts.mkdir(parents=True)
    for name in ("lib.sh", "steps.sh", "versions.sh", "python.sh"):
        shutil.copy(ROOT / "scripts" / "setup" / name, parts)
    (folder / "requirements.lock").write_text(
        "".join(
            f"{name}==1.0 \\\n    --hash=sha256:{hashlib.sha256(wheel).hexdigest()}\n"
            for name, wheel in index.wheels.items()
        )
    )
    (folder / "pyproject.toml").write_text(PROJECT)
    (folder / "backend.py").write_text(BACKEND)
    (folder / "checkout-1.0-py3-none-any.whl").write_bytes(make_wheel("checkout"))
    (folder / ".portico" / "path" / "portico").mkdir(parents=True)
    (folder / ".portico" / "path" / "portico" / "__init__.py").write_text("")
    env = {name: value for name, value in os.environ.items() if not name.startswith(("PIP_", "PORTICO_", "PYTHON"))}
    env |= {"PIP_INDEX_URL": f"http://127.0.0.1:{index.server.server_port}/simple", "PIP_CONFIG_FILE": os.devnull}
    words = ["bash", str(parts / "python.sh")]

    first = subprocess.Popen(words, env=env, stdout=subprocess.DEVNULL, start_new_session=True)
    end = time.monotonic() + 300
    while not index.asked[NAMES[-1]]:
        assert first.poll() is None and time.monotonic() < end
        time.sleep(0.1)
    os.killpg(first.pid, signal.SIGKILL)
    first.wait()

    second = subprocess.Popen(words, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert second.stdout is not None
    # It begins when the last process of the first one has ended.
    said = ""
    while "->" not in said:
        said += second.stdout.readline()
    index.open.set()
    said += second.communicate()[0]
    assert second.returncode == 0, said
    assert [index.asked[name] for name in NAMES[:15]] == 15 * [1]
    installed = {file.name for file in (folder / ".venv").rglob("package[0-9]*.py")}
    assert installed == {f"{name}.py" for name in NAMES}
    assert subprocess.run(words, env=env, capture_output=True, text=True).stdout == ""

    # The checkout is found from anywhere; an environment that leads to these packages finds its own.
    other = tmp_path / "other"
    (other / ".portico" / "path" / "portico").mkdir(parents=True)
    (other / ".portico" / "path" / "portico" / "__init__.py").write_text("")
    (other / ".venv").symlink_to(folder / ".venv")
    for checkout in (folder, other):
        code = "import portico; print(portico.__file__)"
        found = subprocess.check_output(
            [checkout / ".venv" / "bin" / "python", "-c", code], cwd="/", env=env, text=True
        )
        assert Path(found.strip()) == checkout / ".portico" / "path" / "portico" / "__init__.py"
    (folder / "pyproject.toml").write_text(f"{PROJECT}# Another one.\n")
    again = subprocess.run(words, env=env, capture_output=True, text=True)
    assert again.returncode == 0 and "portico" in again.stdout and "packages" not in again.stdout
