"""What the images of a site on ECS are built from."""

from pathlib import Path
from typing import Any

import pytest

from portico.config.plan import make_plan
from portico.config.release.digest import digest_files
from portico.config.release.release import Release
from portico.config.settings import derive_uid
from portico.config.settings.hidden import HIDDEN
from portico.config.targets.ecs import make_fleet
from tests.config.ecs_sample import make_ecs_values, make_section, plan_fleet
from tests.config.sample import make_site, make_values, write_files

SCRIPTS = Path(__file__).parents[2] / "components" / "in_container"


def read_instructions(text: str) -> list[str]:
    """A Dockerfile's instructions, each on one line."""
    found: list[str] = []
    for line in (line for line in text.splitlines() if line and not line.startswith("#")):
        if found and found[-1].endswith("\\"):
            found[-1] = " ".join((found[-1].rstrip("\\ "), line.strip()))
        else:
            found.append(line)
    return found


def read_application(release: Release) -> list[str]:
    return read_instructions(release.context["Dockerfile"].content.decode())


def test_the_applications_image_is_the_one_of_a_vm_and_what_a_task_needs(root: Path) -> None:
    (fleet,) = plan_fleet(root, make_site())
    (vm,) = make_plan(make_values(), root).releases
    uid = derive_uid("shop")
    before, after = read_application(vm), read_application(fleet.release)
    assert after[: len(before)] == before
    assert after[len(before) :] == [
        "USER 0",
        "LABEL portico.platform=linux/arm64",
        "COPY .portico/health.py /etc/portico/health.py",
        "COPY .portico/secrets.py /etc/portico/secrets.py",
        f"RUN mkdir -p /tmp /run/secrets && chown {uid}:{uid} /tmp /run/secrets && chmod 0700 /run/secrets",
        'VOLUME ["/tmp", "/run/secrets"]',
        f"USER {uid}:{uid}",
    ]
    added = {path: file for path, file in fleet.release.context.items() if path not in vm.context}
    assert {path: file.content for path, file in added.items()} == {
        f".portico/{name}": (SCRIPTS / name).read_bytes() for name in ("health.py", "secrets.py")
    }
    same = [path for path in vm.context if path != "Dockerfile"]
    assert [fleet.release.context[path] for path in same] == [vm.context[path] for path in same]


def test_a_dockerfile_of_ones_own_is_kept(root: Path) -> None:
    own = "FROM python:3.13-slim\nCOPY . /app\nUSER nobody"
    write_files(root / "own", {"Dockerfile": own, "web.py": "from flask import Flask\napp = Flask(__name__)\n"})
    (fleet,) = plan_fleet(root, make_site(source="own"))
    text = fleet.release.context["Dockerfile"].content.decode()
    assert text.startswith(own)
    # Folders are made by root, whoever its last user was, and it runs as nobody else's user.
    lines = read_instructions(text)
    assert lines.index("USER nobody") < lines.index("USER 0") < len(lines) - 1
    assert lines[-1] == f"USER {fleet.release.uid}:{fleet.release.uid}"


def test_an_image_is_named_by_all_that_is_in_it(root: Path) -> None:
    (fleet,) = plan_fleet(root, make_site())
    assert fleet.release.image == digest_files(fleet.release.context)
    (vm,) = make_plan(make_values(), root).releases
    assert fleet.release.image != vm.image


def test_an_image_for_another_processor_is_another_image(root: Path) -> None:
    images = set()
    for architecture in ("arm64", "x86_64"):
        (fleet,) = plan_fleet(root, make_site(), ecs=make_section(architecture=architecture))
        images |= {fleet.release.image, fleet.digest, fleet.release.id}
    assert len(images) == 6


def test_nginx_says_what_it_thinks_before_there_is_an_image(root: Path) -> None:
    (fleet,) = plan_fleet(root, make_site())
    lines = read_instructions(fleet.nginx["Dockerfile"].content.decode())
    tree = fleet.tree.digest
    asked = lines.index("RUN nginx -t -c /etc/portico/live/nginx.conf")
    # Nothing changes a file after that, and it is asked as the user that will run it.
    assert [line.split()[0] for line in lines[asked + 1 :]] == ["VOLUME", "STOPSIGNAL", "ENTRYPOINT"]
    assert lines[asked - 1] == "USER 101:101"
    assert f"COPY tree/ /etc/portico/trees/{tree}/" in lines and lines[asked - 2].startswith(
        f"RUN ln -s trees/{tree} /etc/portico/live && mkdir -p /tmp "
    )
    assert lines[-2:] == [
        "STOPSIGNAL SIGQUIT",
        'ENTRYPOINT ["nginx", "-c", "/etc/portico/live/nginx.conf", "-g", "daemon off;"]',
    ]
    assert {
        path.removeprefix("tree/"): file.content.decode() for path, file in fleet.nginx.items() if "tree/" in path
    } == (dict(fleet.tree.files))


