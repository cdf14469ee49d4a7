"""What another Portico, machine, clock or umask makes of a release's id: nothing, unless a replica is another one then.

Each case runs a copy of the program by itself. What settings and sources make of it: test_release.py.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.config.ecs_sample import make_section
from tests.config.sample import SHOP, make_site, write_files

ROOT = Path(__file__).parents[2]
SITE = make_site(static="static", environment={"LEVEL": "info"})
SECRETS = {"shop": {"KEY": "correct horse"}}
STACKS = {
    "local": {"sites": [SITE], "secrets": SECRETS},
    "ecs": {"sites": [SITE], "secrets": SECRETS, "target": "ecs", "ecs": make_section()},
}
ASK = """
import json, sys
from pathlib import Path
from portico.config.plan import make_plan
root, stacks = Path(sys.argv[1]), json.loads(sys.argv[2])
releases = {name: make_plan(values, root).releases[0] for name, values in stacks.items()}
print(json.dumps({name: [release.id, release.image] for name, release in releases.items()}))
"""
Ids = dict[str, list[str]]


def ask(program: Path, root: Path, before: str = "", umask: int = -1, **environment: str) -> Ids:
    """[id, image] of the site by stack; `before` is done first by the same process."""
    done = subprocess.run(
        [sys.executable, "-B", "-c", before + ASK, str(root), json.dumps(STACKS)],
        cwd=program,
        env=os.environ | {"PYTHONPATH": str(program / ".portico" / "path")} | environment,
        umask=umask,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    found: Ids = json.loads(done.stdout)
    return found


def copy_program(folder: Path) -> Path:
    """A Portico of its own, with what could be meant to say which one it is."""
    for name in ("components", "config"):
        # With its bytecode, which is as old: what nobody edits is not compiled again.
        shutil.copytree(ROOT / name, folder / name)
    for name in ("pyproject.toml", "CHANGELOG.md", "__main__.py", "__init__.py"):
        shutil.copy(ROOT / name, folder)
    (folder / ".portico" / "path").mkdir(parents=True)
    (folder / ".portico" / "path" / "portico").symlink_to("../..")
    return folder


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("stack")
    write_files(folder / "shop", SHOP)
    return folder


@pytest.fixture(scope="module")
def now(shop: Path) -> Ids:
    return ask(ROOT, shop)


@pytest.fixture
def program(tmp_path: Path) -> Path:
    return copy_program(tmp_path / "portico")


def edit(*pairs: tuple[str, str, str]) -> Callable[[Path], None]:
    """Replace the second text by the third in the file that is named first."""

    def change(program: Path) -> None:
        for name, old, new in pairs:
            text = (program / name).read_text()
            assert old in text, f"{name} has no {old}"
            (program / name).write_text(text.replace(old, new))

    return change


def list_modules(program: Path) -> Iterator[Path]:
    """All modules, but for what runs inside containers: there a text is part of what runs."""
    return (path for path in program.rglob("*.py") if path.parent.name != "in_container")


def add_comments(program: Path) -> None:
    for path in list_modules(program):
        path.write_text(f"{path.read_text()}\n# A thought.\n")


def reword_docstrings(program: Path) -> None:
    for path in list_modules(program):
        path.write_text(re.sub(r'^( *)"""(?=[A-Z`])', r'\1"""Said better: ', path.read_text(), flags=re.M))
    assert '"""Said better: ' in (program / "components/aws/alarms.py").read_text()


def move_modules(program: Path) -> None:
    (program / "components/moved").mkdir()
    for name in ("docker", "shutdown.py", "aws"):
        (program / "components" / name).rename(program / "components/moved" / name)


def write_other_scripts(program: Path) -> None:
    """What runs in NGINX's container and in those that check and switch."""
    for path in (program / "components/in_container").iterdir():
        if path.suffix in (".sh", ".pl"):
            path.write_text(f"{path.read_text()}\n# Another one.\n")


SAME: Mapping[str, Callable[[Path], None]] = {
    "a docstring about an alarm": edit(("components/aws/alarms.py", '"""', '"""Reworded. ')),
    "a comment in every module": add_comments,
    "every docstring": reword_docstrings,
    "moved modules": move_modules,
    "another version": edit(("__init__.py", '__version__ = "', '__version__ = "9'), ("CHANGELOG.md", "# ", "# 9.9.9 ")),
    "what runs elsewhere": write_other_scripts,
    "NGINX's files": edit(("config/templates/nginx/nginx.conf.j2", "worker_processes", "# Words.\nworker_processes")),
}


def test_another_portico_with_the_same_replicas_makes_no_other_release(program: Path, shop: Path, now: Ids) -> None:
    for change in SAME.values():
        change(program)
    if ask(program, shop) != now:
        # All at once is quicker; each alone says which it was.
        alone = {case: ask(copy_changed(program.parent / case, change), shop) for case, change in SAME.items()}
        assert alone == dict.fromkeys(SAME, now)
        raise AssertionError("only all of them together make another release")


def copy_changed(folder: Path, change: Callable[[Path], None]) -> Path:
    change(copy_program(folder))
    return folder


HEALTH = ("components/in_container/health.py", "PAUSE = 2.0", "PAUSE = 3.0")
OTHER = {
    "the health check": (edit(HEALTH), {"local", "ecs"}),
    "what lays out files": (edit(("components/in_container/files.py", "KEPT = 5", "KEPT = 6")), {"local", "ecs"}),
    "what takes secrets": (edit(("components/in_container/secrets.py", "0o400", "0o440")), {"ecs"}),
    "gunicorn.conf.py": (
        edit(("config/templates/gunicorn/gunicorn.conf.py.j2", "keepalive = 75", "keepalive = 76")),
        {"local", "ecs"},
    ),
    "the Dockerfile": (
        edit(
            (
                "config/templates/docker/Dockerfile.j2",
                "WORKDIR {{ recipe.workdir }}",
                "WORKDIR {{ recipe.workdir }}\nENV A=1",
            )
        ),
        {"local", "ecs"},
    ),
    "its end on ECS": (
        edit(("config/templates/ecs/application.Dockerfile.j2", "chmod 0700", "chmod 0500")),
        {"ecs"},
    ),
    "a limit of every container": (
        edit(("config/release/hardening.py", "_PROCESSES = 512", "_PROCESSES = 513")),
        {"local"},
    ),
    "a label of every container": (
        edit(("config/release/hardening.py", '"portico.role": role', '"portico.role": role, "portico.kind": role')),
        {"local"},
    ),
    "a replica's own arguments": (edit(("config/release/replica.py", 'interval": "1s"', 'interval": "2s"')), {"local"}),
    "where static files are laid out": (
        edit(("config/release/replica.py", '"/srv/static"', '"/srv/files"')),
        {"local"},
    ),
    "a container of a task": (edit(("config/targets/ecs/task.py", '"timeout": 20', '"timeout": 21')), {"ecs"}),
}


@pytest.mark.parametrize("case", OTHER)
def test_another_portico_with_other_replicas_makes_another_release(
    case: str, program: Path, shop: Path, now: Ids
) -> None:
    change, stacks = OTHER[case]
    change(program)
    found = ask(program, shop)
    assert {name for name in STACKS if found[name][0] != now[name][0]} == stacks


def test_another_umask_makes_no_other_release(tmp_path: Path, now: Ids) -> None:
    """Neither in the program, nor in the source, nor in the process."""
    before = os.umask(0o077)
    try:
        program = copy_program(tmp_path / "portico")
        write_files(tmp_path / "shop", SHOP)
    finally:
        os.umask(before)
    assert (tmp_path / "shop/web.py").stat().st_mode & 0o777 == 0o600
    assert ask(program, tmp_path, umask=0o077) == now


def test_another_clock_makes_no_other_release(tmp_path: Path, now: Ids) -> None:
    write_files(tmp_path / "shop", SHOP)
    for path in (tmp_path / "shop").rglob("*"):
        os.utime(path, (1, 1))
    late = "import time; time.time = lambda: 4e9; time.time_ns = lambda: 4 * 10**18\n"
    assert ask(ROOT, tmp_path, late, TZ="Pacific/Auckland") == now


def test_another_machine_makes_no_other_release(program: Path, tmp_path: Path, now: Ids) -> None:
    other = tmp_path / "elsewhere" / "deeper"
    write_files(other / "shop", dict(reversed(SHOP.items())))
    environment: dict[str, Any] = {"PYTHONHASHSEED": "7", "HOME": str(other), "USER": "somebody", "HOSTNAME": "other"}
    # A locale without UTF-8, which Python would fix by itself.
    environment |= {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}
    assert ask(program, other, **environment) == now
