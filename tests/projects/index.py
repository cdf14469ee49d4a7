"""A package index of this machine's own, with a few small packages whose versions require one another."""

import hashlib
import threading
import zipfile
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Final, Self

# What each version of each package requires. Names are written as their projects write them.
PACKAGES: Final[dict[str, dict[str, list[str]]]] = {
    "Alpha": {"1.0": [], "1.4": [], "2.0": [], "2.1rc1": []},
    "beta": {"1.0": ["alpha"], "2.0": ["Alpha>=1.4,<2.1"]},
    "gamma_ray": {"1.0": ["beta"], "1.0.post1": ["beta; python_version >= '3.8'", "delta>=2; extra == 'more'"]},
    "delta": {"1.0": [], "2.0": ["nothing-here; sys_platform == 'win32'"]},
    "Zeta.Thing": {"0.1": ["gamma-ray"]},
}


class Index:
    """Serves them in a `with` block, by the simple interface of package indexes; `url` is its address."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        for name, versions in PACKAGES.items():
            for version, requires in versions.items():
                _write_wheel(folder / "simple" / _normalize(name), name, version, requires)

    def __enter__(self) -> Self:
        handler = partial(_Silent, directory=str(self._folder))
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self._server.server_port}/simple/"
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()


class _Silent(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


def _normalize(name: str) -> str:
    return name.lower().replace("_", "-").replace(".", "-")


def _write_wheel(folder: Path, name: str, version: str, requires: list[str]) -> None:
    """Its wheel, and the page that lists all of that package."""
    folder.mkdir(parents=True, exist_ok=True)
    module = _normalize(name).replace("-", "_")
    begin = f"{module}-{version}"
    lines = ["Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}", "Provides-Extra: more"]
    parts = {
        f"{module}.py": "",
        f"{begin}.dist-info/METADATA": "\n".join([*lines, *(f"Requires-Dist: {one}" for one in requires)]) + "\n",
        f"{begin}.dist-info/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(f"{path},,\n" for path in [*parts, f"{begin}.dist-info/RECORD"])
    file = folder / f"{begin}-py3-none-any.whl"
    with zipfile.ZipFile(file, "w") as wheel:
        for path, text in [*parts.items(), (f"{begin}.dist-info/RECORD", record)]:
            # The same bytes each time, so that a lock's hashes stay right.
            wheel.writestr(zipfile.ZipInfo(path, (2020, 1, 1, 0, 0, 0)), text)
    links = [
        f'<a href="{one.name}#sha256={hashlib.sha256(one.read_bytes()).hexdigest()}">{one.name}</a>'
        for one in sorted(folder.glob("*.whl"))
    ]
    (folder / "index.html").write_text(f"<!DOCTYPE html><html><body>{' '.join(links)}</body></html>\n")
