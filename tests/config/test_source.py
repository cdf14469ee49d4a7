"""The files of an image are those that Docker itself would take from the same folder."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from portico.config.plan import make_plan
from portico.config.settings import Mistakes
from portico.config.source.deployment import list_own
from portico.config.source.files import File, read_source
from portico.config.source.place import Place
from tests.config.sample import SHOP, make_site, make_values, write_files

NAMES = [
    *("a.log", "keep.log", "README.md", ".hidden", "with space.txt", "tmp1/a", "tmp2/b"),
    *("pkg/b.log", "pkg/deep/c.log", "pkg/docs/q.md", "docs/x.md", "docs/y.txt", "docs/sub/z.md"),
    *("data/a.csv", "data/keep.csv"),
]
ALL_DOCS = {"docs/x.md", "docs/y.txt", "docs/sub/z.md"}

# What `docker build` left out of an image of NAMES, for each .dockerignore.
IGNORED = [
    pytest.param("*.log", {"a.log", "keep.log"}, id="a pattern counts from the top"),
    pytest.param("**/*.log", {"a.log", "keep.log", "pkg/b.log", "pkg/deep/c.log"}, id="two stars, at any depth"),
    pytest.param("*.log\n!keep.log", {"a.log"}, id="an exception"),
    pytest.param("*.log\n! keep.log", {"a.log"}, id="an exception with a space"),
    pytest.param("!keep.log\n*.log", {"a.log", "keep.log"}, id="the last match counts"),
    pytest.param("docs", ALL_DOCS, id="a folder"),
    pytest.param("docs/", ALL_DOCS, id="a folder with a slash"),
    pytest.param("/docs", ALL_DOCS, id="a slash first"),
    pytest.param("./docs", ALL_DOCS, id="a dot first"),
    pytest.param("docs/**", ALL_DOCS, id="all of a folder"),
    pytest.param("**/docs", ALL_DOCS | {"pkg/docs/q.md"}, id="a folder at any depth"),
    pytest.param("pkg/docs", {"pkg/docs/q.md"}, id="a folder below"),
    pytest.param("*/*.md", {"docs/x.md"}, id="one level"),
    pytest.param("tmp?", {"tmp1/a", "tmp2/b"}, id="any one character"),
    pytest.param("tmp[1]", {"tmp1/a"}, id="one of these characters"),
    pytest.param("data\n!data/keep.csv", {"data/a.csv"}, id="an exception in a folder"),
    pytest.param(
        "*\n!pkg\n!README.md",
        set(NAMES) - {"README.md", "pkg/b.log", "pkg/deep/c.log", "pkg/docs/q.md"},
        id="everything but",
    ),
    pytest.param("**\n!pkg/deep/c.log", set(NAMES) - {"pkg/deep/c.log"}, id="everything but one, deep"),
    pytest.param("# docs\n\n  a.log  \n", {"a.log"}, id="comments, empty lines and spaces"),
    pytest.param("  # docs\ndocs", ALL_DOCS, id="a comment that is none"),
    pytest.param("with space.txt", {"with space.txt"}, id="a name with a space"),
    pytest.param(".", set(), id="the folder itself"),
    # As moby/patternmatcher 0.6 says, which BuildKit asks.
    pytest.param("with\\ space.txt", {"with space.txt"}, id="an escaped space"),
    pytest.param("tmp\\[1]", set(), id="an escaped bracket"),
    pytest.param("../docs", set(), id="a path upwards"),
    pytest.param("data/../docs", ALL_DOCS, id="a path down and upwards"),
    pytest.param("*.LOG", set(), id="upper case is another name"),
    pytest.param("tmp[!1]", {"tmp1/a"}, id="an exclamation mark is a character of the class"),
    pytest.param("tmp[^1]", {"tmp2/b"}, id="any other than these characters"),
    pytest.param("**.csv", {"data/a.csv", "data/keep.csv"}, id="an ending at any depth"),
    pytest.param("pkg/b.log\n!pkg", {"pkg/b.log"}, id="an exception that matched nothing above"),
    pytest.param("docs\r\na.log\r", ALL_DOCS | {"a.log"}, id="line ends of Windows"),
    pytest.param("\ufeffdocs", ALL_DOCS, id="a byte order mark"),
]


@pytest.mark.parametrize(("text", "left_out"), IGNORED)
def test_a_dockerignore_is_read_as_docker_reads_it(tmp_path: Path, text: str, left_out: set[str]) -> None:
    write_files(tmp_path, {name: name for name in NAMES} | {".dockerignore": text})
    files = {name for name, file in read_source(tmp_path).items() if not file.folder}
    assert files - {".dockerignore"} == set(NAMES) - left_out


@pytest.mark.parametrize("line", ["a[", "a[]", "a[b-]", "a\\", "!", "docs\\build", "[c-a]", "[[:alpha:]]", "*.{py,md}"])
def test_a_line_that_docker_does_not_read_is_named(tmp_path: Path, line: str) -> None:
    write_files(tmp_path / "shop", {"web.py": "", ".dockerignore": f"docs\n{line}\n"})
    with pytest.raises(Mistakes) as caught:
        read_source(tmp_path / "shop")
    (mistake,) = caught.value.all
    assert mistake.path == "shop/.dockerignore"
    assert mistake.text == f'"{line}" is not a pattern that Docker understands; fix the line, or leave it out'


LITTER = [
    *(".env", "shop/.env", ".git/HEAD", ".hg/store", ".venv/bin/python", "venv/bin/python", ".portico/pip.conf"),
    *("__pycache__/web.pyc", "shop/__pycache__/a.pyc", "old.pyc", ".DS_Store", "node_modules/x.js"),
    *(".mypy_cache/x", ".pytest_cache/x", ".ruff_cache/x"),
]


@pytest.mark.parametrize("name", LITTER)
def test_without_a_dockerignore_litter_and_local_secrets_are_left_out(tmp_path: Path, name: str) -> None:
    write_files(tmp_path, {"web.py": "app = 1", name: "x"})
    assert {name for name, file in read_source(tmp_path).items() if not file.folder} == {"web.py"}


@pytest.mark.parametrize("name", ["web.py", "environment.py", "shop/git.py", ".flaskenv", "static/.well-known/x"])
def test_without_a_dockerignore_the_application_is_taken(tmp_path: Path, name: str) -> None:
    assert set(read_source(write_files(tmp_path, {name: "x"}))) == {name}


def test_files_come_with_their_content_in_order(tmp_path: Path) -> None:
    write_files(tmp_path, {"b/c": "2", "a": "1", "b.py": "3"})
    files = read_source(tmp_path)
    assert list(files) == sorted(files)
    assert {name: file.content for name, file in files.items()} == {"a": b"1", "b.py": b"3", "b/c": b"2"}


def test_only_the_owners_executable_bit_counts(tmp_path: Path) -> None:
    write_files(tmp_path, {"run": "", "plain": "", "shared": ""})
    (tmp_path / "run").chmod(0o744)
    (tmp_path / "plain").chmod(0o600)
    (tmp_path / "shared").chmod(0o664)
    assert {name: file.executable for name, file in read_source(tmp_path).items()} == {
        "run": True,
        "plain": False,
        "shared": False,
    }


@pytest.mark.parametrize("target", ["a.txt", "pkg", "pkg/../a.txt", "nowhere.txt"])
def test_a_link_inside_stays_a_link(tmp_path: Path, target: str) -> None:
    write_files(tmp_path, {"a.txt": "a", "pkg/b.txt": "b"})
    (tmp_path / "b").symlink_to(target)
    assert read_source(tmp_path)["b"] == File(b"", link=target)


@pytest.mark.parametrize("target", ["../secret.txt", "/etc/secret.txt", "pkg/../../secret.txt", "../other"])
def test_a_link_that_leaves_the_folder_is_reported(tmp_path: Path, target: str) -> None:
    write_files(tmp_path, {"secret.txt": "secret", "shop/web.py": "app = 1", "shop/pkg/a": "", "other/b": ""})
    (tmp_path / "shop" / "link").symlink_to(target)
    assert list_refusals(tmp_path / "shop") == {
        "shop/link": f"it links to {target}, which is not in the folder that the image is built from; put a copy "
        "there, write context: with a folder above both, or leave it out in shop/.dockerignore"
    }
    # From above, it stays in the image; left out, nobody asks where it leads.
    if not target.startswith("/"):
        assert read_source(tmp_path)["shop/link"] == File(b"", link=target)
    write_files(tmp_path / "shop", {".dockerignore": "link\n"})
    assert set(read_source(tmp_path / "shop")) == {".dockerignore", "web.py", "pkg/a"}


@pytest.mark.parametrize("target", ["/tmp/cache", "/run/secrets/KEY", "/dev/shm"])
def test_a_link_to_what_every_container_has_stays(tmp_path: Path, target: str) -> None:
    write_files(tmp_path, {"web.py": "app = 1"})
    (tmp_path / "link").symlink_to(target)
    assert read_source(tmp_path)["link"] == File(b"", link=target)


@pytest.mark.parametrize("name", ["env", "py3", "tools/env"])
def test_without_a_dockerignore_virtual_environments_of_any_name_are_left_out(tmp_path: Path, name: str) -> None:
    write_files(tmp_path, {"web.py": "app = 1", f"{name}/pyvenv.cfg": "", f"{name}/lib/x.py": ""})
    (tmp_path / name / "python").symlink_to("/usr/bin/python3")
    assert {name for name, file in read_source(tmp_path).items() if not file.folder} == {"web.py"}


def test_a_link_to_itself_raises_nothing(tmp_path: Path) -> None:
    write_files(tmp_path, {"web.py": "app = 1"})
    (tmp_path / "loop").symlink_to("loop")
    assert "web.py" in read_source(tmp_path)


@pytest.mark.parametrize(
    ("ignored", "kept"),
    [
        ("", {"data", "cache/deep", "logs"}),
        ("logs/*.log", {"data", "cache/deep", "logs"}),
        ("data\ncache", {"logs"}),
        ("cache/deep\nlogs", {"data", "cache"}),
        ("*\n!cache", {"cache/deep"}),
    ],
)
def test_a_folder_that_holds_nothing_is_kept_unless_it_is_ignored(tmp_path: Path, ignored: str, kept: set[str]) -> None:
    """What `docker build` kept of these. One that holds something comes with what it holds."""
    write_files(tmp_path, {".dockerignore": f"{ignored}\n**/*.log\n", "logs/a.log": "", "pkg/web.py": ""})
    for name in ("data", "cache/deep"):
        (tmp_path / name).mkdir(parents=True)
    files = read_source(tmp_path)
    assert {name for name, file in files.items() if file.folder} == kept
    assert all(file == File(b"", folder=True) for name, file in files.items() if name in kept)


@pytest.fixture
def as_nobody() -> Iterator[None]:
    """Root may read everything: somebody who may not looks at the source."""
    mine = os.geteuid()
    if mine == 0:
        os.seteuid(65_534)
    yield
    os.seteuid(mine)


@pytest.fixture
def open_path(tmp_path: Path) -> Path:
    """A folder that others may enter, and read."""
    for parent in tmp_path.parents:
        if not parent.stat().st_mode & 0o001:
            parent.chmod(parent.stat().st_mode | 0o011)
    tmp_path.chmod(0o755)
    return tmp_path


def list_refusals(folder: Path) -> dict[str, str]:
    with pytest.raises(Mistakes) as caught:
        read_source(folder)
    assert str(caught.value).isprintable() or "\n" in str(caught.value)
    str(caught.value).encode()
    return {mistake.path: mistake.text for mistake in caught.value.all}


def test_files_that_may_not_be_read_are_named_all_at_once(open_path: Path, request: pytest.FixtureRequest) -> None:
    write_files(open_path / "shop", {"web.py": "", "keys/server.key": "", "pgdata/base/1": ""})
    (open_path / "shop/keys/server.key").chmod(0)
    (open_path / "shop/pgdata").chmod(0)
    request.getfixturevalue("as_nobody")
    why = "it cannot be read (Permission denied); give yourself read permission, or leave it out in shop/.dockerignore"
    assert list_refusals(open_path / "shop") == {"shop/keys/server.key": why, "shop/pgdata/": why}


@pytest.mark.parametrize("ignored", ["pgdata\n**/*.key\n", "pgdata\n**/*.key\n!pgdata/*.txt\n"])
def test_what_is_left_out_need_not_be_read(open_path: Path, request: pytest.FixtureRequest, ignored: str) -> None:
    write_files(open_path, {"web.py": "", "server.key": "", "pgdata/base/1": "", ".dockerignore": ignored})
    (open_path / "server.key").chmod(0)
    (open_path / "pgdata").chmod(0)
    request.getfixturevalue("as_nobody")
    assert set(read_source(open_path)) == {".dockerignore", "web.py"}


def test_a_dockerignore_that_may_not_be_read_is_named(open_path: Path, request: pytest.FixtureRequest) -> None:
    write_files(open_path / "shop", {"web.py": "", ".dockerignore": "x"})
    (open_path / "shop/.dockerignore").chmod(0)
    request.getfixturevalue("as_nobody")
    assert list_refusals(open_path / "shop")["shop/.dockerignore"].startswith("it cannot be read (Permission denied)")


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        (b"caf\xe9.txt", "caf\\xe9.txt"),
        (b"m\xfcll/a.txt", "m\\xfcll"),
        (b"m\xfcll/deep/b", "m\\xfcll"),
        (b"a\xff\n.txt", "a\\xff\\n.txt"),
    ],
)
def test_a_name_that_is_not_utf8_is_shown_so_that_it_can_be_found(tmp_path: Path, name: bytes, shown: str) -> None:
    write_files(tmp_path / "shop", {"web.py": ""})
    path = tmp_path / "shop" / os.fsdecode(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    assert list_refusals(tmp_path / "shop") == {
        f"shop/{shown}": "the name is not UTF-8; rename it, or leave it out in shop/.dockerignore"
    }
    # As long as nobody wants it in the image, it may have any name.
    write_files(tmp_path / "shop", {".dockerignore": "caf*\nm?ll\na*\n"})
    assert set(read_source(tmp_path / "shop")) == {".dockerignore", "web.py"}


def test_a_link_to_a_name_that_is_not_utf8_is_named(tmp_path: Path) -> None:
    write_files(tmp_path / "shop", {"web.py": ""})
    (tmp_path / "shop/menu").symlink_to(os.fsdecode(b"caf\xe9"))
    assert list_refusals(tmp_path / "shop") == {
        "shop/menu": "it links to caf\\xe9, a name that is not UTF-8; rename that file, and change the link"
    }


def test_names_in_any_language_are_taken(tmp_path: Path) -> None:
    names = {"müll.txt", "素材/ロゴ.svg", "a b.txt"}
    assert set(read_source(write_files(tmp_path, dict.fromkeys(names, "")))) == names


@pytest.mark.parametrize("name", ["web.py", "requirements.txt", "Dockerfile", "."])
def test_what_is_looked_at_first_and_may_not_be_read_is_a_mistake_too(
    open_path: Path, request: pytest.FixtureRequest, name: str
) -> None:
    write_files(open_path / "shop", {**SHOP, "Dockerfile": "FROM scratch\n"})
    (open_path / "shop" / name).chmod(0)
    request.getfixturevalue("as_nobody")
    with pytest.raises(Mistakes) as caught:
        make_plan(make_values(), open_path)
    assert f"shop/{name}".rstrip("./") in str(caught.value) and "cannot be read (Permission denied)" in str(
        caught.value
    )


def test_all_sites_are_looked_at_before_a_mistake_is_reported(tmp_path: Path) -> None:
    for site in ("shop", "blog"):
        write_files(tmp_path / site, SHOP)
        (tmp_path / site / os.fsdecode(b"caf\xe9.txt")).touch()
    with pytest.raises(Mistakes) as caught:
        make_plan(make_values(make_site(), make_site(name="blog", source="blog", hosts=["b.example"])), tmp_path)
    assert [mistake.path for mistake in caught.value.all] == ["shop/caf\\xe9.txt", "blog/caf\\xe9.txt"]


STATE = ".state/.pulumi/stacks/dev.json"


def lay_out(root: Path, source: str, context: str, project: str, *, ignore: str | None = None) -> set[str]:
    """The files that an image gets of a folder with an application and a project of Pulumi, by their paths."""
    own = (STATE, ".tools/bin/pulumi", ".portico/authority/authority.key", "Pulumi.yaml", "Pulumi.dev.yaml")
    texts = {f"{project}/{name}": "x" for name in (*own, "__main__.py")}
    write_files(root, {**texts, f"{source}/web.py": "x", **({f"{context}/.dockerignore": ignore} if ignore else {})})
    place = Place(source=root / source, context=root / context)
    found = read_source(place.context, [*list_own(place, root / project)])
    return {name for name, file in found.items() if not file.folder}


@pytest.mark.parametrize("project", ["deploy", "apps/shop/deploy", "apps/other/deploy", "a b/[de]ploy!", "größe"])
@pytest.mark.parametrize("ignore", [None, "*.log\n"])
def test_a_project_of_pulumi_in_the_context_gets_into_no_image(
    tmp_path: Path, project: str, ignore: str | None
) -> None:
    """It holds the stacks' secrets, and it changes with each update."""
    found = lay_out(tmp_path, "apps/shop", ".", project, ignore=ignore)
    assert found - {".dockerignore"} == {"apps/shop/web.py"}


@pytest.mark.parametrize(("project", "source"), [(".", "."), (".", "apps/shop"), ("apps", "apps/shop")])
def test_where_the_application_lies_in_it_the_rest_of_it_is_kept(tmp_path: Path, project: str, source: str) -> None:
    found = lay_out(tmp_path, source, ".", project)
    main = "__main__.py" if project == "." else "apps/__main__.py"
    assert found == {main, "web.py" if source == "." else "apps/shop/web.py"}


def test_what_dockerignore_takes_back_in_is_kept(tmp_path: Path) -> None:
    found = lay_out(tmp_path, "shop", ".", "deploy", ignore="!deploy/__main__.py\n")
    assert found == {".dockerignore", "deploy/__main__.py", "shop/web.py"}
