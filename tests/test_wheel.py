"""The wheel: it holds what the program reads, and works where nothing else is."""

import os
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from email import message_from_string
from pathlib import Path

import pytest

import portico
from tests.test_layout import APART, MODULES, ROOT

# What an installation must know without the checkout.
TRIAL = """
import sys
from pathlib import Path
import portico
from portico.components.program import run
from portico.config.plan import make_plan
from portico.config.in_container import read_script

root = Path(sys.argv[1])
site = {"name": "shop", "source": "shop", "entry": "web:app", "hosts": ["localhost"]}
plan = make_plan({"sites": [site]}, root)
print(portico.__version__, portico.__file__, len(plan.render().files), read_script("hold.pl").count("listen") > 0)
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Built of what Git knows, without the network: a folder of its own keeps the checkout as it is."""
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "a checkout"
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    for path in filter(None, listed.stdout.split("\0")):
        if (ROOT / path).is_file():
            (source / path).parent.mkdir(parents=True, exist_ok=True)
            (source / path).write_bytes((ROOT / path).read_bytes())
    options = ["--quiet", "--no-index", "--no-deps", "--no-build-isolation", "--wheel-dir", str(folder)]
    done = subprocess.run([sys.executable, "-m", "pip", "wheel", *options, source], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    (built,) = folder.glob("*.whl")
    yield built


def test_it_holds_all_that_the_program_reads_and_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        found = {name for name in archive.namelist() if ".dist-info/" not in name}
    templates = [path for path in (ROOT / "config" / "templates").rglob("*") if path.suffix == ".j2"]
    scripts = [path for path in APART.rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    # Set-up, for whoever has no checkout.
    scripts += [ROOT / "scripts" / name for name in ("setup.sh", "stop-docker.sh")]
    for folder in (ROOT / "scripts" / "setup", ROOT / "contrib" / "registry_only"):
        scripts += [path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    others = [ROOT / "py.typed", ROOT / "Pulumi.yaml", ROOT / "__main__.py", ROOT / "policies" / "PulumiPolicy.yaml"]
    wanted = {f"portico/{path.relative_to(ROOT)}" for path in (*MODULES, *templates, *scripts, *others)}
    assert found == wanted


def test_it_has_the_version_of_the_package(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        reported = message_from_string(archive.read(name).decode())
    assert (reported["Name"], reported["Version"]) == ("portico", portico.__version__)
    assert "version" not in (ROOT / "policies" / "PulumiPolicy.yaml").read_text()


def test_it_works_in_an_empty_environment(wheel: Path, tmp_path: Path) -> None:
    """Empty but for what it depends on, which is looked up here: nothing is downloaded."""
    python = tmp_path / "venv" / "bin" / "python"
    subprocess.run([sys.executable, "-m", "venv", tmp_path / "venv"], check=True)
    env = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    install = ["-m", "pip", "install", "--quiet", "--no-index", "--no-deps", str(wheel)]
    subprocess.run([python, *install], check=True, env=env)
    here, there = (
        Path(
            subprocess.check_output(
                [one, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"], text=True
            ).strip()
        )
        for one in (sys.executable, python)
    )
    for path in here.iterdir():
        if not path.name.startswith(("portico", "__editable__", "_")) and not (there / path.name).exists():
            (there / path.name).symlink_to(path)
    (there / "portico-checkout.pth").unlink(missing_ok=True)
    shop = tmp_path / "project" / "shop"
    shop.mkdir(parents=True)
    (shop / "web.py").write_text("app = None\n")
    (shop / "requirements.txt").write_text("flask\n")
    done = subprocess.run([python, "-c", TRIAL, shop.parent], cwd=shop, env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    version, file, files, script = done.stdout.split()
    assert (version, script) == (portico.__version__, "True") and int(files) >= 4
    assert Path(file).is_relative_to(there)
