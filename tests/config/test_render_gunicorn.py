"""gunicorn.conf.py is Python that says what the settings say."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from portico.config.release.assemble import make_release
from portico.config.render.gunicorn import render_gunicorn
from portico.config.render.nginx import render_nginx
from tests.config.gunicorn_config import address as address
from tests.config.gunicorn_config import execute, run
from tests.config.sample import make_site, read_settings


def test_the_defaults_are_written_out(root: Path) -> None:
    values = run(root)
    assert values["worker_class"] == "gthread"
    assert (values["workers"], values["threads"], values["preload_app"]) == (2, 4, False)
    assert (values["timeout"], values["graceful_timeout"]) == (30, 30)
    assert values["worker_tmp_dir"] == "/dev/shm"
    assert "pythonpath" not in values


@pytest.mark.parametrize(
    ("setting", "name", "value"),
    [
        ({"workers": 7}, "workers", 7),
        ({"threads": 9}, "threads", 9),
        ({"preload": True}, "preload_app", True),
        ({"timeout": "2m"}, "timeout", 120),
        ({"timeout": "2m"}, "graceful_timeout", 120),
        ({"timeout": "1500ms"}, "timeout", 2),
    ],
)
def test_a_setting_arrives(root: Path, setting: dict[str, Any], name: str, value: object) -> None:
    assert run(root, **setting)[name] == value


def test_a_source_with_src_is_imported_from_there(root: Path) -> None:
    assert run(root, "src")["pythonpath"] == "src"


def test_gunicorn_itself_accepts_the_values(root: Path) -> None:
    from gunicorn.config import Config

    config = Config()
    for name, value in run(root, "src", timeout="2m", preload=True).items():
        if name in config.settings:
            config.set(name, value)
    assert (config.timeout, config.preload_app, config.worker_class_str) == (120, True, "gthread")


def test_gunicorn_keeps_a_connection_longer_than_nginx_does(root: Path) -> None:
    settings = read_settings(root)
    tree = render_nginx(settings, [make_release(settings, settings.sites[0], root, {})])
    assert "keepalive_timeout  60s;" in tree.files["conf.d/shop.conf"]
    assert run(root)["keepalive"] > 60


def test_only_the_edge_is_believed_about_the_client(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FORWARDED_ALLOW_IPS", raising=False)
    assert run(root)["forwarded_allow_ips"] == "127.0.0.1"
    monkeypatch.setenv("FORWARDED_ALLOW_IPS", "172.18.0.0/16")
    assert run(root)["forwarded_allow_ips"] == "127.0.0.1"
    assert run(root)["secure_scheme_headers"] == {"X-FORWARDED-PROTO": "https"}


def test_an_own_file_adds_hooks_and_settings_and_nothing_else(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    called: list[str] = []
    own = root / "own"
    own.mkdir()
    (own / "gunicorn.conf.py").write_text(
        "from pathlib import Path\nbacklog = 7\nworkers = 9\nuser = 'root'\n"
        "def note(what, value):\n    raise RuntimeError\n"
        "def publish(name, own):\n    raise RuntimeError\n"
        "def child_exit(server, worker):\n    called.append('child_exit')\n"
        "def post_fork(server, worker):\n    pass\n"
    )
    monkeypatch.chdir(own)
    monkeypatch.setattr("builtins.called", called, raising=False)
    values = execute(render_gunicorn(read_settings(root, make_site()).sites[0], hooks=True))
    values["child_exit"](None, SimpleNamespace(pid=7))
    assert called == ["child_exit"]
    assert (values["backlog"], values["workers"]) == (7, 2) and "user" not in values
    assert values["Path"] is Path and callable(values["post_fork"])
