"""The Dockerfile installs what the source requires, and keeps one of the source's own."""

from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from portico.config.source.build import read_build
from tests.config.sample import make_site, read_settings, write_files

PYPROJECT = '[project]\nname = "shop"\ndependencies = ["flask>=3", "requests"]\n'


def render(root: Path, **stack: Any) -> str:
    return render_all(root, **stack)["Dockerfile"]


def render_all(root: Path, site: dict[str, Any] | None = None, **stack: Any) -> dict[str, str]:
    """What Portico adds to the context, by its place."""
    settings = read_settings(root, make_site(gunicorn={"version": "27.0.1"}, **(site or {})), **stack)
    found = read_build(settings, settings.sites[0], root).context
    return {path: file.content.decode() for path, file in found.items() if path == "Dockerfile" or ".portico" in path}


def instructions(text: str) -> list[str]:
    return [line for line in text.splitlines() if line and not line.startswith("#")]


def test_packages_are_installed_before_the_code_is_copied(root: Path) -> None:
    text = render(root)
    assert text.index("COPY .portico/requirements/") < text.index("pip install") < text.index("COPY app/ /app/")


def test_included_files_are_installed_before_the_code_is_copied(root: Path) -> None:
    write_files(root / "shop", {"requirements.txt": "flask\n-r base.txt\n-c pins.txt\n"})
    write_files(root / "shop", {"base.txt": "requests\n", "pins.txt": "idna==3.20\n"})
    found = render_all(root)
    assert found[".portico/requirements/requirements.txt"] == "flask\nrequests\n"
    assert found[".portico/requirements/constraints.txt"] == "idna==3.20\n"
    assert "-c /tmp/requirements/constraints.txt" in found["Dockerfile"]
    assert found["Dockerfile"].index("pip install") < found["Dockerfile"].index("COPY app/ /app/")


@pytest.mark.parametrize("line", ["-e .", ".", "./lib", "lib/inner"])
def test_folders_are_installed_after_the_code_is_copied_and_what_they_require_before(root: Path, line: str) -> None:
    package = (
        '[build-system]\nrequires = ["flit_core"]\n[project]\nname = "x"\nversion = "1"\ndependencies = ["idna"]\n'
    )
    folder = line.removeprefix("-e ").removeprefix("./").replace(".", "")
    write_files(
        root / "shop", {"requirements.txt": f"flask\n{line}\n", f"{folder}/pyproject.toml".lstrip("/"): package}
    )
    found = render_all(root)
    assert found[".portico/requirements/requirements.txt"] == "flask\nidna\n"
    assert found[".portico/requirements/build.txt"].startswith("flit_core\n")
    text = found["Dockerfile"]
    path = f"/app/{folder}".rstrip("/")
    assert text.index("COPY app/ /app/") < text.index(
        f"--no-deps --no-build-isolation {'-e ' * ('-e' in line)}{path}\n"
    )


def test_a_folder_whose_requirements_only_its_build_knows_is_installed_with_them(root: Path) -> None:
    write_files(root / "shop", {"requirements.txt": "flask\n-e .\n", "setup.py": "import setuptools\n"})
    text = render(root)
    assert "pip install --disable-pip-version-check -r /tmp/requirements/requirements.txt -e /app \\\n" in text
    # It may bring Gunicorn, too.
    assert text.index(" -e /app ") < text.index("python -c 'import gunicorn' || pip install")


@pytest.mark.parametrize(
    ("requirements", "brought"), [("bottle\n", True), ("", True), ("flask\n", False), ("bottle\nwerkzeug\n", False)]
)
def test_werkzeug_is_installed_where_no_application_of_flask_brings_it(
    root: Path, requirements: str, brought: bool
) -> None:
    """gunicorn.conf.py needs it for any WSGI application."""
    write_files(root / "shop", {"requirements.txt": requirements, "web.py": "def app(environ, start): ..."})
    line = "{ python -c 'import werkzeug' || pip install --disable-pip-version-check werkzeug=="
    assert (line in render(root)) == brought


@pytest.mark.parametrize("requirement", ["flask", "-e ."])
def test_what_gevent_needs_is_installed_where_nothing_brings_it(root: Path, requirement: str) -> None:
    write_files(root / "shop", {"requirements.txt": f"{requirement}\n", "setup.py": "import setuptools\n"})
    settings = read_settings(root, make_site(gunicorn={"workerClass": "gevent"}))
    text = read_build(settings, settings.sites[0], root).context["Dockerfile"].content.decode()
    has = "{ python -c 'import gunicorn.workers.ggevent' || pip install --disable-pip-version-check 'gevent>=24.10.1' "
    # Gunicorn itself comes before.
    assert text.index("gunicorn==") < text.index(has)
    assert "gevent" not in render(root)


def test_packages_of_debian_are_installed_before_all_else(root: Path) -> None:
    text = render_all(root, {"packages": ["libpq5", "git"]})["Dockerfile"]
    assert text.index("apt-get install -y --no-install-recommends libpq5 git") < text.index("pip install")
    assert text.count("FROM") == 1


