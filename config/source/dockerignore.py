"""What a .dockerignore leaves out, as BuildKit reads it (moby/patternmatcher 0.6).

The Docker SDK has a reader too, but importing it costs a tenth of a second, and it differs: it knows no
escaped characters, takes `../docs` for `docs`, and upper case for lower case.
"""

import errno
import os
import posixpath
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from portico.config.source.walk import Step, walks

# Linux looks up no longer path, and nobody writes so many lines.
LONGEST: Final = 4096
MOST: Final = 2000
# Folders in one another: more are a mistake, and as many as a path can name are more than Python's calls.
DEEPEST: Final = 100
# With more parts of any length than these, an expression may try for longer than anybody waits.
_FREE: Final = 2
# Of a class such as [a-z]; what Docker's own check and its regular expression read differently is refused.
_MEMBER = r"(?:\\[ -/:-@\[-`{-~]|(?!\[:)[^]\\*?-])"
_TOKEN = re.compile(
    rf"(?P<deep>\*\*/?)|(?P<wild>[*?])|\\(?P<escaped>[ -/:-@\[-`{{-~])"
    rf"|\[(?P<but>\^?)(?P<members>(?:{_MEMBER}(?:-{_MEMBER})?)+)]|(?P<plain>[^\[\\^|{{}}])",
    re.DOTALL,
)


class Unreadable(ValueError):
    """A line of a .dockerignore that Docker refuses or reads in another way; `why` says what to write."""

    def __init__(
        self, line: str, why: str = ("is not a pattern that Docker understands; fix the line, or leave it out")
    ) -> None:
        super().__init__(line)
        self.why = why


@dataclass(frozen=True)
class Pattern:
    """One line: the paths that it means, and whether it takes them back in (`!`)."""

    text: str
    exception: bool
    matches: Callable[[str], object]

    def may_match_below(self, folder: str) -> bool:
        """Whether a path below `folder` may be meant where `folder` itself is not."""
        return bool(re.search(r"[*?\[\\]", self.text)) or self.text.startswith(f"{folder}/")


def parse_ignore(text: str) -> list[Pattern]:
    """Read the text of a .dockerignore; raises Unreadable with the line that is wrong."""
    lines = text.removeprefix("\ufeff").split("\n")
    found = [line.strip() for line in lines if line.strip() and not line.startswith("#")]
    if len(found) > MOST:
        raise Unreadable(found[MOST], f"is pattern {MOST + 1} of {len(found)}; write folders, or fewer of them")
    return [make_pattern(line) for line in found]


def make_pattern(line: str) -> Pattern:
    """Read one line; raises Unreadable."""
    exception = line.startswith("!")
    text = line[exception:].strip()
    if not text:
        raise Unreadable(line)
    if len(text) > LONGEST:
        raise Unreadable(line, f"is longer than a path can be, {LONGEST} characters; leave it out")
    # normpath keeps two slashes at the beginning, Go's filepath.Clean does not.
    cleaned = posixpath.normpath(re.sub("^/+", "/", text)).removeprefix("/") or "."
    cleaned = posixpath.normpath(cleaned.rstrip() if exception else cleaned.strip())
    try:
        spelled = _translate(cleaned)
        if steps := _list_steps(cleaned):
            return Pattern(cleaned, exception, lambda path: walks(steps, path))
        return Pattern(cleaned, exception, re.compile(spelled, re.DOTALL).fullmatch)
    except (re.error, Unreadable):
        raise Unreadable(line) from None


