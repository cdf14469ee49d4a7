"""Whatever stands in a stack file or in a project: what cannot be used ends in single printable lines with a place."""

import json
import os
import resource
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import pytest

from portico.config.mistake import Mistakes
from portico.config.plan import make_plan
from portico.config.source.dockerignore import parse_ignore
from portico.config.stackfile import UnreadableStack, read_stack
from tests.config.sample import write_files
from tests.property.odd import SITE, project_files, stack_files
from tests.property.profile import SOAK, holds_for

# Of a processor, for one input: the dearest takes two here.
SECONDS: Final = 15
LONGEST: Final = 920
# 10,000 stack files by `make soak`, some minutes.
TIMES: Final = 20 if SOAK else 1
pytestmark = pytest.mark.timeout(3600 if SOAK else 600)
PLAIN: Final = {"plain/web.py": "app = 1\n", "plain/requirements.txt": "flask\n"}


@pytest.fixture(scope="module", autouse=True)
def bounded() -> Iterator[None]:
    """What costs gigabytes ends in MemoryError, which is no refusal."""
    before = resource.getrlimit(resource.RLIMIT_AS)
    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + (1 << 30), before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_AS, before)


def refuse(read: Callable[[], object]) -> list[str]:
    """The lines that an input is refused by; none where it is taken."""
    began = time.process_time()
    lines: list[str] = []
    try:
        read()
    except UnreadableStack as error:
        lines = [str(error)]
        assert "Pulumi.k.yaml" in lines[0]
    except Mistakes as mistakes:
        lines = [str(one) for one in mistakes.all]
        assert all(one.path for one in mistakes.all), lines
    assert all(line.isprintable() and len(line) <= LONGEST for line in lines), lines
    assert time.process_time() - began < SECONDS
    return lines


def read(root: Path, stack: bytes) -> None:
    (root / "Pulumi.yaml").write_text("name: portico\nruntime: python\n")
    (root / "Pulumi.k.yaml").write_bytes(stack)
    make_plan(read_stack(root, "k"), root)


@holds_for(times=TIMES, stack=stack_files())
def test_any_stack_file_is_taken_or_refused_in_lines(stack: bytes) -> None:
    with TemporaryDirectory() as name:
        write_files(Path(name), PLAIN)
        refuse(lambda: read(Path(name), stack))


@holds_for(times=2, file=project_files())
def test_any_project_is_taken_or_refused_in_lines(file: tuple[str, bytes]) -> None:
    with TemporaryDirectory() as name:
        write_files(Path(name), PLAIN | {"plain/pyproject.toml": "[project]\nname = 'a'\nversion = '1'\n"})
        if file[0].endswith((".lock", ".toml")):
            (Path(name) / "plain" / "requirements.txt").unlink()
        (Path(name) / "plain" / file[0]).write_bytes(file[1])
        refuse(lambda: read(Path(name), json.dumps({"config": {"portico:sites": [SITE]}}).encode()))


@pytest.mark.parametrize("line", ["*a" * 40 + "b", "**/" * 40 + "b", "**/a*/" * 12 + "b", "*?" * 60 + "b"])
def test_no_pattern_is_tried_for_long(line: str) -> None:
    (pattern,) = parse_ignore(line)
    began = time.process_time()
    assert not pattern.matches("a" * 200)
    assert not pattern.matches("a/" * 100 + "x")
    assert time.process_time() - began < 2


def test_what_has_no_end_or_depth_is_no_pattern_and_no_line(tmp_path: Path) -> None:
    stack = json.dumps({"config": {"portico:sites": [SITE]}}).encode()
    write_files(tmp_path, PLAIN | {f"plain/{'d/' * 110}x": ""})
    deep = f"plain/{'d/' * 101}: it cannot be read (it is below 100 folders)"
    (line,) = refuse(lambda: read(tmp_path, stack))
    assert line.startswith(deep)
    (tmp_path / "plain" / "d").rename(tmp_path / "d")
    ignored = tmp_path / "plain" / ".dockerignore"
    os.mkfifo(ignored)
    assert refuse(lambda: read(tmp_path, stack)) == ["plain/.dockerignore: it is not a file; write one, or remove it"]
    ignored.unlink()
    ignored.symlink_to("/dev/zero")
    assert refuse(lambda: read(tmp_path, stack)) == ["plain/.dockerignore: it is not a file; write one, or remove it"]
    ignored.unlink()
    ignored.write_bytes(b"#" * (1 << 20) + b"\n")
    said = "plain/.dockerignore: it is longer than 1 MB; write folders, or fewer of them"
    assert refuse(lambda: read(tmp_path, stack)) == [said]
    ignored.unlink()
    (tmp_path / "plain" / "requirements.txt").write_text(f"flask --hash=sha256:{'b' * 300_000}\n")
    said = "plain/requirements.txt:1: it is longer than 64000 letters, with what continues it; write less"
    assert refuse(lambda: read(tmp_path, stack)) == [said]


def test_files_that_include_one_another_are_counted(tmp_path: Path) -> None:
    chain = {f"plain/r{one}.txt": f"-r r{one + 1}.txt\n" * 2 for one in range(30)} | {"plain/r30.txt": "flask\n"}
    write_files(tmp_path, PLAIN | chain | {"plain/requirements.txt": "-r r0.txt\n"})
    (line,) = refuse(lambda: read(tmp_path, json.dumps({"config": {"portico:sites": [SITE]}}).encode()))
    assert "would be file 101 that is included" in line
    assert line.startswith("plain/r")
