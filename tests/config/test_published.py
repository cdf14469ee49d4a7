"""What of a static folder is not published, as it is reported and as it is kept out of the image."""

import os
from contextlib import suppress
from fnmatch import fnmatch
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import strategies as st

from portico.config.messages.unpublished import tell_unpublished
from portico.config.mistake import Mistakes
from portico.config.plan import make_plan
from portico.config.settings.hidden import OUT
from portico.config.source.files import read_source
from portico.config.source.published import find_unpublished
from tests.config.sample import SHOP, make_site, make_values, write_files
from tests.property.profile import holds_for

NEVER = [
    *(
        "app.sqlite3",
        "app.sqlite3-wal",
        "app.db-shm",
        "dump.sql.gz",
        "dump.SQL.zip",
        "prod.env",
        "id_rsa",
        "id_ed25519.old",
    ),
    *("k.p12", "a.bak2", "a.css.bak10", "w.pyw", "w.pyi", "n.ipynb", "debug.log", "debug.log.3", "x.kdbx", "x.tfstate"),
]
SERVED = ["a.css", "app.js", "core/app.js", "banner.html", "secrets.css", "id_card.png", "login.svg", "backup-plan.pdf"]


def test_what_is_not_published_is_named_in_the_preview(tmp_path: Path) -> None:
    files = {f"shop/static/{name}": "x" for name in (*NEVER, *SERVED, ".gitkeep")}
    write_files(tmp_path, {f"shop/{path}": text for path, text in SHOP.items()} | files)
    (tmp_path / "shop/static/web.txt").symlink_to("../web.py")
    plan = make_plan(make_values(), tmp_path)
    (release,) = plan.releases
    assert set(release.unpublished.files) == {f"static/{name}" for name in (*NEVER, ".gitkeep")}
    assert release.unpublished.links == ("static/web.txt",)
    (said,) = plan.advise()
    assert said == tell_unpublished(release)
    assert said.startswith(f"shop: {len(NEVER) + 1} files of static/ are not published: ")
    assert said.endswith(f" and {len(NEVER) - 2} more; see publish in docs/settings.md")
    # The application would follow the link where NGINX finds nothing.
    assert "app/static/web.txt" not in release.context
    assert "app/static/app.sqlite3" in release.context


def test_what_is_published_by_a_setting_is_not_reported(tmp_path: Path) -> None:
    write_files(tmp_path, {f"shop/{path}": text for path, text in SHOP.items()} | {"shop/static/a.db": "x"})
    (tmp_path / "shop/static/theme").symlink_to("../more")
    write_files(tmp_path, {"shop/more/t.css": "x"})
    assert make_plan(make_values(), tmp_path).advise() == [
        "shop: 2 files of static/ are not published: a.db, theme; see publish in docs/settings.md"
    ]
    plan = make_plan(make_values(make_site(publish=["*.db", OUT])), tmp_path)
    assert plan.advise() == []
    assert "app/static/theme" in plan.releases[0].context


_NAMES = st.sampled_from(["a", "b.css", "c.py", ".d", "e.db"])
_PATHS = st.lists(_NAMES, min_size=1, max_size=3).map("/".join)
_TARGETS = st.lists(_NAMES | st.sampled_from([".", "..", "..", "static"]), min_size=1, max_size=4).map("/".join)


@holds_for(
    files=st.sets(_PATHS, max_size=6),
    links=st.dictionaries(_PATHS, _TARGETS, max_size=5),
    published=st.lists(st.sampled_from(["*.py", "*.db", ".*", OUT]), unique=True),
)
def test_no_link_leads_to_what_is_not_published(files: set[str], links: dict[str, str], published: list[str]) -> None:
    """As the system itself resolves them: what remains of the links leads into the folder, and to no hidden name."""
    with TemporaryDirectory() as name:
        root = Path(name).resolve() / "source"
        _write(root, files, links)
        try:
            source = read_source(root)
        except Mistakes:
            # Out of the source: no image is built.
            return
        for path in find_unpublished(source, "static", published).links:
            (root / path).unlink()
        hidden = [one for one in ("*.py", "*.db", ".*") if one not in published]
        for folder, names, more in os.walk(root / "static"):
            for one in (Path(folder) / name for name in (*names, *more)):
                below, real = one.relative_to(root), Path(os.path.realpath(one))
                if not one.is_symlink() or not real.exists() or _is_one_of(below, hidden) or real == root:
                    continue
                target = real.relative_to(root)
                assert target.parts[0] == "static" or OUT in published
                assert not _is_one_of(target, hidden)


def _is_one_of(path: Path, patterns: list[str]) -> bool:
    return any(fnmatch(name, pattern) for name in path.parts for pattern in patterns)


def _write(root: Path, files: set[str], links: dict[str, str]) -> None:
    """As many of them as fit: what is a file is no folder."""
    (root / "static").mkdir(parents=True)
    for start in ("static", "other"):
        for path in sorted(files):
            with suppress(OSError):
                (root / start / path).parent.mkdir(parents=True, exist_ok=True)
                (root / start / path).write_text("x")
    for path, target in links.items():
        with suppress(OSError):
            (root / "static" / path).parent.mkdir(parents=True, exist_ok=True)
            (root / "static" / path).symlink_to(target)
