"""Words of our own that a stranger has to learn do not come back: the field has terms for them."""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parent.parent
# What to write instead. Each word also counts as a part of a name that has underscores.
INSTEAD: Final = {
    r"held": "pinned (a site), stored (data), kept open (a port), locked",
    r"told": "reported (a message), informed (a person), asked (to do something)",
    r"room": "disk space, memory, capacity",
    r"past": "previous (outputs), earlier (releases)",
    r"ground": "infrastructure, scope",
    r"stock(ed)?": "registry contents, pushed",
    r"bringers?": "init container",
    r"mend(s|ed|ing)?": "fix",
    r"patience": "client timeout, or the name of the bound",
    r"find_known|KnownDisk": "recorded VM, recorded disk",
    r"and NGINX takes that for no limit": "0 disables the limit; use at least 1",
    r"[Oo]f no use to people": "Internal; marked secret so that the CLI collapses it.",
    r"stands? twice": "is listed twice",
    r"stands? in (plain text|line \d)": "is in",
    r"in clear": "in plain text",
    r"for ever": "always, forever, permanently",
    r"(?<!_)anew(?!_)": "again",
    r"all the same": "anyway",
    r"(come|came|ran|run)s? to (its|their) ends?": "ends, finishes",
    r"sees? to it": "makes sure, or what has to be done",
    r"(is )?nobody's business": "does not matter, is not shown",
    r"is read by nobody": "is not used",
    r"nobody is answered": "requests get no answer",
    r"without a word": "without a message",
    r"to be had": "free, available",
    r"in vain": "without success",
    r"lets? yourself": "give yourself permission",
    r"hears? of": "is notified of, gets requests for",
    r"said goodbye|says? goodbye": "closes the connection",
    r"tells? (its|their) version": "shows the version",
    r"Everything that was said": "The full log",
    r"take (it|the line|its? pattern) (out|away)": "remove",
}
# The programs in containers have variables of these names. The others are recordings, records of releases, and files
# that somebody else wrote.
LEFT_OUT: Final = re.compile(
    r"components/in_container/"
    r"|tests/cli/recorded/|CHANGELOG\.md|LICENSE|.*\.(lock|css|svg|png|json)|tests/test_words\.py"
)
# Lines that need the word: names of earlier versions, and words of other programs.
NEEDED: Final = re.compile(
    r'RENAMED: Final|"patience": "10s"|nginx\.patience: there is no such|PATIENCE = |outputs\.get\("held"\)'
    r"|It is held by process|\bTold\(|^patience = |>= patience and"
    # The names of cases of a test stay.
    r'|": Bad\('
    # Another text of a VM's user data would replace the VM.
    r"|more connections than a small VM gets by itself"
)


def list_lines() -> Iterator[tuple[str, int, str]]:
    done = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True)
    for name in filter(None, done.stdout.split("\0")):
        file = ROOT / name
        if LEFT_OUT.match(name) or file.is_symlink() or not file.is_file():
            continue
        for number, line in enumerate(file.read_bytes().decode(errors="ignore").splitlines(), 1):
            yield name, number, line


def find(word: str, lines: list[tuple[str, int, str]]) -> list[str]:
    pattern = re.compile(rf"(?i)(?:(?<![a-z])|(?<=\\n))(?:{word})(?![a-z])")  # also after an escaped end of line
    return [
        f"{name}:{number}: {line.strip()}"
        for name, number, line in lines
        if pattern.search(line) and not NEEDED.search(line)
    ]


LINES: Final = [*list_lines()]


@pytest.mark.parametrize("word", INSTEAD)
def test_a_word_does_not_come_back(word: str) -> None:
    assert find(word, LINES) == [], f"write instead: {INSTEAD[word]}"


@pytest.mark.parametrize("word", INSTEAD)
def test_no_file_is_named_by_it(word: str) -> None:
    names = {name for name, _, _ in LINES}
    assert [name for name in names if re.search(rf"(?<![a-z])(?:{word})(?![a-z])", Path(name).stem)] == []


def test_a_word_is_found_in_names_and_sentences() -> None:
    lines = [("a.py", 1, "def make_room() -> None:"), ("b.md", 2, "There is no Room."), ("c.py", 3, "classroom")]
    lines.append(("d.py", 4, r"failed:\nRoom is short"))
    assert [found[:4] for found in find("room", lines)] == ["a.py", "b.md", "d.py"]
