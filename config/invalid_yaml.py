"""What is wrong with a file that is no YAML, said to the person who wrote it."""

import re

import yaml

from portico.config.odd_letters import SPACES, tell_odd
from portico.config.printable import spell_printable

# By the words of PyYAML's scanner and parser.
_CAUSES = (
    ("found character '\\t'", "YAML does not allow a tab here; indent with spaces"),
    ("that cannot start any token", "no plain text begins with this character; put the text in quotes"),
    (
        "mapping values are not allowed here",
        "YAML does not allow a value here; put a text with a colon in quotes, and end the line above with a colon "
        "where it is a heading",
    ),
    ("found undefined alias", "a text that begins with * is a reference; put it in quotes"),
    ("could not determine a constructor", "a text that begins with ! is a type; put it in quotes"),
    ("but found another document", "a second document begins with ---; write one"),
    ("expected <block end>", "this line is not indented like the lines that it belongs to"),
)
# What was begun and not ended: PyYAML names the end of the file, and a person looks for the beginning.
_OPEN = {
    "while parsing a flow sequence": "a list that begins with [ here does not end with ]",
    "while parsing a flow mapping": "a group that begins with { here does not end with }",
    "while scanning a quoted scalar": "a quote that begins here does not end",
}

# In the indentation, behind the dash of a list, and on either side of a key's colon.
_MEANT = re.compile(rf"^[ -]*[{SPACES}]|^[ -]*[\w:.-]*(:[{SPACES}]|[{SPACES}]:)")


def explain_yaml(text: str, error: Exception) -> str:
    """`line 7: what is wrong; what to write (the line itself)`, on one printable line of at most 400 characters."""
    mark = getattr(error, "problem_mark", None)
    problem = str(getattr(error, "problem", None) or "")
    said = next((cause for words, cause in _CAUSES if words in problem), problem)
    if (opened := _OPEN.get(str(getattr(error, "context", None)))) and getattr(error, "context_mark", None):
        mark, said = error.context_mark, opened  # type: ignore[attr-defined]
    if isinstance(error, yaml.reader.ReaderError):
        line = text[: error.position].count("\n") + 1
        return f"line {line}: the character {text[error.position]!a} is not allowed in YAML; remove it"
    if mark is None or not said:
        return spell_printable(" ".join(str(error).split()).replace(' in "<unicode string>"', ""))[:400]
    lines = text.splitlines()
    if odd := _find_odd(lines, mark.line):
        return spell_printable(odd)[:400]
    if problem.startswith("mapping values") and (above := _find_full(lines, mark.line)):
        said = (
            f"this line is indented below {above}, which has a value already; move it to the lines that it belongs to, "
            "such as those of its site"
        )
    # The end of the file is behind its last line.
    number = min(mark.line, len(lines) - 1)
    return spell_printable(f'line {number + 1}: {said}: "{lines[number].strip()[:80]}"')[:400]


def _find_odd(lines: list[str], number: int) -> str:
    """What is said of a letter that looks like another one, in this line or an earlier one; "" where none is.

    YAML takes it for a part of a text, and notices it in a later line where the text goes on. So an earlier line counts
    where the letter stands in the place of a space that means something.
    """
    for index in range(min(number, len(lines) - 1), -1, -1):
        line = lines[index]
        if index != number and not _MEANT.search(line):
            continue
        if not line.lstrip().startswith("#") and (said := tell_odd(line)):
            return f'line {index + 1}: {said}: "{line.strip(" ")[:80]}"'
    return ""


def _find_full(lines: list[str], number: int) -> str:
    """The key of the line above, where this one is indented more and that one has a value; "" where it is not so.

    Pulumi writes `encryptionsalt` at the end of a stack's file: what is written below it belongs nowhere.
    """
    above = next((line for line in reversed(lines[:number]) if line.strip() and not line.lstrip().startswith("#")), "")
    found = re.match(r"( *)([\w:.-]+): +[^\s#|>]", above)
    deeper = found and len(lines[number]) - len(lines[number].lstrip()) > len(found[1])
    return found[2] if found and deeper else ""
