"""Our reader of .dockerignore against the Docker SDK's, on what that one reads as Docker does."""

from pathlib import Path
from tempfile import TemporaryDirectory

from docker.utils.build import exclude_paths
from hypothesis import strategies as st

from portico.config.source.dockerignore import list_files, parse_ignore
from tests.config.sample import write_files
from tests.property.profile import holds_for

NAMES = st.sampled_from(["a", "b", "ab", "a.b", ".a", "a b", "c-d", "a(b", "docs"])
FILES = st.lists(NAMES, min_size=1, max_size=4).map("/".join)
# The SDK ignores case, knows no escapes, drops leading `..`, and reads `**b`, `[^a]` and `[!a]` otherwise.
PIECES = NAMES | st.sampled_from(["*", "**", "?", "a*", "*b", "[ab]", "[a-c]*", "?b"])
LINES = st.builds(
    lambda start, pieces, end: start + "/".join(pieces) + end,
    st.sampled_from(["", "", "/", "./"]),
    st.lists(PIECES, min_size=1, max_size=5),
    st.sampled_from(["", "", "/", " "]),
)


@holds_for(files=st.sets(FILES, max_size=12), lines=st.lists(LINES, max_size=4), back=st.lists(FILES, max_size=2))
def test_both_readers_leave_out_the_same(files: set[str], lines: list[str], back: list[str]) -> None:
    """Any patterns, then files that are taken back in by their names."""
    # No file where another has its folder.
    plain = {path for path in files if not any(other.startswith(f"{path}/") for other in files)}
    # Files alone: after `a/a`, `!a` takes a/a back in for the SDK, and not for BuildKit.
    lines = [*lines, *(f"!{path}" for path in back if path in plain)]
    with TemporaryDirectory() as name:
        folder = Path(name)
        write_files(folder, dict.fromkeys(plain, ""))
        kept = set(exclude_paths(name, list(lines)))
        files = {path for path in kept if not (folder / path).is_dir()}
        empty = {f"{path}/" for path in kept - files if not any(other.startswith(f"{path}/") for other in kept)}
        assert set(list_files(folder, parse_ignore("\n".join(lines)))) == files | empty