def test_packages_of_builds_stay_in_a_stage_of_their_own(root: Path) -> None:
    text = render_all(root, {"packages": ["libpq5"], "buildPackages": ["gcc"]})["Dockerfile"]
    build, _, kept = text.partition("FROM python:3.13-slim\n")
    assert "gcc" in build and "pip install" in build and "libpq5" not in build
    assert "gcc" not in kept and "pip install" not in kept and "COPY --from=build /opt/venv /opt/venv" in kept


def test_git_is_there_where_a_requirement_is_fetched_by_it(root: Path) -> None:
    write_files(root / "shop", {"requirements.txt": "flask\nblinker @ git+https://host.example/blinker@1.9\n"})
    assert "apt-get install -y --no-install-recommends git ca-certificates" in render(root).partition("FROM python")[2]


def test_secrets_of_a_build_are_mounted_and_named_alone(root: Path) -> None:
    line = "--extra-index-url https://me:${TOKEN}@index.example/simple\nflask\n"
    write_files(root / "shop", {"requirements.txt": line})
    found = render_all(root, {"buildSecrets": ["TOKEN"]})
    assert "--mount=type=secret,id=env,target=/run/secrets/build.env" in found["Dockerfile"]
    assert found["Dockerfile"].index(". /run/secrets/build.env") < found["Dockerfile"].index("pip install")
    assert "me:${TOKEN}@" in found[".portico/requirements/requirements.txt"]


@pytest.mark.parametrize("site", [{}, {"packages": ["libpq5"], "buildPackages": ["gcc"], "buildSecrets": ["A"]}])
def test_every_line_that_goes_on_has_a_next_one(root: Path, site: dict[str, Any]) -> None:
    """Docker warns of an empty one, and later versions refuse it."""
    package = '[build-system]\nrequires = ["flit_core"]\n[project]\nname = "x"\nversion = "1"\n'
    write_files(root / "shop", {"requirements.txt": "flask\n-e .\n", "pyproject.toml": package})
    lines = render_all(root, site)["Dockerfile"].splitlines()
    assert all(after.strip() for line, after in pairwise(lines) if line.endswith("\\"))


@pytest.mark.parametrize("entry", ["web:app", "web:create_app()"])
def test_flask_commands_work_on_the_entry(root: Path, entry: str) -> None:
    assert f'ENV FLASK_APP="{entry}"' in render_all(root, {"entry": entry})["Dockerfile"].splitlines()
    write_files(root / "shop", {"Dockerfile": "FROM python:3.13-slim\nENV FLASK_APP=mine\n"})
    assert 'FLASK_APP="' not in render_all(root, {"entry": entry})["Dockerfile"]


def test_the_image_below_is_the_one_that_is_set(root: Path) -> None:
    assert instructions(render(root, pythonImage="python:3.12-slim"))[0] == "FROM python:3.12-slim"


def test_gunicorn_is_installed_where_the_requirements_name_none(root: Path) -> None:
    assert "gunicorn==27.0.1" in render(root)


@pytest.mark.parametrize("line", ["gunicorn==27.0.1", "Gunicorn", "gunicorn[gthread]>=27"])
def test_gunicorn_of_the_requirements_is_kept(root: Path, line: str) -> None:
    write_files(root / "shop", {"requirements.txt": f"flask\n{line}\n"})
    assert "gunicorn==" not in render(root)


def test_secrets_of_the_build_are_mounted_and_never_copied(root: Path) -> None:
    text = render(root)
    assert "--mount=type=secret,id=pip" in text and "--mount=type=secret,id=ca" in text
    assert "pip.conf" not in "".join(line for line in text.splitlines() if line.startswith(("COPY", "ENV", "ARG")))


def test_dependencies_of_a_pyproject_are_requirements(root: Path) -> None:
    (root / "shop" / "requirements.txt").unlink()
    write_files(root / "shop", {"pyproject.toml": PYPROJECT})
    assert render_all(root)[".portico/requirements/requirements.txt"] == "flask>=3\nrequests\n"


def test_a_dockerfile_of_its_own_is_kept_and_added_to(root: Path) -> None:
    own = "FROM python:3.13-slim\nRUN pip install flask gunicorn\nCOPY . /app\nUSER 1000\n"
    write_files(root / "shop", {"Dockerfile": own})
    text = render(root)
    assert text.startswith(own)
    assert instructions(text)[-1] == "COPY .portico/gunicorn.conf.py /etc/gunicorn/gunicorn.conf.py"
    assert "FROM" not in text.removeprefix(own)


@pytest.mark.parametrize("files", [{}, {"Dockerfile": "FROM scratch\n"}], ids=["written", "own"])
def test_an_image_is_known_by_its_labels(root: Path, files: dict[str, str]) -> None:
    write_files(root / "shop", files)
    assert "LABEL portico.role=image portico.site=shop" in instructions(render(root))


def test_how_gunicorn_runs_is_part_of_every_image(root: Path) -> None:
    assert instructions(render(root))[-1] == "COPY .portico/gunicorn.conf.py /etc/gunicorn/gunicorn.conf.py"