def _translate(text: str) -> str:
    """Spell a pattern as a regular expression; Docker compares what needs none."""
    deep, rest = text.startswith("**"), text.removeprefix("**")
    if not re.search(r"[*?\[\]\\]", rest):
        if not deep:
            return re.escape(text)
        # The ends alone are compared: `**.pyc` means a.pyc too, not only .pyc.
        return "(?:.*/)?" + re.escape(rest[1:]) if rest.startswith("/") else ".*" + re.escape(rest)
    if not deep and re.fullmatch(r"[^*?\[\]\\]*\*\*", text):
        return re.escape(text[:-2]) + ".*"
    spelled, place = "", 0
    while place < len(text):
        token = _TOKEN.match(text, place)
        if not token:
            raise Unreadable(text)
        place = token.end()
        if token["deep"]:
            spelled += "(?:.*/)?" if place < len(text) else ".*"
        elif token["wild"]:
            spelled += "[^/]*" if token["wild"] == "*" else "[^/]"
        elif token["members"]:
            spelled += f"[{token['but']}{_quote(token['members'])}]"
        else:
            spelled += re.escape(token["escaped"] or token["plain"])
    return spelled


def _list_steps(text: str) -> list[Step]:
    """The same as steps, where an expression could take too long; else none."""
    tokens = list(_TOKEN.finditer(text))
    if sum(token["deep"] is not None or token["wild"] == "*" for token in tokens) <= _FREE:
        return []
    steps = []
    for token in tokens:
        if token["deep"]:
            steps.append(Step("deep" if token.end() < len(text) else "rest"))
        elif token["wild"] == "*":
            steps.append(Step("star"))
        elif token["wild"]:
            steps.append(Step("one", lambda one: one != "/"))
        elif token["members"]:
            members = re.compile(f"[{token['but']}{_quote(token['members'])}]", re.DOTALL)
            steps.append(Step("one", lambda one, members=members: members.match(one) is not None))  # type: ignore[misc]
        else:
            steps.append(Step("one", (token["escaped"] or token["plain"]).__eq__))
    return steps


def _quote(members: str) -> str:
    """Spell what stands in a class: only a dash between two characters keeps its meaning."""
    return re.sub(r"\\(.)|([^-])", lambda found: re.escape(found[1] or found[2]), members, flags=re.DOTALL)


def list_files(
    folder: Path, patterns: Sequence[Pattern], refuse: Callable[[str, OSError], None] | None = None
) -> Iterator[str]:
    """Paths below `folder`, with slashes, that no pattern leaves out; links are not followed.

    A folder is among them, with a slash at its end, where nothing below it is. `refuse` is informed of folders that
    cannot be read, but for those that are left out.
    """
    exceptions = [pattern for pattern in patterns if pattern.exception]

    def walk(below: str, parent: Sequence[bool], wanted: bool) -> Iterator[str]:
        try:
            if below.count("/") > DEEPEST:
                raise OSError(errno.ENAMETOOLONG, f"it is below {DEEPEST} folders", str(folder / below))
            with os.scandir(folder / below) as found:
                entries = list(found)
        except OSError as error:
            if wanted and refuse is None:
                raise
            if wanted and refuse:
                refuse(below, error)
            return
        for entry in entries:
            path = f"{below}{entry.name}"
            left_out, matched = _judge(path, patterns, parent)
            if not entry.is_dir(follow_symlinks=False):
                if not left_out:
                    yield path
            elif not left_out or any(pattern.may_match_below(path) for pattern in exceptions):
                inner = walk(f"{path}/", matched, not left_out)
                first = next(inner, None)
                if first is not None:
                    yield first
                    yield from inner
                elif not left_out:
                    yield f"{path}/"

    yield from walk("", [False] * len(patterns), True)


def _judge(path: str, patterns: Sequence[Pattern], parent: Sequence[bool]) -> tuple[bool, list[bool]]:
    """Whether `path` is left out, and which patterns match it or, as `parent` says, a folder above."""
    left_out, matched = False, []
    for pattern, above in zip(patterns, parent, strict=True):
        # As BuildKit: a pattern that could change nothing here is not asked, and counts as unmatched below.
        match = above or (pattern.exception == left_out and bool(pattern.matches(path)))
        matched.append(match)
        if match:
            left_out = not pattern.exception
    return left_out, matched
