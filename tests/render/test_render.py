"""make render: what it writes, and what it refuses to write over."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from portico.cli.commands.render import MARKER
from portico.config.plan import make_plan
from portico.config.render.nginx import render_nginx
from portico.config.targets.ecs import make_fleet
from tests.config.ecs_sample import make_ecs_values
from tests.config.sample import HASH, SHOP, make_site, write_files
from tests.render import command

ROOT = Path(__file__).parents[2]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A project with the stack dev and one site, shop."""
    write_files(tmp_path / "shop", SHOP)
    (tmp_path / "Pulumi.yaml").write_text("name: portico\n")
    return configure(tmp_path, sites=[make_site()])


def configure(root: Path, **values: object) -> Path:
    config = {f"portico:{key}": value for key, value in values.items()}
    (root / "Pulumi.dev.yaml").write_text(yaml.safe_dump({"config": config}))
    return root


def render(root: Path, layout: str = "") -> int:
    return command.render("dev", root / "out", layout, root=root)


def listing(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if not path.is_dir()}


def test_the_tree_is_complete(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert render(root) == 0
    assert listing(root / "out") == {
        MARKER,
        "nginx.conf",
        "conf.d/00-status.conf",
        "conf.d/shop.conf",
        "pages/portico-unavailable.html",
        "gunicorn/shop.gunicorn.conf.py",
        "docker/shop.Dockerfile",
    }
    said = capsys.readouterr().out
    assert "copy shop/static/ to /srv/static/shop/" in said
    assert "gunicorn --config gunicorn/shop.gunicorn.conf.py web:app" in said


def test_the_files_are_what_the_program_renders(root: Path) -> None:
    assert render(root) == 0
    plan = make_plan({"sites": [make_site()]}, root)
    for path, text in render_nginx(plan.settings, plan.releases).files.items():
        assert (root / "out" / path).read_bytes() == text.encode()


def test_on_ecs_each_site_has_a_folder(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sites = [make_site(users={"ann": HASH}), make_site(name="blog", hosts=["blog.example"])]
    configure(root, **make_ecs_values(*sites), secrets={"blog": {"KEY": "hidden"}})
    assert render(root) == 0
    assert listing(root / "out") == {
        MARKER,
        *(
            f"{site}/{path}"
            for site in ("shop", "blog")
            for path in (
                *("nginx.conf", "conf.d/00-status.conf", "conf.d/01-ready.conf", f"conf.d/{site}.conf"),
                *("pages/portico-unavailable.html", "gunicorn.conf.py", "Dockerfile", "nginx.Dockerfile"),
            )
        ),
    }
    plan = make_plan({**make_ecs_values(*sites), "secrets": {"blog": {"KEY": "hidden"}}}, root)
    for fleet in make_fleet(plan):
        for path, text in fleet.tree.files.items():
            assert (root / "out" / fleet.site.name / path).read_text() == text
    said = capsys.readouterr().out
    assert "shop: its `users` go to Secrets Manager" in said and "blog: its secrets go to Secrets Manager" in said
    written = [path.read_text() for path in (root / "out").rglob("*") if path.is_file()]
    assert not any("hidden" in text or HASH in text for text in [*written, said])


def test_on_ecs_there_is_no_machine_to_write_for(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    configure(root, **make_ecs_values())
    assert render(root, "sites-available") == 1
    assert "--layout sites-available is for a machine that runs NGINX itself" in capsys.readouterr().err
    assert not (root / "out").exists()


def test_the_debian_layout_enables_sites_by_links(root: Path) -> None:
    assert render(root, "sites-available") == 0
    link = root / "out" / "sites-enabled" / "shop.conf"
    assert str(link.readlink()) == "../sites-available/shop.conf"
    assert "server_name shop.example;" in link.read_text()
    assert not (root / "out" / "conf.d" / "shop.conf").exists()


def test_a_second_layout_takes_the_first_ones_place(root: Path) -> None:
    assert render(root, "sites-available") == 0
    assert render(root) == 0
    assert not (root / "out" / "sites-enabled").exists() and not (root / "out" / "sites-available").exists()
    assert render(root) == 0


def test_a_site_that_went_leaves_no_file(root: Path) -> None:
    configure(root, sites=[make_site(), make_site(name="blog", hosts=["blog.example"])])
    assert render(root) == 0
    configure(root, sites=[make_site()])
    assert render(root) == 0
    assert not [path for path in listing(root / "out") if "blog" in path]


@pytest.mark.parametrize("path", ["notes.txt", "conf.d/shop.conf"])
def test_somebody_elses_folder_is_left_alone(root: Path, path: str, capsys: pytest.CaptureFixture[str]) -> None:
    write_files(root / "out", {path: "mine\n"})
    assert render(root) == 1
    assert listing(root / "out") == {path} and (root / "out" / path).read_text() == "mine\n"
    assert "holds files that portico render did not write; nothing was overwritten" in capsys.readouterr().err


def test_a_file_that_was_changed_by_hand_is_left_alone(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert render(root) == 0
    (root / "out" / "nginx.conf").write_text("# mine\n")
    assert render(root) == 1
    assert (root / "out" / "nginx.conf").read_text() == "# mine\n"
    assert "nginx.conf in" in (said := capsys.readouterr().err) and "was changed by hand" in said
    (root / "out" / "nginx.conf").unlink()
    assert render(root) == 0


def test_files_that_were_put_beside_stay(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert render(root) == 0
    write_files(root / "out", {"conf.d/own.conf": "# mine\n", "conf.d/blog.conf": "# mine too\n"})
    assert render(root) == 0
    configure(root, sites=[make_site(), make_site(name="blog", hosts=["blog.example"])])
    assert render(root) == 1
    assert "conf.d/blog.conf in" in capsys.readouterr().err
    assert (root / "out/conf.d/own.conf").read_text() == "# mine\n"
    assert (root / "out/conf.d/blog.conf").read_text() == "# mine too\n"


def test_nothing_is_written_through_a_link(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert render(root) == 0
    (root / "elsewhere").mkdir()
    shutil.rmtree(root / "out" / "docker")
    (root / "out" / "docker").symlink_to(root / "elsewhere")
    assert render(root) == 1
    assert not list((root / "elsewhere").iterdir())
    assert "nothing was overwritten" in capsys.readouterr().err


def test_a_marker_that_names_other_places_removes_nothing_there(root: Path) -> None:
    assert render(root) == 0
    with (root / "out" / MARKER).open("a") as marker:
        marker.write("0  ../shop/web.py\nnonsense\n")
    assert render(root) == 0
    assert (root / "shop" / "web.py").exists()


def test_keys_are_named_and_not_written(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    hashed = "$2y$05$" + "a" * 53
    configure(root, tls={"localAuthority": True}, sites=[make_site(users={"ada": hashed})])
    assert render(root) == 0
    texts = "".join((root / "out" / path).read_text() for path in listing(root / "out"))
    assert "PRIVATE KEY" not in texts and hashed not in texts
    said = capsys.readouterr().out
    folder = next(word for word in said.split() if word.startswith("/etc/portico/private/")).rsplit("/", 1)[0]
    assert f"copy .portico/authority/shop.key to {folder}/shop.key" in said
    assert f"to {folder}/shop.users" in said
    assert f"ssl_certificate_key {folder}/shop.key;" in texts


def test_mistakes_are_reported_as_up_tells_them(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    configure(root, port=0, replicas="two", sites=[make_site(body="5 Mb")])
    assert render(root) == 1
    headline, *lines = capsys.readouterr().err.splitlines()
    assert headline == "error: 3 mistakes in the settings; nothing was changed."
    assert [line.split(":")[0].strip() for line in lines] == ["port", "replicas", "sites[0].body"]
    assert not (root / "out").exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["-s", "dev"], "where to? Write the folder"),
        (
            ["-s", "dev", "--out", "out", "--layout", "debian"],
            '--layout "debian" is not a layout; write one of: conf.d, sites-available',
        ),
        (["-s", "nope", "--out", "out"], "there is no environment 'nope'"),
        (["-s", "../dev", "--out", "out"], "there is no environment '../dev'"),
    ],
)
def test_a_wrong_call_is_a_sentence(root: Path, arguments: list[str], said: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "cli", "render", *arguments],
        cwd=root,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1 and said in done.stderr and "Traceback" not in done.stderr


def test_a_folder_that_cannot_be_made_is_a_sentence(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (root / "file").write_text("")
    assert command.render("dev", root / "file" / "out", root=root) == 1
    assert command.render("dev", root / "file", root=root) == 1
    assert "is not a folder" in capsys.readouterr().err


def test_neither_pulumi_nor_docker_is_needed(root: Path) -> None:
    script = (
        "import sys; from portico.cli.main import portico; "
        "code = portico.main(['render', '--out', 'out'], standalone_mode=False); "
        "sys.exit(code or ('pulumi' in sys.modules and 3))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=root,
        env={"PATH": "/nowhere", "PYTHONPATH": f"{ROOT}:{ROOT}/.portico/path", "DOCKER_HOST": "unix:///nowhere"},
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_a_stack_with_a_pinned_site_is_not_rendered(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    configure(root, sites=[make_site()], rollback={"shop": "0" * 12})
    assert render(root) == 1
    assert "pins a site to an earlier release" in capsys.readouterr().err and not (root / "out").exists()


def test_what_a_client_of_ones_own_has_to_write_is_said(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    configure(root, tls={"acme": {"email": "ops@shop.example"}}, sites=[make_site(aliases=["www.shop.example"])])
    assert render(root, "sites-available") == 0
    said = capsys.readouterr().out
    assert "order a certificate for shop.example www.shop.example" in said
    assert "/etc/nginx/certificates/live/shop/certificate.conf" in said and ".portico/authority" not in said
