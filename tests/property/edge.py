"""A real NGINX that says what it thinks of a configuration: one container a version, asked many times."""

import re
import shutil
import subprocess
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from portico.config.render.tree import Tree
from tests.property.rendered import Rendered, list_ordered

# What a build may lack, and the lines that it cannot read then. Images of Debian and of Docker's
# official library lack nothing; the bare binary that may stand in for a version does.
_MODULES: Final = {
    "http_stub_status_module": r"stub_status;",
    "http_gzip_static_module": r"gzip_static +(?:on|off);",
    "http_v3_module": r"listen +\S+ quic\b[^;]*;",
}


class Edge:
    """A container of the image `nginx:VERSION`; use it in a `with` block, it is removed at its end."""

    def __init__(self, version: str, folder: Path) -> None:
        self.version = version
        self.folder = folder
        self.image = f"nginx:{version}"
        self.container = ""
        self.lacks: tuple[str, ...] = ()
        self._bare = False

    def __enter__(self) -> Self:
        types = _docker("run", "--rm", "--network=none", "--entrypoint=cat", self.image, "/etc/nginx/mime.types")
        for mounted in ("nginx", "portico", "certificates"):
            (self.folder / mounted).mkdir()
        (self.folder / "mime.types").write_text(types)
        self.container = _docker(
            *("run", "--detach", "--rm", "--init", "--network=none", "--label=portico.test=property"),
            f"--volume={self.folder}/nginx:/etc/nginx:ro",
            f"--volume={self.folder}/portico:/etc/portico:ro",
            f"--volume={self.folder}/certificates:/srv/certificates:ro",
            # As Portico's own container has them: the packaged NGINX keeps its temporary files in one or the other.
            *(f"--tmpfs={folder}:uid=101,gid=101" for folder in ("/var/cache/nginx", "/var/lib/nginx")),
            # Where this process is killed, nobody removes it: it ends by itself.
            *("--entrypoint=sleep", self.image, "7200"),
        ).strip()
        built = self._run("root", "-V")[1]
        found = re.search(r"nginx/(\S+)", built)
        self.version = found[1] if found else self.version
        self.lacks = tuple(module for module in _MODULES if module not in built)
        self._bare = "--prefix=." in built
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.container:
            subprocess.run(["docker", "rm", "--force", self.container], capture_output=True, check=False, timeout=60)

    def test(self, rendered: Rendered) -> list[str]:
        """What `nginx -t` has to say against the configuration, where it will lie; nothing if it is good."""
        debian = rendered.layout.files == "/etc/nginx"
        self._write(rendered, debian)
        # Portico's container runs as nginx from the start; on Debian root starts it.
        code, said = self._run("root" if debian else "101:101", "-t", "-c", f"{rendered.layout.files}/nginx.conf")
        # The setting logLevel: debug makes NGINX talk, not complain.
        lines = [line for line in said.splitlines() if "[debug]" not in line]
        good = ("syntax is ok", "test is successful")
        complaints = [line for line in lines if not line.endswith(good)]
        return complaints or ([] if code == 0 and len(lines) == len(good) else [said or f"exit code {code}"])

    def _write(self, rendered: Rendered, debian: bool) -> None:
        """Lay the files where the layout says, and nothing else."""
        top = self.folder / ("nginx" if debian else "portico")
        for old in top.iterdir():
            shutil.rmtree(old) if old.is_dir() else old.unlink()
        shutil.copy(self.folder / "mime.types", self.folder / "nginx")
        files = top / Path(rendered.layout.files).relative_to(f"/etc/{top.name}")
        tree: Tree = rendered.tree
        for path, text in tree.files.items():
            (files / path).parent.mkdir(parents=True, exist_ok=True)
            (files / path).write_text(self._readable(text))
        for path, target in tree.links.items():
            (files / path).parent.mkdir(parents=True, exist_ok=True)
            (files / path).symlink_to(target)
        ordered = (top if debian else self.folder) / "certificates" / "live"
        shutil.rmtree(ordered, ignore_errors=True)
        for site, texts in list_ordered(tree, rendered.layout).items():
            (ordered / site).mkdir(parents=True)
            for path, text in texts.items():
                (ordered / site / path).write_text(text)
        private = top / Path(rendered.layout.private).relative_to(f"/etc/{top.name}") / rendered.private.digest
        private.mkdir(parents=True, exist_ok=True)
        for path, text in rendered.private.files.items():
            (private / path).write_text(text)

    def _readable(self, text: str) -> str:
        for module in self.lacks:
            text = re.sub(_MODULES[module], "", text)
        return text

    def _run(self, user: str, *options: str) -> tuple[int, str]:
        # The bare binary looks for its temporary folders where it is started, by default otherwise.
        prefix = ("-p", "/tmp/") if self._bare else ()
        done = subprocess.run(
            ["docker", "exec", f"--user={user}", self.container, "nginx", *prefix, *options],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=60,
        )
        return done.returncode, done.stdout


def _docker(*arguments: str) -> str:
    done = subprocess.run(["docker", *arguments], capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout
