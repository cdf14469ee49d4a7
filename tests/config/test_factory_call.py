"""The arguments of an entry are compared with those that its factory takes, before anything is built."""

from pathlib import Path

import pytest

from tests.config.sample import write_files
from tests.config.test_entry import FLASK, find_entry

FACTORIES = """
def plain(): ...
def one(mode, more=1): ...
def keyed(*, mode): ...
def free(mode=1): ...
def any_place(*modes): ...
def any_name(**modes): ...
@click
def decorated(ctx): ...
def twice(): ...
def twice(mode): ...
"""


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ("one()", "is called without mode; write it, as in web:one(mode='...')"),
        ("one(more=2)", "is called without mode; write it, as in web:one(more=2, mode='...')"),
        ("keyed()", "is called without mode; write it, as in web:keyed(mode='...')"),
        ("plain(1)", "gives 1 argument, and web:plain() takes none by place; write web:plain()"),
        ("one(1, 2, 3)", "gives 3 arguments, and web:one() takes at most 2 by place; write that many: mode, more"),
        ("keyed('a')", "gives 1 argument, and web:keyed() takes none by place; write web:keyed()"),
        ("plain(mode=1)", "gives mode, and web:plain() takes no such argument; those that it takes: none"),
        ("one(1, mood=2)", "gives mood, and web:one() takes no such argument; those that it takes: mode, more"),
    ],
)
def test_arguments_that_it_does_not_take_are_refused(tmp_path: Path, entry: str, said: str) -> None:
    problem = find_entry(write_files(tmp_path, FLASK | {"web.py": FACTORIES}), f"web:{entry}").problem
    assert problem == f'"web:{entry}" {said}'


@pytest.mark.parametrize(
    "entry",
    [
        *("plain()", "one('prod')", "one(mode='prod')", "one('prod', more=2)", "keyed(mode=1)", "free()", "free(1)"),
        *("any_place(1, 2)", "any_name(mode=1)", "decorated()", "decorated(1, 2)", "twice(1)", "twice()"),
    ],
)
def test_what_may_be_called_so_is_taken(tmp_path: Path, entry: str) -> None:
    assert find_entry(write_files(tmp_path, FLASK | {"web.py": FACTORIES}), f"web:{entry}").problem is None
