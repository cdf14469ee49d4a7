"""What a Dockerfile and a gunicorn.conf.py of the application's own may say, and what is refused of them."""

from pathlib import Path
from typing import Any

import pytest

from portico.config.plan import make_plan
from portico.config.settings import Mistakes
from portico.config.source.dockerfile import list_instructions
from portico.config.source.image import choose_image, tell_old
from tests.config.projects import BUILD, LOCKED, PROJECT, read
from tests.config.sample import make_site, make_values, write_files

BASE = "FROM python:3.13-slim\n"


def plan(root: Path, files: dict[str, str], history: Any = None, **site: Any) -> Any:
    write_files(root / "shop", files)
    return make_plan(make_values(make_site(**site)), root, history)


def refuse(root: Path, files: dict[str, str], **site: Any) -> list[str]:
    with pytest.raises(Mistakes) as caught:
        plan(root, files, **site)
    return [str(one) for one in caught.value.all]


HONOURED = [
    pytest.param('ENTRYPOINT ["./start.sh"]\n', ("./start.sh",), id="a script"),
    pytest.param('ENTRYPOINT ["tini", "--"]\nCMD ["gunicorn", "web:app"]\n', ("tini", "--"), id="tini"),
    pytest.param('ENTRYPOINT ["tini", "--", "gunicorn", "web:app"]\n', ("tini", "--"), id="Gunicorn behind tini"),
    pytest.param('ENTRYPOINT ["gunicorn"]\nCMD ["web:app"]\n', (), id="Gunicorn"),
    pytest.param("CMD exec gunicorn --bind :$PORT web:app\n", (), id="a server by a shell"),
    pytest.param('CMD ["python", "-m", "flask", "run"]\n', (), id="Flask's own server"),
    pytest.param('CMD ["sh", "-c", "gunicorn web:app"]\n', (), id="a server by sh"),
    pytest.param("VOLUME /tmp\n", (), id="a volume for what may be lost"),
    pytest.param("FROM base\n", (), id="another stage"),
    pytest.param('FROM python:3.13-slim\nENTRYPOINT ["./start.sh"]\nFROM base\n', (), id="an entry of another stage"),
]


@pytest.mark.parametrize(("text", "words"), HONOURED)
def test_a_dockerfile_is_honoured(root: Path, text: str, words: tuple[str, ...]) -> None:
    files = {"Dockerfile": f"FROM python:3.13-slim AS base\n{text}", "start.sh": '#!/bin/sh\nexec "$@"\n'}
    (release,) = plan(root, files).releases
    assert release.entrypoint == words


REFUSED = [
    pytest.param("ENTRYPOINT ./start.sh\n", "shop/Dockerfile:2: ENTRYPOINT ./start.sh is in shell form", id="shell"),
    pytest.param('ENTRYPOINT ["python", "web.py"]\n', "starts python, and Portico starts Gunicorn", id="a server"),
    pytest.param('ENTRYPOINT ["sh", "-c", "gunicorn"]\n', "ignores the command that Portico passes", id="sh -c"),
    pytest.param('ENTRYPOINT ["/srv/end.sh"]\n', 'let it end with exec "$@"', id="a script that ends"),
    pytest.param("CMD flask db upgrade && gunicorn web:app\n", "CMD does more than start a server", id="more"),
    pytest.param('RUN a\nCMD ["./end.sh"]\n', "shop/Dockerfile:3: CMD does more", id="a script as command"),
    pytest.param('VOLUME ["/data"]\n', "name the folder in data of this site", id="volume"),
    pytest.param("RUN a \\\n  b\nVOLUME /data\n", "shop/Dockerfile:4:", id="the line, after one that goes on"),
    pytest.param("RUN <<END\nVOLUME /inner\nEND\nVOLUME /data\n", "shop/Dockerfile:5:", id="a here-document"),
]


@pytest.mark.parametrize(("text", "said"), REFUSED)
def test_what_a_dockerfile_may_not_say_is_refused(root: Path, text: str, said: str) -> None:
    (one,) = refuse(root, {"Dockerfile": BASE + text, "end.sh": "#!/bin/sh\ngunicorn\n"})
    assert said in one


def test_instructions_are_parted_as_docker_parts_them() -> None:
    text = "# escape=`\nFROM a\nRUN x `\n# comment\n\n  y\nENV A=1\n"
    assert [(one.name, " ".join(one.value.split()), one.line) for one in list_instructions(text)] == [
        *(("FROM", "a", 2), ("RUN", "x y", 3), ("ENV", "A=1", 7))
    ]


@pytest.mark.parametrize("name", ["requirements", "extras", "pythonImage", "packages", "buildPackages"])
def test_settings_of_the_other_dockerfile_are_refused_beside_ones_own(root: Path, name: str) -> None:
    value: Any = {"requirements": "requirements.txt", "pythonImage": "python:3.12-slim"}.get(name, ["gcc"])
    (one,) = refuse(root, {"Dockerfile": BASE}, **{name: value})
    assert one.startswith(f"sites[0].{name}: is for the Dockerfile that Portico writes")


