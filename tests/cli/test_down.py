"""Whose data `portico down --data` deletes: never that of a site whose name nobody wrote."""

import pytest

from portico.cli.commands.down import ASK, choose_data
from portico.cli.data import Folder, spell_bytes
from portico.cli.refused import Refused

FOLDERS = [Folder("blog", "posts", "p.dev.blog.posts"), Folder("shop", "media", "p.dev.shop.media")]


def test_the_site_that_is_named_and_no_other() -> None:
    assert choose_data(FOLDERS, "shop") == FOLDERS[1:]


@pytest.mark.parametrize(
    ("folders", "site", "said"),
    [
        (FOLDERS, ASK, "whose data is to be deleted? Write --data and one of: blog shop"),
        (FOLDERS, "nobody", 'there is no data of a site "nobody"; nothing was removed. Write one of: blog shop'),
        ([], "shop", "there is no data to delete"),
    ],
)
def test_without_a_name_nothing_goes(folders: list[Folder], site: str, said: str) -> None:
    with pytest.raises(Refused) as caught:
        choose_data(folders, site)
    assert str(caught.value) == said


@pytest.mark.parametrize("told", ["", "shopp", "y"])
def test_on_a_terminal_the_name_is_to_be_typed(monkeypatch: pytest.MonkeyPatch, told: str) -> None:
    monkeypatch.setattr("portico.cli.commands.down.has_terminal", lambda: True)
    monkeypatch.setattr("click.prompt", lambda *_, **__: told)
    with pytest.raises(Refused, match="nothing was removed"):
        choose_data(FOLDERS, ASK)


def test_a_size_is_written_as_people_do() -> None:
    told = ["0 B", "999 B", "1.0 KB", "12.3 MB", "2000.0 TB"]
    assert [spell_bytes(count) for count in (0, 999, 1000, 12_345_678, 2e15)] == told
    assert "12.3 MB in 4 files, 1.0 KB are free" in str(Folder("shop", "media", "v", 12_345_678, 4, 1000))