def test_static_files_come_from_the_applications_image(root: Path) -> None:
    (fleet,) = plan_fleet(root, make_site(staticUrl="/assets/"))
    lines = read_instructions(fleet.nginx["Dockerfile"].content.decode())
    assert lines[:2] == ["ARG APPLICATION", "FROM ${APPLICATION} AS files"]
    (run,) = (line for line in lines if "files.py shop" in line)
    words = f"python3 -I /files.py shop {fleet.release.id} {fleet.release.uid} static /assets/ compress"
    assert run.endswith(f"{words} '{' '.join(HIDDEN)}'")
    assert "COPY --from=files /srv/static/ /srv/static/" in lines
    assert fleet.nginx["files.py"].content == (SCRIPTS / "files.py").read_bytes()


def test_without_static_files_nothing_of_the_application_is_in_it(root: Path) -> None:
    write_files(
        root / "bare", {"requirements.txt": "flask\n", "web.py": "from flask import Flask\napp = Flask(__name__)\n"}
    )
    (fleet,) = plan_fleet(root, make_site(source="bare"))
    lines = read_instructions(fleet.nginx["Dockerfile"].content.decode())
    assert fleet.release.static is None and "files.py" not in fleet.nginx
    assert [line for line in lines if line.startswith(("FROM", "ARG", "COPY"))] == [
        "FROM nginx:1.30.6",
        f"COPY tree/ /etc/portico/trees/{fleet.tree.digest}/",
    ]


@pytest.mark.parametrize(
    "changes",
    [
        {"body": "6M"},
        {"staticUrl": "/assets/"},
        {"gunicorn": {"timeout": "40s"}},
        {"users": {"ann": "$2y$05$" + "a" * 53}},
        {"environment": {"LOG_LEVEL": "debug"}},
    ],
    ids=str,
)
def test_another_content_is_another_image(root: Path, changes: dict[str, Any]) -> None:
    (before,) = plan_fleet(root, make_site())
    (after,) = plan_fleet(root, make_site(**changes))
    assert after.digest != before.digest
    # The same once more is the same.
    assert plan_fleet(root, make_site(**changes))[0].digest == after.digest


def test_another_image_of_the_application_is_another_of_nginx(root: Path) -> None:
    """Its static files are in there."""
    (before,) = plan_fleet(root, make_site())
    write_files(root / "shop", {"static/shop.css": "body { margin: 1px }\n"})
    (after,) = plan_fleet(root, make_site())
    assert after.release.image != before.release.image and after.digest != before.digest


def test_a_site_that_is_pinned_needs_no_source(root: Path) -> None:
    """Its image is in the registry; NGINX's is built for it from there."""
    before = make_plan(make_ecs_values(), root)
    history = {
        site: [vars(record) for record in records] for site, records in before.remember("2026-01-01T00:00:00Z").items()
    }
    (old,) = make_fleet(before)
    write_files(root / "shop", {"web.py": "raise SystemExit\n"})
    pinned = make_plan(make_ecs_values(rollback={"shop": old.release.id}), root, history)
    (fleet,) = make_fleet(pinned)
    assert not fleet.release.context and fleet.release.image == old.release.image
    assert (fleet.release.id, fleet.digest, fleet.tree) == (old.release.id, old.digest, old.tree)
    assert fleet.nginx == old.nginx


def test_an_application_is_asked_for_its_static_files_while_the_image_is_built(root: Path) -> None:
    data = [{"name": "files", "path": "/data/files"}]
    (fleet,) = plan_fleet(root, make_site(staticFrom="application", data=data, environment={"A": "it's; rm $B"}))
    (plain,) = plan_fleet(root, make_site(data=data, environment={"A": "it's; rm $B"}))
    lines = read_instructions(fleet.nginx["Dockerfile"].content.decode())
    assert lines.count("ARG APPLICATION") == 1 and lines.index("ARG APPLICATION") < lines.index(
        "FROM ${APPLICATION} AS asked"
    )
    assert "RUN mkdir -p /asked /data/files && chmod 0777 /asked /data/files" in lines
    (asking,) = (line for line in lines if "/ask_static.py" in line and line.startswith("RUN"))
    assert asking.startswith("RUN --network=none env 'A=it'\"'\"'s; rm $B' HOME=/tmp ")
    assert lines[lines.index(asking) - 1] == f"USER {fleet.release.uid}:{fleet.release.uid}"
    assert lines.index("COPY --from=asked /asked/answer /asked") > lines.index("FROM ${APPLICATION} AS files")
    assert any("PORTICO_STATIC=" in line and "/files.py shop" in line for line in lines)
    assert {"ask_static.py", "files.py"} <= set(fleet.nginx) and "ask_static.py" not in plain.nginx
    assert "COPY --from=files /srv/static/ /srv/static/" in lines
    assert fleet.release.id != plain.release.id