def test_an_earlier_release_keeps_the_words_before_gunicorn(root: Path) -> None:
    files = {"Dockerfile": BASE + 'ENTRYPOINT ["tini", "--"]\n'}
    first = plan(root, files)
    earlier = {"shop": [vars(record) for record in first.remember("2026-01-01T00:00:00Z")["shop"]]}
    write_files(root / "shop", {"Dockerfile": BASE})
    values = make_values(make_site(), rollback={"shop": first.releases[0].id})
    (pinned,) = make_plan(values, root, earlier).releases
    assert (pinned.entrypoint, pinned.id) == (("tini", "--"), first.releases[0].id)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("bind = '0.0.0.0:80'\ndef post_fork(server, worker): ...\nworkers = 2\n", None),
        (
            "\nworkers = 8\n",
            "shop/gunicorn.conf.py:2: workers = 8, and the site's settings say 2; write gunicorn.workers: 8",
        ),
        ("timeout = 90\n", "write gunicorn.timeout: 90s"),
        ("workers = cpu_count()\n", "workers is computed here"),
        ("worker_class = 'sync'\n", "worker_class is written here, and Portico runs gthread; remove the line"),
        ("worker_class = 'gevent'\n", "settings say gthread; write gunicorn.workerClass: gevent for this site"),
        ("def (\n", "shop/gunicorn.conf.py:1: it is not valid Python"),
    ],
)
def test_settings_of_gunicorn_are_said_once(root: Path, text: str, said: str | None) -> None:
    if said is None:
        (release,) = plan(root, {"gunicorn.conf.py": text}).releases
        assert b"runpy.run_path" in release.context[".portico/gunicorn.conf.py"].content
    else:
        (one,) = refuse(root, {"gunicorn.conf.py": text})
        assert said in one


CHOICES = [
    pytest.param(">=3.11", "python:3.13-slim", False, "python:3.13-slim", None, id="fits"),
    pytest.param("<3.13", "python:3.13-slim", False, "python:3.12-slim", None, id="chosen"),
    pytest.param("<3.13", "python:3.13-slim", True, "", "write pythonImage: python:3.12-slim", id="given"),
    pytest.param(">=3.13.5", "python:3.13-slim", True, "python:3.13-slim", None, id="the newest patch"),
    pytest.param(">=3.13.5", "python:3.13.2-slim", True, "", "has Python 3.13", id="an older patch"),
    pytest.param("<3", "python:3.13-slim", False, "", "which no Python from 3.9 to 3.14 is", id="none"),
    pytest.param("<3.13", "hub.example/base:1.0", True, "hub.example/base:1.0", None, id="nobody knows"),
]


@pytest.mark.parametrize(("wanted", "image", "given", "chosen", "said"), CHOICES)
def test_the_project_chooses_the_image_or_refuses_it(
    tmp_path: Path, wanted: str, image: str, given: bool, chosen: str, said: str | None
) -> None:
    project = read(tmp_path / "shop", {"pyproject.toml": PROJECT.replace(">=3.11", wanted)})
    found = choose_image(project, image, given=given)
    assert (found.problem is None) == (said is None) and (said or "") in (found.problem or "")
    assert said or found.image == chosen


@pytest.mark.parametrize(
    ("file", "text", "image"),
    [
        (".python-version", "3.12\n", "3.12"),
        (".python-version", "# ours\ncpython-3.11.4\n", "3.11"),
        ("runtime.txt", "python-3.12.1\n", "3.12"),
    ],
)
def test_a_file_of_the_version_chooses_the_image(root: Path, file: str, text: str, image: str) -> None:
    (release,) = plan(root, {file: text}).releases
    assert f"FROM python:{image}-slim" in release.context["Dockerfile"].content.decode()
    (release,) = plan(root, {file: text}, pythonImage="python:3.13-slim").releases
    assert "FROM python:3.13-slim" in release.context["Dockerfile"].content.decode()


def test_a_secret_of_a_build_is_no_replicas(root: Path) -> None:
    files = {"requirements.txt": "--extra-index-url https://${TOKEN}@i.example/simple\nflask\n"}
    (one,) = refuse(root, files, buildSecrets=["TOKEN"])
    assert one.endswith("pulumi config set --secret --path portico:secrets.shop.TOKEN")
    values = make_values(make_site(buildSecrets=["TOKEN"]), secrets={"shop": {"TOKEN": "hunter2", "KEY": "x"}})
    found = make_plan(values, root)
    assert found.secrets == {"shop": {"KEY": "x"}} and found.releases[0].tokens == {"TOKEN": "hunter2"}
    assert "hunter2" not in repr(found.releases)
    other = make_plan(values | {"secrets": {"shop": {"TOKEN": "other", "KEY": "x"}}}, root)
    assert other.releases[0].id == found.releases[0].id


def test_mistakes_of_the_source_are_said_with_those_of_the_settings(root: Path) -> None:
    found = refuse(root, {"requirements.txt": "flask=3\n"}, body="5 Mb")
    assert [one.partition(":")[0] for one in found] == ["sites[0].body", "shop/requirements.txt"]


