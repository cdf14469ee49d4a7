"""Which static files are published: NGINX and what lays them out agree on every name."""

import re
from fnmatch import fnmatch

from hypothesis import example, given
from hypothesis import strategies as st

from portico.config.settings.hidden import HIDDEN, OUT, list_hidden, spell_hidden

_NAMES = st.text("ab.~#*%_-é", min_size=1, max_size=6) | st.builds(
    "{}{}".format, st.text("ab.", max_size=3), st.sampled_from([one.strip("*") for one in HIDDEN])
)


@given(
    path=st.lists(_NAMES, min_size=1, max_size=3).map("/".join),
    published=st.lists(st.sampled_from(HIDDEN), unique=True),
)
@example(path="brython/main.py", published=[])
@example(path="deep/.well-hidden/note.txt", published=["*.py"])
@example(path="a.db", published=[*HIDDEN])
@example(path=OUT, published=[])
def test_a_path_is_hidden_where_one_of_its_names_is(path: str, published: list[str]) -> None:
    # Where a link leads is no part of its name.
    hidden = [one for one in list_hidden(published) if one != OUT]
    wanted = any(fnmatch(name.lower(), pattern) for name in path.split("/") for pattern in hidden)
    pattern = spell_hidden(published)
    found = bool(pattern) and re.search(pattern, f"/static/{path}", re.IGNORECASE) is not None
    assert found == wanted