@pytest.mark.parametrize("name", ["HOME", "USER"])
def test_what_portico_sets_itself_is_nobodys_to_set(root: Path, name: str) -> None:
    (one,) = refuse(root, {}, environment={name: "/data"})
    assert one.startswith(f"sites[0].environment.{name}: {name} is set by Portico, to ")


@pytest.mark.parametrize(
    ("name", "instead"),
    [
        ("GUNICORN_CMD_ARGS", "gunicorn.conf.py of the source"),
        ("WEB_CONCURRENCY", "`gunicorn.workers`"),
        ("FORWARDED_ALLOW_IPS", "remove it"),
        ("PATH", "the whole path of a program"),
        ("PYTHONHOME", "remove it"),
    ],
)
def test_a_variable_that_a_setting_or_the_start_needs_is_refused(root: Path, name: str, instead: str) -> None:
    """It would override a setting without a message, or have no effect."""
    (one,) = refuse(root, {}, environment={name: "x"})
    assert one.startswith(f"sites[0].environment.{name}: {name} ") and instead in one and one.isprintable()


@pytest.mark.parametrize("name", ["PYTHONPATH", "PYTHONUNBUFFERED", "TZ", "ENV", "PORT", "TMPDIR", "LD_PRELOAD"])
def test_a_variable_that_contradicts_nothing_is_the_applications(root: Path, name: str) -> None:
    assert plan(root, {"requirements.txt": "flask\n"}, environment={name: "x"}).settings.sites[0].environment == {
        name: "x"
    }


def test_tmpfs_follows_from_what_is_allowed(root: Path) -> None:
    def sizes(**site: Any) -> tuple[str, int]:
        from portico.config.release.replica import Place, describe_replica

        made = describe_replica(plan(root, {}, **site).releases[0], 0, Place())
        return made["tmpfs"]["/tmp"].rpartition("size=")[2], made["ulimits"][0]["hard"]

    assert sizes() == ("64m", 4096)
    assert sizes(body="90M")[0] == "180m"
    # Four workers of eighty threads in two replicas of two releases.
    assert sizes(gunicorn={"workers": 4, "threads": 80})[1] >= 2 * 2 * 4 * 80
    (one,) = refuse(root, {}, body="96M", gunicorn={"memory": "256M"})
    assert one.startswith("sites[0].body: 96m does not fit into gunicorn.memory") and one.endswith("320M for this site")
    (one,) = refuse(root, {}, gunicorn={"workers": 5, "threads": 128})
    assert "5 workers of 128 threads are 640, and a replica may have 512" in one


def test_a_mark_that_builds_do_not_read_is_not_in_the_image(root: Path) -> None:
    (root / "shop/requirements.txt").unlink()
    (release,) = plan(root, {"pyproject.toml": "\ufeff" + PROJECT + BUILD}).releases
    assert release.context["app/pyproject.toml"].content.startswith(b"[project]")


def test_a_lock_is_installed_with_its_hashes_alone(root: Path) -> None:
    (release,) = plan(root, LOCKED["uv.lock"]).releases
    text = release.context["Dockerfile"].content.decode()
    assert "--no-deps --require-hashes -r /tmp/requirements/requirements.txt" in text
    assert "--no-deps --no-build-isolation -e /app\n" in text


@pytest.mark.parametrize("place", ["name", "entry", "source"])
def test_half_a_character_is_refused_at_its_place(root: Path, place: str) -> None:
    assert any("holds an incomplete character" in one for one in refuse(root, {}, **{place: "\ud800"}))


@pytest.mark.parametrize("value", ["a\nb", "\x1b[31mred", "a\u2028b"])
def test_what_is_said_is_one_printable_line(root: Path, value: str) -> None:
    with pytest.raises(Mistakes) as caught:
        make_plan(make_values(make_site(source=value), address=value, **{value: 1}), root)
    assert all(str(one).isprintable() for one in caught.value.all)


@pytest.mark.parametrize("files", [{}, {"public/a.css": "", ".dockerignore": "public\n"}])
def test_a_static_folder_that_the_image_has_not_is_refused(root: Path, files: dict[str, str]) -> None:
    (root / "shop/public").mkdir()
    (one,) = refuse(root, files, static="public")
    assert one.startswith("shop/public: no file of it gets into the image")


@pytest.mark.parametrize(
    "image", ["python:2.7", "python:2", "python:3.6-slim", "hub.example/python:3.8.20", "python:3.0"]
)
def test_a_python_that_is_too_old_is_refused(image: str) -> None:
    assert tell_old(image) == (
        f"{image} has a Python that is too old for Gunicorn; write one from 3.9 on, such as python:3.13-slim"
    )


@pytest.mark.parametrize(
    "image", ["python:3", "python:3.9", "python:3.13-slim", "python:latest", "python", "pypy:2.7", "python:3-slim"]
)
def test_a_python_that_is_new_enough_or_unknown_is_taken(image: str) -> None:
    assert tell_old(image) is None
